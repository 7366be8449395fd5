//! Prices that bind, and what a person is asked when they no longer do.
//!
//! 1. A setup that costs something is promised its price when it is made.
//! 2. A yes within that time is held at that price, whatever the price list says by then.
//! 3. After it, today's prices count: when they are no higher, the yes still holds; when they
//!    are, nothing begins, and the next yes is to the new price.

use super::{core::Engine, drive::Driver, error::EngineError};
use d1_core::{
    Amount, Category, HoldId, HoldRequest, LedgerError, Problem, ProgressEvent, Promise, Promised,
    QuoteId, Setup,
};
use std::time::Duration;

/// How long a price binds.
const BINDS_FOR: Duration = Duration::from_secs(3600);

impl Engine {
    /// Promises what a setup costs by its quote.
    pub(super) async fn promise(&self, setup: &mut Setup) -> Result<(), EngineError> {
        let most = setup.quote.most();
        setup.promise = None;
        if most.is_zero() {
            return Ok(());
        }
        let (id, until) = (QuoteId::generate(), self.0.parts.clock.now().after(BINDS_FOR));
        let (account, price_list) = (setup.account, setup.quote.price_list.clone());
        let promise = Promise { id, account, price_list, most, until };
        self.0.parts.ledger.promise(&promise).await?;
        setup.promise = Some(Promised { id, until });
        Ok(())
    }
}

impl Driver {
    /// The hold that pays for the run after this one.
    pub(super) fn next_hold(&self) -> HoldId {
        HoldId::of_run(self.setup.id, self.setup.created_at, self.setup.resumed + 1)
    }

    /// Sets aside what the setup was promised to cost at most.
    pub(super) async fn pay_for_first_run(&mut self) -> Result<(), EngineError> {
        self.note_hold(self.setup.hold(), self.setup.quote.most()).await?;
        let held = self.hold_as_promised().await;
        self.note_refusal(held).await
    }

    /// Sets aside what is not done yet can cost at most.
    pub(super) async fn pay_for_next_run(&mut self) -> Result<(), EngineError> {
        let (hold, most) = (self.next_hold(), self.setup.most_left());
        self.note_hold(hold, most).await?;
        let held = self.hold_credits(hold, most, None).await;
        self.note_refusal(held).await
    }

    /// Notes that credits are about to be set aside: who finds the note after a crash takes the
    /// yes for what it was, and goes on from there.
    async fn note_hold(&mut self, hold: HoldId, most: Amount) -> Result<(), EngineError> {
        if most.is_zero() || self.setup.hold == Some(hold) {
            return Ok(());
        }
        self.keep(Setup { hold: Some(hold), ..self.setup.clone() }, &[]).await
    }

    /// Takes the note back when nothing was set aside. When nobody knows, it stays.
    async fn note_refusal(&mut self, held: Result<(), EngineError>) -> Result<(), EngineError> {
        let Err(error) = held else { return Ok(()) };
        if self.setup.hold.is_some() && !error.is_passing() && !error.is_stale() {
            self.keep(Setup { hold: None, ..self.setup.clone() }, &[]).await?;
        }
        Err(error)
    }

    async fn hold_as_promised(&mut self) -> Result<(), EngineError> {
        match self.hold_for_first_run().await {
            // The ledger is asked first: what it held before a crash stays held, at its price.
            Err(EngineError::Ledger(LedgerError::QuoteOver(_))) => {
                self.promise_anew().await?;
                self.hold_for_first_run().await
            }
            held => held,
        }
    }

    async fn hold_for_first_run(&mut self) -> Result<(), EngineError> {
        let quote = self.setup.promise.map(|promise| promise.id);
        self.hold_credits(self.setup.hold(), self.setup.quote.most(), quote).await
    }

    /// Sets credits aside. What a person can do about a refusal is asked of them.
    async fn hold_credits(
        &mut self,
        hold: HoldId,
        most: Amount,
        quote: Option<QuoteId>,
    ) -> Result<(), EngineError> {
        if most.is_zero() {
            return Ok(());
        }
        let (setup, device) = (Some(self.setup.id), Some(self.setup.device));
        let new = HoldRequest::new(hold, self.setup.account, most);
        let new = HoldRequest { setup, device, quote, ..new };
        let Err(error) = self.engine.0.parts.ledger.hold(&new).await else { return Ok(()) };
        let asks = matches!(error, LedgerError::Capped { .. } | LedgerError::Insufficient { .. });
        let error = EngineError::from(error);
        if asks {
            self.ask(self.setup.clone(), error.problem()).await?;
        }
        Err(error)
    }

    /// Promises today's price; when it is higher, only another yes is a yes to it.
    async fn promise_anew(&mut self) -> Result<(), EngineError> {
        let mut next = self.setup.clone();
        next.quote = self.engine.0.parts.prices.quote(&next.plan);
        self.engine.promise(&mut next).await?;
        let (before, now) = (self.setup.quote.most(), next.quote.most());
        if now > before {
            let problem = risen(before, now);
            self.ask(next, problem.clone()).await?;
            return Err(problem.into());
        }
        self.keep(next, &[]).await
    }

    /// Keeps what is asked, and tells it when it was not asked before.
    async fn ask(&mut self, mut next: Setup, problem: Problem) -> Result<(), EngineError> {
        let news = [ProgressEvent::Asked { problem: problem.clone() }];
        if next.asks.as_ref() == Some(&problem) && next == self.setup {
            return Ok(());
        }
        (next.asks, next.hold) = (Some(problem), None);
        self.keep(next, &news).await
    }

    pub(super) async fn keep(
        &mut self,
        mut next: Setup,
        news: &[ProgressEvent],
    ) -> Result<(), EngineError> {
        let parts = &self.engine.0.parts;
        parts.store.save(&mut next, news, parts.clock.now()).await?;
        self.engine.0.bells.ring(next.id);
        self.setup = next;
        Ok(())
    }
}

fn risen(before: Amount, now: Amount) -> Problem {
    let title = format!("the price has risen from {before} to {now} since the plan was shown");
    Problem::new("D1-CREDIT-409", Category::Credit, title)
        .because("a price binds for an hour, and the price list has changed since")
        .leaving("nothing was run and nothing was charged")
        .next("look at the plan again, and say yes again if the new price is fine")
}
