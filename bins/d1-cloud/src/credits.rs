//! What can be asked about credits, however it is asked.

use crate::{identity::People, limits::Limits, refusal::Refusal};
use async_trait::async_trait;
use d1_billing::{
    BillingError, CapUse, EntryKind, Key, Ledger, Line, Lot, Operation, PriceCatalogue,
    Refusal as No, Source, Statement,
};
use d1_core::{
    AccountId, Amount, CapScope, Category, Clock, Install, Intent, Problem, Step, ThingName,
    Timestamp,
};
use d1_orchestrator::{Draft, Engine};
use d1_protocol::{
    CallRefusal, CreditsApi,
    api::{
        BalanceView, CapList, CapRequest, CapView, EntriesQuery, EntryList, EntryView, ExpiryView,
        GrantList, GrantView, LINES, MAX_LINES, QuoteQuery, QuoteStepView, QuoteView,
    },
};
use std::sync::Arc;

/// The credits of whoever asks.
#[derive(Clone, Debug)]
pub(crate) struct Credits {
    pub(crate) ledger: Ledger,
    pub(crate) prices: PriceCatalogue,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) engine: Engine,
    pub(crate) limits: Limits,
    pub(crate) people: People,
}

impl Credits {
    /// What something would cost now; the refusal says when to ask again.
    pub(crate) async fn price(
        &self,
        account: AccountId,
        query: QuoteQuery,
    ) -> Result<QuoteView, Refusal> {
        let things: Result<Vec<ThingName>, _> = query.install.split(',').map(str::parse).collect();
        let things = things.map_err(|error| {
            Problem::new("D1-API-005", Category::Usage, "what is to be priced is not understood")
                .because(error.to_string())
                .leaving("nothing was changed")
                .next("name things, told apart by commas: ripgrep,jq")
        })?;
        // It asks the device as a setup does.
        self.limits.device(account, query.device).await?;
        self.people.is_owner(account, query.device).await?;
        let intent = Intent::Install(Install { things, from: query.from, hosts: Vec::new() });
        let draft = self.engine.draft(account, query.device, intent).await?;
        Ok(quote(&draft, self.prices.in_force().1))
    }
}

#[async_trait]
impl CreditsApi for Credits {
    async fn balance(&self, account: AccountId) -> Result<BalanceView, CallRefusal> {
        let balance = self.ledger.balance(account).await.map_err(problem)?;
        let expires = |(amount, at): (Amount, Timestamp)| ExpiryView {
            amount_micro: amount.as_micro(),
            at: at.0,
        };
        Ok(BalanceView {
            schema: BalanceView::SCHEMA.to_owned(),
            account,
            posted_micro: balance.posted.as_micro(),
            held_micro: balance.held.as_micro(),
            available_micro: balance.available.as_micro(),
            frozen: balance.frozen,
            expires_next: balance.expires_next.map(expires),
        })
    }

    async fn entries(
        &self,
        account: AccountId,
        query: EntriesQuery,
    ) -> Result<EntryList, CallRefusal> {
        let limit = query.limit.unwrap_or(LINES);
        if !(1..=MAX_LINES).contains(&limit) {
            let title = format!("a part of the history has 1 to {MAX_LINES} lines, not {limit}");
            return Err(Problem::new("D1-API-005", Category::Usage, title)
                .leaving("nothing was changed")
                .next(format!("ask for ?limit={MAX_LINES}, and for the rest with ?after="))
                .into());
        }
        let last = self.ledger.balance(account).await.map_err(problem)?.lines;
        let newest = last.saturating_sub(limit as u64);
        let after = match (query.after, query.since) {
            (None, None) => newest,
            (after, None) => after.unwrap_or_default(),
            (after, Some(since)) => {
                let since = self.ledger.last_before(account, Timestamp(since));
                since.await.map_err(problem)?.max(after.unwrap_or_default())
            }
        };
        let statement = self.ledger.statement(account, after, limit).await.map_err(problem)?;
        Ok(entry_list(&statement, last))
    }

    async fn grants(&self, account: AccountId) -> Result<GrantList, CallRefusal> {
        let lots = self.ledger.lots(account).await.map_err(problem)?;
        let grants = lots.iter().map(grant).collect();
        Ok(GrantList { schema: GrantList::SCHEMA.to_owned(), grants })
    }

    async fn quote(&self, account: AccountId, query: QuoteQuery) -> Result<QuoteView, CallRefusal> {
        self.price(account, query).await.map_err(CallRefusal::from)
    }

