//! What the owner of this machine allows. The owner's word is stronger than any orchestrator's.

mod approved;
mod asked;
mod command;
mod core;
mod decide;
mod decision;
mod demands;
mod denied;
mod device;
mod error;
mod file;
mod kept;
mod layer;
mod paths;
mod programs;
mod request;
mod risk;
mod rule;
mod sheet;
mod shell;
mod standing;

pub use core::Policy;
pub use decision::{Decision, Denial, Reason, unapproved};
pub use demands::Demands;
pub(crate) use device::real;
pub use device::{Device, Program};
pub use error::PolicyError;
pub use request::{Bare, Granted, Request, Walls};
pub use risk::{Reckoning, reckon};
pub use rule::Verdict;
