//! The bodies and paths of the cloud's HTTP interface; `d1-doctor --json` prints the same.

mod credits;
mod enrolment;
mod list;
mod node;
mod path;
mod problem;
mod request;
mod setup;
mod sign;
mod user;
mod whole;

pub use credits::{
    BalanceView, CSV, CapList, CapRequest, CapView, EntriesQuery, EntryList, EntryView, ExpiryView,
    GrantList, GrantView, LINES, LeaseRequest, LeaseView, MAX_LEASE_SECONDS, MAX_LINES, QuoteQuery,
    QuoteStepView, QuoteView, SettleRequest,
};
pub use enrolment::{
    EnrolRequest, EnrolmentList, EnrolmentTokenList, EnrolmentTokenRequest, EnrolmentTokenView,
    EnrolmentView, OpenEnrolmentToken, OrderKeyView, OrderKeysView, PapersView, RecoverRequest,
    RenewRequest,
};
pub use list::{DeviceView, Devices, HealthView, Purged, SetupList};
pub use node::WishBody;
pub use path::{
    ACTIVATE, APPROVE, AUTH_METADATA, AUTH_REVOKE, AUTH_TOKEN, AUTHORIZE, BALANCE, CANCEL, CAP,
    CAPS, CREATE, CREDITS_CALL, DECIDE, DEVICE_CODE, DEVICES, DEVICES_CALL, ENROL, ENROLMENT,
    ENROLMENT_TOKEN, ENROLMENT_TOKENS, ENROLMENTS, ENTRIES, EVENTS, GRANTS, HEALTH, HEALTH_CALL,
    JWKS, LEASE, LEASES, LINK, ME, NODE_DEVICES, NODE_QUESTION, NODE_WISH, OPENAPI, PLAN, PURGE,
    QUOTE, READY, RECOVER, REFLECTION_CALL, RENEW, RESUME, SESSION, SESSIONS, SETUPS_CALL, SIGN,
    SIGN_IN, SIGN_IN_ANSWER, SIGN_IN_ELSEWHERE, SIGN_OUT, TASK, TASKS, TOKEN, TOKENS, UNDO,
};
pub use problem::{PROBLEM_JSON, ProblemBody};
pub use request::{CancelRequest, CreateRequest, ResumeRequest};
pub use setup::{ReceiptView, SetupView, StepView};
pub use sign::{PlanView, SignRequest};
pub use user::{
    MeView, MembershipView, NewTokenRequest, NewTokenView, SessionList, SessionView, TokenList,
    TokenView,
};
