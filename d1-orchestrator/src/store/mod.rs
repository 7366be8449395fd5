//! The store of setups on disk, and how a file of any store is opened.

mod deeds;
mod file;
mod sqlite;
#[cfg(feature = "testing")]
mod testing;
mod writer;

#[cfg(feature = "testing")]
pub use deeds::POINTS;
#[cfg(feature = "identity")]
pub(crate) use file::{FileError, Form, open_writer};
pub use sqlite::SqliteSetupStore;
