//! What the ledger answers.

use crate::{CapScope, Key, LotId, QuoteId, Source};
use d1_core::{AccountId, Amount, HoldId, Timestamp};
use serde::{Deserialize, Serialize};
use std::error::Error;

/// An answer, and whether it was given before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied<T> {
    /// It was done now.
    Fresh(T),
    /// It was done before, with this answer.
    Replayed(T),
}

impl<T> Applied<T> {
    /// The answer, whenever it was first given.
    pub fn into_inner(self) -> T {
        match self {
            Self::Fresh(answer) | Self::Replayed(answer) => answer,
        }
    }

    /// The answer, made into another.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Applied<U> {
        match self {
            Self::Fresh(answer) => Applied::Fresh(make(answer)),
            Self::Replayed(answer) => Applied::Replayed(make(answer)),
        }
    }
}

/// What came of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It is done, and there is no more to say.
    Done,
    /// Credits were given, as this lot.
    Granted(LotId),
    /// How the hold stands now.
    Hold(HoldReceipt),
}

/// How a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldReceipt {
    /// Which.
    pub hold: HoldId,
    /// Who pays.
    pub account: AccountId,
    /// What was set aside.
    pub amount: Amount,
    /// What was taken of it.
    pub charged: Amount,
    /// What of that was given back.
    pub refunded: Amount,
    /// Where it is in its life.
    pub state: HoldState,
    /// When it lapses by itself.
    pub until: Option<Timestamp>,
}

/// Where a hold is in its life; all but the first are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// Its credits are set aside.
    Open,
    /// Some of it was taken.
    Captured,
    /// Nothing was taken.
    Released,
    /// It lapsed.
    Expired,
}

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// What it owns, held or not.
    pub posted: Amount,
    /// What of that is set aside.
    pub held: Amount,
    /// What can be spent now.
    pub available: Amount,
    /// Whether it stopped spending.
    pub frozen: bool,
    /// What lapses first: how much, and when.
    pub expires_next: Option<(Amount, Timestamp)>,
    /// Its caps, and how far they are used today.
    pub caps: Vec<CapUse>,
    /// How many lines its history has; the last has this number.
    pub lines: u64,
}

/// How far a cap is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapUse {
    /// What it counts.
    pub scope: CapScope,
    /// What may be spent at most.
    pub most: Amount,
    /// What is spent or set aside; nothing where every task or device is counted by itself.
    pub used: Option<Amount>,
}

/// A grant that is not used up, and what became of it: the four parts sum to the amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// Its name.
    pub id: LotId,
    /// What was given.
    pub amount: Amount,
    /// What of it is neither spent nor set aside.
    pub free: Amount,
    /// What is set aside.
    pub held: Amount,
    /// What was spent.
    pub spent: Amount,
    /// What lapsed.
    pub lapsed: Amount,
    /// Lower is spent earlier.
    pub priority: u8,
    /// Where it comes from.
    pub source: Source,
    /// From when it can be spent.
    pub from: Timestamp,
    /// Until when; nothing is for ever.
    pub until: Option<Timestamp>,
}

/// One line of an account's history; it is never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number in the account, from 1.
    pub seq: u64,
    /// What happened.
    pub kind: EntryKind,
    /// How much of it.
    pub amount: Amount,
    /// What the account owned before.
    pub before: Amount,
    /// What it owned after.
    pub after: Amount,
    /// The hold it was about.
    pub hold: Option<HoldId>,
    /// The grant it was about.
    pub lot: Option<LotId>,
    /// When.
    pub at: Timestamp,
}

/// What moves credits between an account and the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The account was opened; nothing moves.
    Opened,
    /// Credits were given.
    Granted,
    /// Work was paid.
    Charged,
    /// A payment was given back.
    Refunded,
    /// Credits lapsed.
    Lapsed,
}

/// A part of an account's history: `opening`, and what the lines add and take, is `closing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What the account owned before the first line.
    pub opening: Amount,
    /// What happened, in its order.
    pub lines: Vec<Line>,
    /// What it owned after the last.
    pub closing: Amount,
}

