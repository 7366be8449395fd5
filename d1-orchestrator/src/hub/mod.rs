//! Which device is on which link, and who listens to it.

mod anchor;
mod core;
mod deliver;
mod error;
mod fleet;
mod greet;
mod moving;
mod pump;
mod question;
mod seat;

pub use core::Hub;
pub use error::HubError;
pub use seat::{DeviceNews, DeviceStatus, Watching};
