//! Running other people's programs well: exactly what was asked for, nothing left behind.

#[cfg(unix)]
mod asked;
#[cfg(unix)]
mod capture;
#[cfg(unix)]
mod confined;
mod environment;
#[cfg(unix)]
mod invocation;
#[cfg(unix)]
mod last_line;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod spool;
#[cfg(unix)]
mod table;
#[cfg(unix)]
mod transcript;
#[cfg(unix)]
mod tree;

#[cfg(unix)]
pub use asked::Asked;
#[cfg(unix)]
pub(crate) use confined::run_confined_to;
#[cfg(unix)]
pub use confined::{Confinement, Fence, run_confined};
pub use environment::clean_environment;
#[cfg(unix)]
pub use invocation::{Capture, How, Invocation, Leftovers, ProcessError, Report};
#[cfg(unix)]
pub use run::run;
#[cfg(unix)]
pub use spool::Spool;
#[cfg(unix)]
pub use tree::adopt_orphans;
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
pub(crate) use tree::kill as kill_tree;
#[cfg(unix)]
pub(crate) use tree::{MARKER, until_gone};
