//! Everything that changes the books.

use crate::{Key, LotId, QuoteId};
use d1_core::{AccountId, Amount, CapScope, DeviceId, HoldId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Something that changes the books. What is refused changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Makes an account, or gives one that is there other terms.
    Open(Open),
    /// Stops an account from spending, or lets it spend again.
    Freeze {
        /// Which.
        account: AccountId,
        /// Whether it stops.
        frozen: bool,
    },
    /// Gives credits.
    Grant(Grant),
    /// Limits what may be spent, or lifts the limit.
    SetCap {
        /// Whose spending.
        account: AccountId,
        /// Counted how.
        scope: CapScope,
        /// The most; nothing lifts the limit.
        most: Option<Amount>,
    },
    /// Binds a price for a while.
    Quote(NewQuote),
    /// Sets credits aside.
    Hold(NewHold),
    /// Sets more aside on a hold that is open, and may keep it open longer.
    Extend {
        /// Which hold.
        hold: HoldId,
        /// How much more.
        more: Amount,
        /// The new end; never earlier than the old one.
        until: Option<Timestamp>,
    },
    /// Takes what is owed of a hold and frees the rest.
    Capture {
        /// Which hold.
        hold: HoldId,
        /// What is owed; nothing releases the hold.
        charge: Amount,
    },
    /// Takes credits without holding them first.
    Charge(NewHold),
    /// Gives back what was charged, to the grants it came from.
    Refund {
        /// The hold that was charged.
        hold: HoldId,
        /// How much.
        amount: Amount,
    },
    /// Frees what has expired in an account.
    Sweep {
        /// Which.
        account: AccountId,
    },
}

/// The terms of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Which account.
    pub account: AccountId,
    /// The organisation whose cap counts what this account spends.
    pub organisation: Option<AccountId>,
    /// Below this, the account is said to be low; zero never is.
    pub low_mark: Amount,
}

/// Credits that are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// To whom.
    pub account: AccountId,
    /// How many.
    pub amount: Amount,
    /// Lower is spent earlier.
    pub priority: u8,
    /// Where they come from.
    pub source: Source,
    /// From when they can be spent.
    pub from: Timestamp,
    /// Until when; nothing is for ever.
    pub until: Option<Timestamp>,
}

/// Where granted credits come from. Of two that are else alike, a gift is spent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Given.
    Gift,
    /// Paid for.
    Paid,
}

/// A price that binds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewQuote {
    /// Its name.
    pub id: QuoteId,
    /// Whom it is made to.
    pub account: AccountId,
    /// The price list it was made with.
    pub price_list: String,
    /// The most that may be charged.
    pub most: Amount,
    /// Until when it binds.
    pub until: Timestamp,
}

/// Credits to set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewHold {
    /// Its name.
    pub id: HoldId,
    /// Who pays.
    pub account: AccountId,
    /// How much.
    pub amount: Amount,
    /// The piece of work, for the cap on each.
    pub task: Option<String>,
    /// The device it is for, for the cap on each.
    pub device: Option<DeviceId>,
    /// The quote that said so.
    pub quote: Option<QuoteId>,
    /// When it lapses by itself; nothing keeps it until it is settled.
    pub until: Option<Timestamp>,
}

impl NewHold {
    /// So much of `account`, with no task, device, quote or end.
    #[must_use]
    pub const fn new(id: HoldId, account: AccountId, amount: Amount) -> Self {
        Self { id, account, amount, task: None, device: None, quote: None, until: None }
    }
}

/// An operation and the key that makes it count once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it is known by.
    pub key: Key,
    /// What to do.
    pub operation: Operation,
}

impl Operation {
    /// What tells this operation from every other, in hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let words = serde_json::to_vec(self).unwrap_or_default();
        let digest = Sha256::digest(&words);
        digest.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
            // Writing to a string does not fail.
            let _written = write!(text, "{byte:02x}");
            text
        })
    }

    /// The account it names, when it names one.
    pub(crate) fn account(&self) -> Option<AccountId> {
        match self {
            Self::Open(Open { account, .. })
            | Self::Freeze { account, .. }
            | Self::Grant(Grant { account, .. })
            | Self::SetCap { account, .. }
            | Self::Quote(NewQuote { account, .. })
            | Self::Hold(NewHold { account, .. })
            | Self::Charge(NewHold { account, .. })
            | Self::Sweep { account } => Some(*account),
            Self::Extend { .. } | Self::Capture { .. } | Self::Refund { .. } => None,
        }
    }

    /// The hold it names, when it names one.
    pub(crate) fn hold(&self) -> Option<HoldId> {
        match self {
            Self::Hold(NewHold { id, .. }) | Self::Charge(NewHold { id, .. }) => Some(*id),
            Self::Extend { hold, .. } | Self::Capture { hold, .. } | Self::Refund { hold, .. } => {
                Some(*hold)
            }
            Self::Open(_)
            | Self::Freeze { .. }
            | Self::Grant(_)
            | Self::SetCap { .. }
            | Self::Quote(_)
            | Self::Sweep { .. } => None,
        }
    }

    /// The quote it names, when it names one.
    pub(crate) fn quote(&self) -> Option<QuoteId> {
        match self {
            Self::Hold(hold) | Self::Charge(hold) => hold.quote,
            Self::Quote(quote) => Some(quote.id),
            Self::Open(_)
            | Self::Freeze { .. }
            | Self::Grant(_)
            | Self::SetCap { .. }
            | Self::Extend { .. }
            | Self::Capture { .. }
            | Self::Refund { .. }
            | Self::Sweep { .. } => None,
        }
    }

    /// The name of the lot that a grant under `key` makes.
    pub(crate) fn lot(key: Key) -> LotId {
        LotId::of(&["lot", &key.to_string()])
    }
}
