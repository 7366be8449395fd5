//! What the books consist of.
//!
//! A hold is one row for its whole life; what was charged and given back stands in it. Its
//! shares say which lots it takes from. Entries are the history: each moves an amount between
//! the account and a house account, so that nothing appears or vanishes.

use super::row::row;
use crate::{CapScope, EntryKind, EventId, HoldState, Key, LotId, QuoteId, Source};
use d1_core::{AccountId, Amount, DeviceId, HoldId, Timestamp};

row! {
    /// Who pays.
    AccountRow in "account" by (id: AccountId)
        changing [organisation, posted, held, open_holds, entries, frozen, low_mark, is_low, seen_at]
        live |_| None;
    id: AccountId,
    organisation: Option<AccountId>,
    posted: Amount,
    held: Amount,
    /// How many holds are open.
    open_holds: u32,
    /// The number of its last entry, whose `after` is `posted`.
    entries: u64,
    frozen: u8,
    low_mark: Amount,
    is_low: u8,
    /// The latest time that was seen here: a clock set back revives nothing.
    seen_at: Timestamp,
}

row! {
    /// What was granted, and what became of it: the four parts always sum to the amount.
    LotRow in "lot" by (id: LotId)
        changing [free, held, spent, lapsed]
        live |lot| {
            let is_used_up = lot.free.is_zero() && lot.held.is_zero();
            (!is_used_up).then_some((lot.account, end(lot.until_at)))
        };
    id: LotId,
    account: AccountId,
    amount: Amount,
    free: Amount,
    held: Amount,
    spent: Amount,
    lapsed: Amount,
    priority: u8,
    source: Source,
    from_at: Timestamp,
    until_at: Option<Timestamp>,
}

row! {
    /// Credits set aside, and what was taken of them.
    HoldRow in "hold" by (id: HoldId)
        changing [amount, charged, refunded, state, until_at]
        live |hold| {
            (hold.state == HoldState::Open).then_some((hold.account, end(hold.until_at)))
        };
    id: HoldId,
    account: AccountId,
    organisation: Option<AccountId>,
    amount: Amount,
    charged: Amount,
    refunded: Amount,
    state: HoldState,
    task: Option<String>,
    device: Option<DeviceId>,
    quote: Option<QuoteId>,
    /// The caps that count it, one bit for each scope.
    counted: u8,
    made_at: Timestamp,
    until_at: Option<Timestamp>,
}

row! {
    /// What a hold takes from one lot.
    ShareRow in "share" by (hold: HoldId, place: u32)
        changing [charged, refunded]
        live |_| None;
    hold: HoldId,
    place: u32,
    lot: LotId,
    amount: Amount,
    charged: Amount,
    refunded: Amount,
}

row! {
    /// One line of history. It follows on the one before by number and by sum.
    EntryRow in "entry" by (account: AccountId, seq: u64)
        changing []
        live |_| None;
    account: AccountId,
    seq: u64,
    prev: Option<u64>,
    kind: EntryKind,
    amount: Amount,
    before: Amount,
    after: Amount,
    hold: Option<HoldId>,
    lot: Option<LotId>,
    at: Timestamp,
}

row! {
    /// What may be spent at most.
    RuleRow in "cap_rule" by (account: AccountId, scope: CapScope)
        changing [most]
        live |_| None;
    account: AccountId,
    scope: CapScope,
    /// Nothing when the cap was lifted.
    most: Option<Amount>,
}

row! {
    /// How far a cap is used, for one task, device or day.
    CapRow in "cap" by (id: String)
        changing [most, used, held]
        live |_| None;
    id: String,
    account: AccountId,
    scope: CapScope,
    most: Amount,
    used: Amount,
    held: Amount,
}

row! {
    /// A price that binds.
    QuoteRow in "quote" by (id: QuoteId)
        changing [hold]
        live |_| None;
    id: QuoteId,
    account: AccountId,
    price_list: String,
    most: Amount,
    made_at: Timestamp,
    until_at: Timestamp,
    hold: Option<HoldId>,
}

row! {
    /// What was answered under a key.
    OutcomeRow in "outcome" by (key: Key)
        changing []
        live |_| None;
    key: Key,
    fingerprint: String,
    reply: String,
    at: Timestamp,
}

row! {
    /// News that nobody has taken yet.
    EventRow in "event" by (id: EventId)
        changing []
        live |_| None;
    id: EventId,
    account: AccountId,
    available: Amount,
    at: Timestamp,
}

/// What has no end ends after everything else.
fn end(until: Option<Timestamp>) -> Timestamp {
    until.unwrap_or(Timestamp(u64::MAX))
}
