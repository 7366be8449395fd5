//! The doctor: looks at the machine, changes nothing, and tells what is wrong.

mod acceptance;
mod check;
mod checks;
mod discretion;
mod examine;
#[cfg(feature = "sqlite")]
mod history;
mod mend;
mod network;
mod project;
mod sight;
mod watch;

pub use acceptance::Accepted;
pub use discretion::Discretion;
#[cfg(feature = "sqlite")]
pub use history::{Difference, History, HistoryError, differences};

pub use check::{Check, Found, Looking};
pub use checks::all_checks;
pub(crate) use checks::size;
pub use examine::{Doctor, Selection};
pub use network::{
    Answer, Destination, Network, NetworkError, Presented, Proxy, Refusal, ThisNetwork,
};
pub(crate) use sight::space_of;
pub use sight::{Sight, Space};
pub use watch::watch;
