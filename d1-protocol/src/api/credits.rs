//! Credits, as clients see them: how an account stands, and how it came to that.

mod csv;

use d1_core::{AccountId, CapScope, DeviceId, HoldId, Rate, Source, StepId};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// The media type of a list that spreadsheets read (RFC 4180).
pub const CSV: &str = "text/csv";

/// How many lines of an account's history are told when nothing is said.
pub const LINES: usize = 50;
/// How many lines are told at once, at most.
pub const MAX_LINES: usize = 500;

/// The longest that credits are leased for: thirty days.
pub const MAX_LEASE_SECONDS: u64 = 30 * 86_400;

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BalanceView {
    /// `d1.balance.v1`
    pub schema: String,
    /// Which account.
    pub account: AccountId,
    /// What it owns, set aside or not, in micro-credits.
    pub posted_micro: u64,
    /// What of that is set aside for work that is not over, in micro-credits.
    pub held_micro: u64,
    /// What can be spent now, in micro-credits.
    pub available_micro: u64,
    /// Whether it stopped spending.
    pub frozen: bool,
    /// What lapses first.
    pub expires_next: Option<ExpiryView>,
}

impl BalanceView {
    /// Its version.
    pub const SCHEMA: &str = "d1.balance.v1";
}

/// Credits that lapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExpiryView {
    /// How many, in micro-credits.
    pub amount_micro: u64,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

/// Which part of an account's history is asked for: without anything, its newest lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct EntriesQuery {
    /// Only lines after the one of this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(maximum = 18_446_744_073_709_551_615_u64))]
    pub after: Option<u64>,
    /// Only lines of this time and later, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(maximum = 18_446_744_073_709_551_615_u64))]
    pub since: Option<u64>,
    /// At most so many lines, 1 to [`MAX_LINES`]; [`LINES`] when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub limit: Option<usize>,
}

/// A part of an account's history, the oldest line first: what it owned before, and what its
/// lines changed, is what it owned after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryList {
    /// `d1.credit_entries.v1`
    pub schema: String,
    /// What the account owned before the first line, in micro-credits.
    pub opening_micro: u64,
    /// The lines.
    pub entries: Vec<EntryView>,
    /// What it owned after the last, in micro-credits.
    pub closing_micro: u64,
    /// The `after` of the next part; nothing when this is the newest.
    pub next: Option<u64>,
}

impl EntryList {
    /// Its version.
    pub const SCHEMA: &str = "d1.credit_entries.v1";
}

/// One line of an account's history; it is never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryView {
    /// Its number in the account, from 1.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// What happened: `opened`, `granted`, `charged`, `refunded`, `lapsed`.
    pub kind: String,
    /// What it added or, below zero, took, in micro-credits.
    pub change_micro: i64,
    /// What the account owned then, in micro-credits.
    pub balance_micro: u64,
    /// The hold it was about, when there was one.
    pub hold: Option<HoldId>,
    /// The grant it was about, when there was one.
    pub grant: Option<String>,
}

/// The grants of an account that are not used up, in the order in which they are spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantList {
    /// `d1.credit_grants.v1`
    pub schema: String,
    /// The grants.
    pub grants: Vec<GrantView>,
}

impl GrantList {
    /// Its version.
    pub const SCHEMA: &str = "d1.credit_grants.v1";
}

/// Credits that were given, and what became of them: the four parts sum to the amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantView {
    /// Its name.
    pub id: String,
    /// Where it comes from: `gift`, `paid`.
    pub source: String,
    /// Lower is spent earlier.
    pub priority: u8,
    /// What was given, in micro-credits.
    pub amount_micro: u64,
    /// What of it is neither spent nor set aside, in micro-credits.
    pub free_micro: u64,
    /// What is set aside, in micro-credits.
    pub held_micro: u64,
    /// What was spent, in micro-credits.
    pub spent_micro: u64,
    /// What lapsed, in micro-credits.
    pub lapsed_micro: u64,
    /// From when it can be spent, in milliseconds since 1970.
    pub from: u64,
    /// Until when, in milliseconds since 1970; nothing is for ever.
    pub until: Option<u64>,
}

