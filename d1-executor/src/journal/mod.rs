//! The device's journal on disk.

mod deeds;
mod file;
mod heeded;
mod sqlite;
mod tasks;
#[cfg(feature = "testing")]
mod testing;
mod writer;

#[cfg(feature = "testing")]
pub use deeds::POINTS;
pub use sqlite::SqliteJournal;
