//! The stores of setups that outlive their process, and how a file of any store is opened.

#[cfg(feature = "sqlite")]
mod deeds;
#[cfg(feature = "sqlite")]
mod file;
#[cfg(feature = "postgres")]
mod leases;
#[cfg(feature = "postgres")]
pub(crate) mod pool;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(all(feature = "sqlite", feature = "testing"))]
mod testing;
#[cfg(feature = "sqlite")]
mod writer;

#[cfg(all(feature = "sqlite", feature = "testing"))]
pub use deeds::POINTS;
#[cfg(feature = "sqlite")]
pub(crate) use file::{FileError, Form, open_writer};
#[cfg(feature = "postgres")]
pub use postgres::PostgresSetupStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteSetupStore;
