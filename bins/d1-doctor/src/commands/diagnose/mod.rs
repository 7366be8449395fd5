//! `d1-doctor diagnose`: looks at this machine, and changes nothing. It needs no account, no
//! daemon, no rights and no network.

mod diagnosis;
mod examine;
mod list;
mod memory;
mod report;
mod run;

pub use examine::{Examination, Looked, view};
pub use memory::Memory;
pub use run::run;