    async fn caps(&self, account: AccountId) -> Result<CapList, CallRefusal> {
        let balance = self.ledger.balance(account).await.map_err(problem)?;
        let caps = balance.caps.iter().map(cap).collect();
        Ok(CapList { schema: CapList::SCHEMA.to_owned(), caps })
    }

    async fn set_cap(
        &self,
        account: AccountId,
        scope: CapScope,
        cap: Option<CapRequest>,
    ) -> Result<CapList, CallRefusal> {
        let most = cap.map(|cap| Amount::micro(cap.most_micro));
        let operation = Operation::SetCap { account, scope, most };
        self.ledger.apply(Key::generate(), operation).await.map_err(problem)?;
        self.caps(account).await
    }
}

fn quote(draft: &Draft, changes_at: Option<Timestamp>) -> QuoteView {
    let quote = &draft.quote;
    let step = |step: &Step| {
        let price = quote.steps.get(&step.id)?;
        Some(QuoteStepView {
            step: step.id.clone(),
            title: step.title.clone(),
            most_micro: quote.price_of(&step.id).as_micro(),
            flat_micro: price.flat.as_micro(),
            rates: price.rates.clone(),
        })
    };
    QuoteView {
        schema: QuoteView::SCHEMA.to_owned(),
        intent: draft.plan.intent.to_string(),
        price_list: quote.price_list.clone(),
        changes_at: changes_at.map(|at| at.0),
        most_micro: quote.most().as_micro(),
        parts: quote.parts,
        steps: draft.plan.steps.iter().filter_map(step).collect(),
    }
}

fn entry_list(statement: &Statement, last: u64) -> EntryList {
    let next = statement.lines.last().map(|line| line.seq).filter(|seq| *seq < last);
    EntryList {
        schema: EntryList::SCHEMA.to_owned(),
        opening_micro: statement.opening.as_micro(),
        entries: statement.lines.iter().map(entry).collect(),
        closing_micro: statement.closing.as_micro(),
        next,
    }
}

fn entry(line: &Line) -> EntryView {
    // The books keep no amount that a signed number cannot hold.
    let amount = i64::try_from(line.amount.as_micro()).unwrap_or(i64::MAX);
    let (kind, change_micro) = match line.kind {
        EntryKind::Opened => ("opened", 0),
        EntryKind::Granted => ("granted", amount),
        EntryKind::Charged => ("charged", -amount),
        EntryKind::Refunded => ("refunded", amount),
        EntryKind::Lapsed => ("lapsed", -amount),
    };
    EntryView {
        seq: line.seq,
        at: line.at.0,
        kind: kind.to_owned(),
        change_micro,
        balance_micro: line.after.as_micro(),
        hold: line.hold,
        grant: line.lot.map(|lot| lot.to_string()),
    }
}

fn grant(lot: &Lot) -> GrantView {
    let source = match lot.source {
        Source::Gift => "gift",
        Source::Paid => "paid",
    };
    GrantView {
        id: lot.id.to_string(),
        source: source.to_owned(),
        priority: lot.priority,
        amount_micro: lot.amount.as_micro(),
        free_micro: lot.free.as_micro(),
        held_micro: lot.held.as_micro(),
        spent_micro: lot.spent.as_micro(),
        lapsed_micro: lot.lapsed.as_micro(),
        from: lot.from.0,
        until: lot.until.map(|until| until.0),
    }
}

fn cap(cap: &CapUse) -> CapView {
    CapView {
        scope: cap.scope,
        most_micro: cap.most.as_micro(),
        used_micro: cap.used.map(Amount::as_micro),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(crate) fn problem(error: BillingError) -> Problem {
    let text = error.to_string();
    let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
    let problem = match &error {
        BillingError::Refused(No::TooMuch(_)) => Problem::new("D1-API-005", Category::Usage, title),
        BillingError::Refused(No::Insufficient { .. }) => {
            Problem::new("D1-CREDIT-402", Category::Credit, title)
        }
        BillingError::Refused(_) => Problem::new("D1-CREDIT-403", Category::Credit, title),
        BillingError::Unavailable { source, .. } => {
            Problem::new("D1-CREDIT-500", Category::Network, title).because(source.to_string())
        }
        BillingError::Damaged(_) | _ => Problem::new("D1-CREDIT-500", Category::Bug, title),
    };
    let problem = problem.leaving("nothing was changed");
    if remedy.is_empty() { problem } else { problem.next(remedy) }
}
