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
//! What nobody will hear of is written off by somebody's word: out of Running and Stopping it
//! goes to Finished.
//!
//! [`Setup::on`] decides, and touches nothing: whoever holds the setup saves it first
//! and carries out the effects afterwards. An effect carried out twice, because of a
//! crash in between, is harmless: devices and ledgers answer twice and act once.

mod event;
mod noun;
mod progress;
mod state;
mod transition;
mod write_off;

pub use event::{Effect, SetupEvent};
pub use noun::{Promised, Setup};
pub use state::{SetupOutcome, SetupState};
