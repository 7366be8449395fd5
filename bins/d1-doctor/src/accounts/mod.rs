//! Whom this person is in which cloud, and how their tokens are had and kept.

mod account;
mod current;
mod file;
mod flow;
mod loopback;
mod oauth;

pub use account::{Account, Accounts};
pub use current::{client_of, revoke};
pub use file::Vault;
pub use flow::{Begun, begin, finish};
pub use loopback::in_browser;
pub use oauth::Cloud;
