//! The [`CreditLedger`] port: nothing runs unpaid, and nothing is paid twice.

use crate::{AccountId, Amount, CapScope, DeviceId, HoldId, QuoteId, SetupId, Timestamp};
use std::{error::Error, fmt};

/// Why the ledger said no.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is not enough.
    #[error("this needs {needed}, and {available} are left; add credits or choose a smaller setup")]
    Insufficient {
        /// What would be held.
        needed: Amount,
        /// What could be.
        available: Amount,
    },
    /// Nobody made this hold.
    #[error("there is no hold {0}")]
    NoHold(HoldId),
    /// The hold is there, with other words.
    #[error("hold {0} was made before for another account or amount")]
    Conflict(HoldId),
    /// More than was agreed.
    #[error("{charge} is more than the {held} that hold {hold} set aside")]
    OverHold {
        /// Which hold.
        hold: HoldId,
        /// What was to be taken.
        charge: Amount,
        /// What was set aside.
        held: Amount,
    },
    /// Its owner wanted no more spent.
    #[error(
        "this needs {needed}, and the cap on the {scope} leaves {left}; raise the cap and say yes again, or wait until it counts anew"
    )]
    Capped {
        /// Which limit.
        scope: CapScope,
        /// What would be held.
        needed: Amount,
        /// What the limit leaves.
        left: Amount,
    },
    /// The price that was promised binds no longer.
    #[error("quote {0} has ended; ask for a new one")]
    QuoteOver(QuoteId),
    /// A rule of this ledger is against it: a freeze, an end that has passed.
    #[error("{0}")]
    Denied(Box<dyn Error + Send + Sync>),
    /// The storage is in trouble. Money fails closed: nothing was taken or given.
    #[error("the ledger could not {doing}")]
    Backend {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// A price that binds for a while: one hold may be made by it, of no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Its name.
    pub id: QuoteId,
    /// Whom it is made to.
    pub account: AccountId,
    /// The price list it was made with.
    pub price_list: String,
    /// The most that may be held by it.
    pub most: Amount,
    /// Until when it binds.
    pub until: Timestamp,
}

/// Credits to set aside for one run of a setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRequest {
    /// Its name.
    pub id: HoldId,
    /// Who pays.
    pub account: AccountId,
    /// How much at most.
    pub most: Amount,
    /// What for: a ledger that limits what one piece of work may spend counts by it.
    pub setup: Option<SetupId>,
    /// Where that runs: a ledger that limits what one device may spend counts by it.
    pub device: Option<DeviceId>,
    /// The promise it keeps to, which pays for this hold alone.
    pub quote: Option<QuoteId>,
}

impl HoldRequest {
    /// So much of `account`, for nothing in particular.
    #[must_use]
    pub const fn new(id: HoldId, account: AccountId, most: Amount) -> Self {
        Self { id, account, most, setup: None, device: None, quote: None }
    }
}

/// Keeps accounts.
///
/// Every operation may be repeated with the same words and then changes nothing;
/// with other words it is refused. What all accounts have, hold and have paid
/// never changes by a hold or a settlement.
#[async_trait::async_trait]
pub trait CreditLedger: fmt::Debug + Send + Sync {
    /// What an account may still hold. An account nobody knows has nothing.
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError>;

    /// Binds a price. A ledger that keeps no promises lets every price stand.
    async fn promise(&self, _promise: &Promise) -> Result<(), LedgerError> {
        Ok(())
    }

    /// Sets credits aside. Of many who race for the last credits, only those succeed
    /// for whom there is enough.
    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError>;

    /// Takes `charge` of what is held and frees the rest, once.
    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError>;
}
