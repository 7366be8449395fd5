//! People, devices and signing keys in PostgreSQL, shared by many servers.

mod connection;
mod enrolments;
mod keys;
mod people;

pub use connection::PostgresIdentity;
pub use keys::{PostgresAuthorityKeys, PostgresOrderKeys};
