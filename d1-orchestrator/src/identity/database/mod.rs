//! People, devices and signing keys in PostgreSQL, shared by many servers.

mod connection;
mod keys;
mod people;

pub use connection::PostgresIdentity;
