//! The store of setups on disk.

mod deeds;
mod file;
mod sqlite;
#[cfg(feature = "testing")]
mod testing;
mod writer;

#[cfg(feature = "testing")]
pub use deeds::POINTS;
pub use sqlite::SqliteSetupStore;
