//! The words of Day 1 Doctor and the laws they obey.
//!
//! Everything here is plain data, pure functions, and the traits ("ports")
//! through which the rest of the system meets the world. Nothing in this
//! crate opens a file, a socket, or a process.
//!
//! Start at [`Plan`] for what is to be done, at [`Setup`] and [`Task`] for how it
//! goes, at [`Receipt`] for what it changed, and at [`Executor`] or [`Journal`] for
//! the shape every port follows.

mod action;
mod amount;
mod argv;
mod audit;
mod cap;
mod change;
mod check;
mod clock;
mod cose;
mod digest;
mod directory;
mod ed25519;
mod enrolment;
mod enrolment_proof;
mod enrolment_store;
mod executor;
mod facts;
mod federated_id;
mod finding;
mod grant;
mod host_name;
mod id;
mod intent;
mod isolation;
mod journal;
mod key_store;
mod leases;
mod ledger;
mod limit;
mod limit_key;
mod link;
mod link_queue;
mod link_registry;
mod manager;
mod manifest;
mod name;
mod network;
#[cfg(feature = "openapi")]
mod openapi;
mod order;
mod outcome;
mod output;
mod path;
mod person;
mod plan;
mod planner;
mod preview;
mod price;
mod problem;
mod progress;
mod proposal;
mod quote;
mod rate_limiter;
mod receipt;
mod result;
mod risk;
mod scope;
mod session_store;
mod setup;
mod setup_leases;
mod setup_store;
mod stop;
mod supervisor;
mod symptom;
mod task;
mod terms;
mod transport;
mod vitals;
mod waiting;

#[cfg(feature = "testing")]
pub mod conformance;
#[cfg(feature = "testing")]
pub mod fault;
pub mod memory;

pub use action::{
    Action, Exec, File, FileChange, GroupMember, PackageOperation, Packages, Revert, Service,
    ServiceChange, Shell,
};
pub use amount::{Amount, AmountError};
pub use argv::{Argv, ArgvError};
pub use audit::{
    AUDIT_CHECKPOINT_EVERY, AuditBreak, AuditChain, AuditCheckpoint, AuditEntry, AuditError,
    AuditFlaw, AuditKey, AuditKind, AuditLine, AuditLog, AuditPublicKey, AuditPublicKeyError,
    AuditRecord, AuditTrust, AuditVerdict, AuditVerifier, AuditWords, NotALine, SealedRecord,
    SignedHead,
};
pub use cap::CapScope;
pub use change::{Baseline, Change, Resource, State};
pub use check::{About, Pace};
pub use clock::{Clock, SystemClock, Timestamp, WallClock};
pub use digest::{Digest, DigestError};
pub use directory::{Directory, DirectoryError};
pub use enrolment::{Enrolment, EnrolmentStage, EnrolmentToken, Issued, Renewal, Shown};
pub use enrolment_proof::{enrolment_proof, recovery_proof};
pub use enrolment_store::{EnrolmentStore, EnrolmentStoreError};
pub use executor::{Ended, Executor, ExecutorError, Job, Probed};
pub use facts::{
    Answer, Answers, Distro, Facts, IndexEntry, ManagerFacts, Os, Query, ServiceManager, UserFacts,
};
pub use federated_id::{FederatedId, FederatedIdError};
pub use finding::{Acceptance, Finding, Verdict};
pub use grant::{
    GrantExpected, GrantRefusal, GrantSealError, PlanGrant, SealedGrant, SealedGrantError,
    TrustedUser, UserKey, UserKeyError, UserPublicKey, UserPublicKeyError, UserTrust, verify_grant,
};
pub use host_name::HostName;
pub use id::{
    AccountId, DeviceId, HoldId, IdError, NodeId, QuoteId, RequestId, SessionId, SetupId, TaskId,
    UserId,
};
pub use intent::{Fix, Install, Intent, Source};
pub use isolation::{IsolationReport, Layer};
pub use journal::{Entry, Journal, JournalError, Reception, Stage, TOMBSTONE_AGE};
pub use key_store::{KeyRing, KeyStage, KeyStore, KeyStoreError, SigningKey};
pub use leases::{Lease, Leases};
pub use ledger::{CreditLedger, HoldRequest, LedgerError, Promise};
pub use limit::{Admission, Class, Limit, LimitError};
pub use limit_key::{LimitKey, LimitKeyError};
pub use link::{
    DeviceLink, FromDevice, Health, Hello, Link, OrchestratorLink, PROTOCOL, TaskCommand, ToDevice,
    Welcome,
};
pub use link_queue::{LinkReceiver, LinkSender, Room, WeakLinkSender, link_queue};
pub use link_registry::{Holder, LinkRegistry, Node, RegistryError};
pub use manager::{Manager, UnknownManager};
pub use manifest::{Item, Manifest, Notable};
pub use name::{
    CheckId, CommandName, GroupName, NameError, PackageName, ResourceKey, ServiceName, StepId,
    ThingName, UserName,
};
pub use network::{NetworkAsk, NetworkDecision, NetworkReason, NetworkUse};
pub use order::{
    AnnouncedKey, Expected, LinkChallenge, Order, OrderCodec, OrderKey, OrderKeyError, OrderKeySet,
    OrderPublicKey, OrderPublicKeyError, OrderRefusal, OrderSealError, OrderTrust, OrderTrustStore,
    OrderTrustStoreError, ReplayLedger, ReplayLedgerError, SealRequest, TrustedKey, verify_order,
};
pub use outcome::Outcome;
pub use output::{Output, OutputChunk, Stream};
pub use path::{AbsolutePath, PathError};
pub use person::{LoginName, LoginNameError, Membership, Organisation, Role, RoleError, User};
pub use plan::{Effect, InvalidPlan, Plan, Step, Undo};
pub use planner::{PlanError, Planned, Planner};
pub use preview::{Presence, Preview};
pub use price::{Meter, Price, Rate};
pub use problem::{Category, Problem};
pub use progress::{Progress, ProgressEvent};
pub use proposal::Proposal;
pub use quote::{Prices, Quote};
pub use rate_limiter::{Ask, Decision, Fallback, LimiterError, RateLimiter, Standing, decide};
pub use receipt::Receipt;
pub use result::{ProbeAnswer, TaskResult, Usage};
pub use risk::Risk;
pub use scope::{Scope, ScopeError, Scopes};
pub use session_store::{Record, RecordKind, SessionError, SessionStore};
pub use setup::{Effect as SetupEffect, Promised, Setup, SetupEvent, SetupOutcome, SetupState};
pub use setup_leases::SetupLeases;
pub use setup_store::{Page, SetupStore, StoreError};
pub use stop::{Stop, StopMode};
pub use supervisor::{OnFailure, Supervisor};
pub use symptom::Symptom;
pub use task::{IllegalTransition, Task, TaskEvent, TaskState};
pub use terms::{OnDisconnect, Terms};
pub use transport::{Transport, TransportError};
pub use vitals::Vitals;
pub use waiting::WaitingTask;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