/// What is to be priced, and on which device: things are told apart by commas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct QuoteQuery {
    /// What would be installed.
    #[cfg_attr(
        feature = "openapi",
        param(
            pattern = r"^[A-Za-z0-9_@:][A-Za-z0-9._+\-@:/]{0,127}(,[A-Za-z0-9_@:][A-Za-z0-9._+\-@:/]{0,127})*$"
        )
    )]
    pub install: String,
    /// From which language registry; the system's packages when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Source>,
    /// On which device.
    pub device: DeviceId,
}

/// What something would cost now. It binds nobody: a setup that is made has a price that does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuoteView {
    /// `d1.quote.v1`
    pub schema: String,
    /// What would be done, in words.
    pub intent: String,
    /// Which price list said so.
    pub price_list: String,
    /// When the next price list begins, in milliseconds since 1970; nothing when none is known.
    pub changes_at: Option<u64>,
    /// What it would cost at most, in micro-credits, rounded up once.
    pub most_micro: u64,
    /// How many parts a micro-credit has, in which rates are told.
    #[cfg_attr(feature = "openapi", schema(value_type = u64, minimum = 1))]
    pub parts: NonZeroU64,
    /// The steps that cost something when they succeed by work, in order.
    pub steps: Vec<QuoteStepView>,
}

impl QuoteView {
    /// What its document calls itself.
    pub const SCHEMA: &str = "d1.quote.v1";
}

/// What one step would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuoteStepView {
    /// Which step.
    pub step: StepId,
    /// What it is called.
    pub title: String,
    /// The most it would cost, in micro-credits.
    pub most_micro: u64,
    /// What it costs however long it takes, in micro-credits.
    pub flat_micro: u64,
    /// What is measured beside that.
    pub rates: Vec<Rate>,
}

/// What an account may spend at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapList {
    /// `d1.credit_caps.v1`
    pub schema: String,
    /// The caps there are.
    pub caps: Vec<CapView>,
}

impl CapList {
    /// Its version.
    pub const SCHEMA: &str = "d1.credit_caps.v1";
}

/// One limit on spending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapView {
    /// What it counts.
    pub scope: CapScope,
    /// What may be spent at most, in micro-credits.
    pub most_micro: u64,
    /// What is spent or set aside, in micro-credits; nothing where every task or device is
    /// counted by itself.
    pub used_micro: Option<u64>,
}

/// Set credits aside to be spent without a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeaseRequest {
    /// How much, in micro-credits.
    #[serde(deserialize_with = "super::whole::number")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 18_446_744_073_709_551_615_u64))]
    pub amount_micro: u64,
    /// For how long, in seconds: 1 to [`MAX_LEASE_SECONDS`].
    #[serde(deserialize_with = "super::whole::number")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 2_592_000))]
    pub seconds: u64,
    /// By which device, for the cap on each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
}

/// Tell what was spent of a lease that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettleRequest {
    /// How much, in micro-credits.
    #[serde(deserialize_with = "super::whole::number")]
    #[cfg_attr(feature = "openapi", schema(maximum = 18_446_744_073_709_551_615_u64))]
    pub charged_micro: u64,
}

/// Credits that may be spent without a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeaseView {
    /// `d1.credit_lease.v1`
    pub schema: String,
    /// Its name.
    pub id: HoldId,
    /// Who pays.
    pub account: AccountId,
    /// How much may be spent, in micro-credits.
    pub amount_micro: u64,
    /// Until when it may be spent, in milliseconds since 1970.
    pub until: u64,
    /// Until when what was spent is paid from what was set aside, in milliseconds since 1970.
    pub report_until: u64,
    /// What was charged, in micro-credits; nothing until it is settled.
    pub charged_micro: Option<u64>,
}

/// Limit what may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapRequest {
    /// What may be spent at most, in micro-credits.
    #[serde(deserialize_with = "super::whole::number")]
    #[cfg_attr(feature = "openapi", schema(maximum = 9_223_372_036_854_775_807_u64))]
    pub most_micro: u64,
}