/// News for whoever watches the accounts. It is told at least once; its name stays the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its name.
    pub id: crate::EventId,
    /// About which account.
    pub account: AccountId,
    /// What can still be spent, and is less than the account's mark.
    pub available: Amount,
    /// Since when.
    pub at: Timestamp,
}

/// Something in the books that is not what follows from the rest of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("account {account}: {what} is {stored} in the books, and {computed} by what made it")]
pub struct Difference {
    /// Whose.
    pub account: AccountId,
    /// What.
    pub what: String,
    /// What the books say; in micro-credits, when it is an amount.
    pub stored: i128,
    /// What it has to be.
    pub computed: i128,
}

/// Why the ledger said no. Nothing was changed, and the key may be used again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is not enough.
    #[error("this needs {needed}, and {available} are left; add credits or choose less")]
    Insufficient {
        /// What would be taken.
        needed: Amount,
        /// What could be.
        available: Amount,
    },
    /// A limit is reached.
    #[error("this needs {needed}, and the cap on the {scope} leaves {left}; raise the cap")]
    CapReached {
        /// Which limit.
        scope: CapScope,
        /// What would be taken.
        needed: Amount,
        /// What the limit leaves.
        left: Amount,
    },
    /// The account may not spend.
    #[error("account {0} is frozen; ask who froze it")]
    Frozen(AccountId),
    /// Nobody opened it.
    #[error("there is no account {0}; open it first")]
    UnknownAccount(AccountId),
    /// Nobody made it.
    #[error("there is no hold {0}")]
    UnknownHold(HoldId),
    /// The name is taken.
    #[error("hold {0} was made before by another request")]
    HoldExists(HoldId),
    /// It lapsed.
    #[error("hold {0} has expired; hold or charge anew")]
    HoldExpired(HoldId),
    /// It is over.
    #[error("hold {hold} is over already: {state:?}")]
    Resolved {
        /// Which.
        hold: HoldId,
        /// How it ended.
        state: HoldState,
    },
    /// More than was agreed.
    #[error("{charge} is more than the {held} that hold {hold} set aside; extend it first")]
    OverHold {
        /// Which.
        hold: HoldId,
        /// What was to be taken.
        charge: Amount,
        /// What was set aside.
        held: Amount,
    },
    /// More than was paid.
    #[error("{amount} is more than the {left} of hold {hold} that can be given back")]
    OverRefund {
        /// Which.
        hold: HoldId,
        /// What was to be given back.
        amount: Amount,
        /// What was paid and not given back yet.
        left: Amount,
    },
    /// Nobody made this account such a quote.
    #[error("there is no quote {0} for this account; ask for one")]
    UnknownQuote(QuoteId),
    /// The name is taken.
    #[error("quote {0} was made before by another request")]
    QuoteExists(QuoteId),
    /// It no longer binds.
    #[error("quote {0} has expired; ask for a new one")]
    QuoteExpired(QuoteId),
    /// It was for one hold.
    #[error("quote {0} was used already; ask for a new one")]
    QuoteUsed(QuoteId),
    /// More than was promised.
    #[error("{amount} is more than the {most} that quote {quote} promises; ask for a new one")]
    OverQuote {
        /// Which.
        quote: QuoteId,
        /// What was to be held.
        amount: Amount,
        /// What was promised.
        most: Amount,
    },
    /// So many at once lock up an account's own credits.
    #[error("account has {0} open holds; settle some first")]
    TooManyHolds(u32),
    /// The key stands for something else.
    #[error("key {0} was used before for something else; take a new one")]
    KeyConflict(Key),
    /// A sum that no account can have.
    #[error("{0} is more than an account can have")]
    TooMuch(Amount),
    /// Nothing to do.
    #[error("an amount of nothing cannot be given")]
    Nothing,
}

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BillingError {
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// By trouble with the storage. It may or may not be done; said again with the same key, it
    /// is done once.
    #[error("the ledger could not {doing}; try again with the same key")]
    Unavailable {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The books do not agree with themselves.
    #[error("the books are damaged: {0}; stop and restore them")]
    Damaged(String),
}
