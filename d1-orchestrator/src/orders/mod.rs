//! Orders to devices, signed.

mod desk;
mod keys;
mod seal;

pub use desk::OrderDesk;
pub use keys::{LiveOrderKeys, OrderKeys, OrderKeysError};
pub(crate) use seal::{Seal, SealError};
