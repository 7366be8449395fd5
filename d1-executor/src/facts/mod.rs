//! What is known of the machine: gathered without changing anything, in bounded time.

mod container;
mod disk;
mod gather;
mod host;
mod os_release;
mod user;

pub use gather::FactsSource;
pub use host::Host;

pub(crate) use container::{is_container, services};
pub(crate) use disk::free as disk_free;
pub(crate) use os_release::distro;
