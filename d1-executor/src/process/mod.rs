//! Running other people's programs well: exactly what was asked for, nothing left behind.

mod asked;
mod capture;
mod confined;
mod environment;
mod invocation;
mod run;
mod spool;
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
pub(crate) use tree::{MARKER, kill as kill_tree, until_gone};
