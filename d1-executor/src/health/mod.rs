//! How the machine is: measured while somebody listens, told when it is news, and what is wrong
//! with it told at once.

mod alarms;
mod gauge;
mod pace;
mod watch;

pub use alarms::Alarms;
pub use gauge::Gauge;
pub use watch::watch_vitals;

pub(crate) use alarms::clock_differs;
pub(crate) use pace::{HEALTH_EVERY, is_news};
