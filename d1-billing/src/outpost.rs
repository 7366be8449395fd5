//! A ledger that works without a connection, from a lease.

use crate::{BillingError, EntryKind, Grant, Key, Lease, Ledger, Open, Operation, Source, Spent};
use d1_core::{
    AccountId, Amount, CreditLedger, HoldId, HoldRequest, LedgerError, Promise, Timestamp,
};
use std::collections::BTreeMap;

/// A ledger that works without a connection: every account has what was leased for it, until
/// that lease ends.
///
/// It keeps its books where any [`Ledger`] does; on a machine, in a SQLite file. What was
/// spent is known after a crash: opened again with the same leases, it goes on.
#[derive(Clone, Debug)]
pub struct Outpost {
    ledger: Ledger,
    leases: BTreeMap<AccountId, Lease>,
}

/// Why a lease cannot be closed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// Some of it is still set aside.
    #[error("{0} of the lease are set aside for work that is not over; wait for it to end")]
    Busy(Amount),
    /// The books say no, or are in trouble.
    #[error(transparent)]
    Books(#[from] BillingError),
}

impl Outpost {
    /// Begins to spend from these leases, or goes on with them. Of two for one account, the
    /// later is spent from.
    pub async fn open(
        ledger: Ledger,
        leases: impl IntoIterator<Item = Lease>,
    ) -> Result<Self, BillingError> {
        let leases = leases.into_iter().map(|lease| (lease.account, lease)).collect();
        let outpost = Self { ledger, leases };
        for lease in outpost.leases.values() {
            outpost.fill(lease).await?;
        }
        Ok(outpost)
    }

    /// The ledger it keeps its books in.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Ends a lease: nothing more is set aside of it, and once what was is settled, this tells
    /// what was spent. Said again it tells the same.
    pub async fn close(&self, lease: &Lease) -> Result<Spent, CloseError> {
        let (key, purse) = (Key::about(lease.id, &["close"]), purse(lease));
        self.ledger.apply(key, Operation::Freeze { account: purse, frozen: true }).await?;
        let held = self.ledger.balance(purse).await?.held;
        if !held.is_zero() {
            return Err(CloseError::Busy(held));
        }
        let Lease { id, account, .. } = *lease;
        Ok(Spent { lease: id, account, charge: self.charged(purse).await? })
    }

    /// Puts what was leased into a purse, once.
    async fn fill(&self, lease: &Lease) -> Result<(), BillingError> {
        let (Lease { id, amount, until, .. }, account) = (*lease, purse(lease));
        let terms = Open { account, organisation: None, low_mark: Amount::ZERO };
        self.ledger.apply(Key::about(id, &["open"]), Operation::Open(terms)).await?;
        let (source, from, until) = (Source::Paid, Timestamp(0), Some(until));
        let grant = Grant { account, amount, priority: 0, source, from, until };
        self.ledger.grant(Key::about(id, &["fill"]), grant).await.map(drop)
    }

    /// Where the credits of an account are; one without a lease has none here.
    fn purse_of(&self, account: AccountId) -> AccountId {
        self.leases.get(&account).map_or(account, purse)
    }

    /// What was charged by its history, which nothing changes.
    async fn charged(&self, purse: AccountId) -> Result<Amount, BillingError> {
        let (mut charged, mut after) = (Amount::ZERO, 0);
        loop {
            let page = self.ledger.statement(purse, after, usize::MAX).await?;
            let Some(last) = page.lines.last() else { return Ok(charged) };
            after = last.seq;
            let charges = page.lines.iter().filter(|line| line.kind == EntryKind::Charged);
            charged = [charged].into_iter().chain(charges.map(|line| line.amount)).sum();
        }
    }
}

#[async_trait::async_trait]
impl CreditLedger for Outpost {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        CreditLedger::available(&self.ledger, self.purse_of(account)).await
    }

    async fn promise(&self, promise: &Promise) -> Result<(), LedgerError> {
        let account = self.purse_of(promise.account);
        self.ledger.promise(&Promise { account, ..promise.clone() }).await
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError> {
        let account = self.purse_of(hold.account);
        CreditLedger::hold(&self.ledger, &HoldRequest { account, ..hold.clone() }).await
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        self.ledger.settle(hold, charge).await
    }
}

/// Every lease has an account of its own here, so that one that is closed and its successor
/// are kept apart.
fn purse(lease: &Lease) -> AccountId {
    Key::about(lease.id, &["purse"]).as_account()
}
