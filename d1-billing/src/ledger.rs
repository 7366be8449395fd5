//! The ledger: the books, a clock, and a method for each thing that is done with them.

use crate::{
    Applied, Balance, BillingError, BookStore, Command, Difference, Event, EventId, Grant,
    HoldReceipt, Key, Lot, LotId, MemoryBooks, NewHold, NewQuote, Operation, Refusal, Reply,
    Statement,
};
use d1_core::{
    AccountId, Amount, Clock, CreditLedger, HoldId, HoldRequest, LedgerError, Promise, Timestamp,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// How many accounts are verified between two looks at the list of them.
const ACCOUNTS: usize = 256;

/// Credits that nobody can lose, overspend, or be overcharged.
///
/// Every change is said with a [`Key`] that its caller chose. Said again with the same key
/// and the same words it is answered as before, and changes nothing; with other words it is
/// refused. What is refused changes nothing.
#[derive(Clone, Debug)]
pub struct Ledger {
    books: Arc<dyn BookStore>,
    clock: Arc<dyn Clock>,
    /// The latest time seen: a clock that is set back does not bring back what has expired.
    latest: Arc<AtomicU64>,
}

impl Ledger {
    /// A ledger with these books.
    #[must_use]
    pub fn new(books: Arc<dyn BookStore>, clock: Arc<dyn Clock>) -> Self {
        Self { books, clock, latest: Arc::default() }
    }

    /// A ledger that forgets when dropped.
    #[must_use]
    pub fn in_memory(clock: Arc<dyn Clock>) -> Self {
        Self::new(Arc::new(MemoryBooks::default()), clock)
    }

    /// Does an operation.
    pub async fn apply(
        &self,
        key: Key,
        operation: Operation,
    ) -> Result<Applied<Reply>, BillingError> {
        self.books.apply(Command { key, operation }, self.now()).await
    }

    /// Gives credits.
    pub async fn grant(&self, key: Key, grant: Grant) -> Result<Applied<LotId>, BillingError> {
        let reply = self.apply(key, Operation::Grant(grant)).await?;
        match reply {
            Applied::Fresh(Reply::Granted(lot)) => Ok(Applied::Fresh(lot)),
            Applied::Replayed(Reply::Granted(lot)) => Ok(Applied::Replayed(lot)),
            Applied::Fresh(Reply::Done | Reply::Hold(_))
            | Applied::Replayed(Reply::Done | Reply::Hold(_)) => Err(other_answer()),
        }
    }

    /// Sets credits aside.
    pub async fn hold(
        &self,
        key: Key,
        hold: NewHold,
    ) -> Result<Applied<HoldReceipt>, BillingError> {
        receipt(self.apply(key, Operation::Hold(hold)).await?)
    }

    /// Takes what is owed of a hold, and frees the rest.
    pub async fn capture(
        &self,
        key: Key,
        hold: HoldId,
        charge: Amount,
    ) -> Result<Applied<HoldReceipt>, BillingError> {
        receipt(self.apply(key, Operation::Capture { hold, charge }).await?)
    }

    /// Gives back what was charged.
    pub async fn refund(
        &self,
        key: Key,
        hold: HoldId,
        amount: Amount,
    ) -> Result<Applied<HoldReceipt>, BillingError> {
        receipt(self.apply(key, Operation::Refund { hold, amount }).await?)
    }

    /// How an account stands; an account nobody knows has nothing.
    pub async fn balance(&self, account: AccountId) -> Result<Balance, BillingError> {
        self.books.balance(account, self.now()).await
    }

    /// The grants of an account that are not used up, in the order in which they are spent.
    pub async fn lots(&self, account: AccountId) -> Result<Vec<Lot>, BillingError> {
        self.books.lots(account, self.now()).await
    }

    /// How a hold stands.
    pub async fn look_at(&self, hold: HoldId) -> Result<Option<HoldReceipt>, BillingError> {
        self.books.hold(hold, self.now()).await
    }

    /// A part of an account's history: the lines after number `after`.
    pub async fn statement(
        &self,
        account: AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Statement, BillingError> {
        self.books.statement(account, after, limit).await
    }

    /// The number of the last line of an account's history from before this time; zero when
    /// there is none.
    pub async fn last_before(
        &self,
        account: AccountId,
        at: Timestamp,
    ) -> Result<u64, BillingError> {
        // Lines are in the order of their times, so what is asked is between two numbers.
        let (mut before, mut upto) = (0, self.balance(account).await?.lines);
        while before < upto {
            let middle = before + (upto - before).div_ceil(2);
            let line = self.books.statement(account, middle - 1, 1).await?;
            if line.lines.first().is_some_and(|line| line.at < at) {
                before = middle;
            } else {
                upto = middle - 1;
            }
        }
        Ok(before)
    }

    /// News that nobody has taken, the oldest first.
    pub async fn news(&self, limit: usize) -> Result<Vec<Event>, BillingError> {
        self.books.news(limit).await
    }

    /// This news is taken, and not told again.
    pub async fn taken(&self, events: &[EventId]) -> Result<(), BillingError> {
        self.books.taken(events).await
    }

    /// The accounts after this one, in the order of their names.
    pub async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, BillingError> {
        self.books.accounts(after, limit).await
    }

    /// Recomputes every account, and tells how many there are and the first difference.
    pub async fn verify(&self) -> Result<(u64, Option<Difference>), BillingError> {
        let (mut last, mut count) = (None, 0);
        loop {
            let accounts = self.books.accounts(last, ACCOUNTS).await?;
            if accounts.is_empty() {
                return Ok((count, None));
            }
            for account in accounts {
                if let Some(difference) = self.books.verify(account).await? {
                    return Ok((count, Some(difference)));
                }
                (last, count) = (Some(account), count + 1);
            }
        }
    }

    /// The time, never earlier than it was.
    fn now(&self) -> Timestamp {
        let now = self.clock.now().0;
        Timestamp(self.latest.fetch_max(now, Ordering::SeqCst).max(now))
    }
}

fn receipt(reply: Applied<Reply>) -> Result<Applied<HoldReceipt>, BillingError> {
    match reply {
        Applied::Fresh(Reply::Hold(receipt)) => Ok(Applied::Fresh(receipt)),
        Applied::Replayed(Reply::Hold(receipt)) => Ok(Applied::Replayed(receipt)),
        Applied::Fresh(Reply::Done | Reply::Granted(_))
        | Applied::Replayed(Reply::Done | Reply::Granted(_)) => Err(other_answer()),
    }
}

fn other_answer() -> BillingError {
    BillingError::Damaged("an operation was answered as another is".to_owned())
}

#[async_trait::async_trait]
impl CreditLedger for Ledger {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        let balance = self.balance(account).await;
        balance.map(|balance| balance.available).map_err(|error| backend("read a balance", error))
    }

    async fn promise(&self, promise: &Promise) -> Result<(), LedgerError> {
        let Promise { id, account, ref price_list, most, until } = *promise;
        let (key, price_list) = (Key::of_quote(id), price_list.clone());
        let quote = NewQuote { id, account, price_list, most, until };
        match self.apply(key, Operation::Quote(quote)).await {
            Ok(_done) => Ok(()),
            Err(BillingError::Refused(refusal)) => Err(LedgerError::Denied(refusal.into())),
            Err(error) => Err(backend("promise a price", error)),
        }
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError> {
        let HoldRequest { id, account, most, setup, device, quote } = *hold;
        let key = Key::about(id, &["hold"]);
        let task = setup.map(|setup| setup.to_string());
        let new = NewHold { task, device, quote, ..NewHold::new(id, account, most) };
        let held = Self::hold(self, key, new).await;
        held.map(drop).map_err(|error| told(id, error))
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        let key = Key::about(hold, &["settle"]);
        let settled = self.capture(key, hold, charge).await;
        settled.map(drop).map_err(|error| told(hold, error))
    }
}

/// As the port tells it.
fn told(id: HoldId, error: BillingError) -> LedgerError {
    let refusal = match error {
        BillingError::Refused(refusal) => refusal,
        error @ (BillingError::Unavailable { .. } | BillingError::Damaged(_)) => {
            return backend("be reached", error);
        }
    };
    match refusal {
        Refusal::Insufficient { needed, available } => {
            LedgerError::Insufficient { needed, available }
        }
        Refusal::UnknownHold(hold) => LedgerError::NoHold(hold),
        Refusal::OverHold { hold, charge, held } => LedgerError::OverHold { hold, charge, held },
        Refusal::KeyConflict(_) | Refusal::HoldExists(_) | Refusal::Resolved { .. } => {
            LedgerError::Conflict(id)
        }
        Refusal::CapReached { scope, needed, left } => LedgerError::Capped { scope, needed, left },
        Refusal::UnknownQuote(quote) | Refusal::QuoteExpired(quote) | Refusal::QuoteUsed(quote) => {
            LedgerError::QuoteOver(quote)
        }
        refusal @ (Refusal::Frozen(_)
        | Refusal::UnknownAccount(_)
        | Refusal::HoldExpired(_)
        | Refusal::OverRefund { .. }
        | Refusal::QuoteExists(_)
        | Refusal::OverQuote { .. }
        | Refusal::TooManyHolds(_)
        | Refusal::TooMuch(_)
        | Refusal::Nothing) => LedgerError::Denied(refusal.into()),
    }
}

fn backend(doing: &'static str, source: BillingError) -> LedgerError {
    LedgerError::Backend { doing, source: Box::new(source) }
}
