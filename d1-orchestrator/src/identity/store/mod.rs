//! Everything of identity that is kept in one SQLite file.

mod file;
mod keys;

pub use file::{IdentityFileError, SqliteIdentity};
