//! People, devices and signing keys in PostgreSQL, shared by many servers.

mod connection;
mod enrolment_tokens;
mod enrolments;
mod federated;
mod keys;
mod people;

pub use connection::PostgresIdentity;
pub use keys::{PostgresAuthorityKeys, PostgresOrderKeys};
