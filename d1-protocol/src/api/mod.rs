//! The bodies and paths of the cloud's HTTP interface; `d1-doctor --json` prints the same.

mod credits;
mod list;
mod path;
mod problem;
mod request;
mod setup;

pub use credits::{
    BalanceView, CSV, CapList, CapRequest, CapView, EntriesQuery, EntryList, EntryView, ExpiryView,
    GrantList, GrantView, LINES, LeaseRequest, LeaseView, MAX_LEASE_SECONDS, MAX_LINES, QuoteQuery,
    QuoteStepView, QuoteView, SettleRequest,
};
pub use list::{DeviceView, Devices, HealthView, SetupList};
pub use path::{
    APPROVE, BALANCE, CANCEL, CAP, CAPS, CREATE, CREDITS_CALL, DEVICES, ENTRIES, EVENTS, GRANTS,
    HEALTH, LEASE, LEASES, LINK, QUOTE, READY, RESUME, TASK, TASKS, UNDO,
};
pub use problem::{PROBLEM_JSON, ProblemBody};
pub use request::{CancelRequest, CreateRequest, ResumeRequest};
pub use setup::{ReceiptView, SetupView, StepView};
