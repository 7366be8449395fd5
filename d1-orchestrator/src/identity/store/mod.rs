//! Everything of identity that is kept in one SQLite file.

mod file;
mod keys;
mod people;
mod sessions;

pub use file::{IdentityFileError, SqliteIdentity};
