//! The life of one setup: one approved plan on its way through one device.
//!
//! ```text
//!   AwaitingApproval ──Approve──▶ Running ──(all over)──▶ Finished
//!          │                       │   ▲                     │
//!          │                     Stop  └───────Resume────────┤
//!          │                       ▼                         │
//!          └──Decline──▶ Finished  Stopping ──(all over)─────┘
//! ```
//!
//! [`Setup::on`] decides, and touches nothing: whoever holds the setup saves it first
//! and carries out the effects afterwards. An effect carried out twice, because of a
//! crash in between, is harmless: devices and ledgers answer twice and act once.

mod event;
mod noun;
mod progress;
mod state;
mod transition;

pub use event::{Effect, SetupEvent};
pub use noun::{Promised, Setup};
pub use state::{SetupOutcome, SetupState};
