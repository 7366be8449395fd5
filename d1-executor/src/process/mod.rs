//! Running other people's programs well: exactly what was asked for, nothing left behind.

mod asked;
mod capture;
mod confined;
mod environment;
mod invocation;
mod last_line;
mod run;
mod spool;
mod table;
mod transcript;
mod tree;

pub use asked::Asked;
pub(crate) use confined::run_confined_to;
pub use confined::{Confinement, Fence, run_confined};
pub use environment::clean_environment;
pub use invocation::{Capture, How, Invocation, Leftovers, ProcessError, Report};
pub use run::run;
pub use spool::Spool;
pub use tree::adopt_orphans;
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
pub(crate) use tree::kill as kill_tree;
pub(crate) use tree::{MARKER, until_gone};
