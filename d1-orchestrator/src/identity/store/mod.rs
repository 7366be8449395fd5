//! Everything of identity that is kept in one SQLite file.

mod enrolments;
mod file;
mod keys;
mod people;
mod sessions;

pub use file::{IdentityFileError, SqliteIdentity};
pub use keys::{SqliteAuthorityKeys, SqliteOrderKeys};
