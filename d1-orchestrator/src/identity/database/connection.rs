//! The connection to the database, and what an error is about.

use crate::store::pool::{self, Step, Trouble};
use d1_core::DirectoryError;
use sqlx::PgPool;

/// Where the tables are, so that they may share a database with others.
const SCHEMA: &str = "d1_identity";

/// Every step from an empty schema to the present form, in order; never changed, only added to.
const MIGRATIONS: [Step; 4] = [
    (1, "people", include_str!("../../../migrations/postgres/identity/0001_people.sql")),
    (2, "enrolments", include_str!("../../../migrations/postgres/identity/0002_enrolments.sql")),
    (3, "order keys", include_str!("../../../migrations/postgres/identity/0003_order_keys.sql")),
    (
        4,
        "federated ids",
        include_str!("../../../migrations/postgres/identity/0004_federated_ids.sql"),
    ),
];

/// People, devices and signing keys in PostgreSQL, for many servers at once.
///
/// What is answered is committed. The signing keys are as secret as the database is: whoever
/// reads it can sign. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PostgresIdentity(pub(super) PgPool);

impl PostgresIdentity {
    /// Connects, and brings the tables into their present form; one process at a time does.
    pub async fn open(url: &str) -> Result<Self, DirectoryError> {
        let opened = pool::open(url, SCHEMA, &MIGRATIONS).await;
        opened.map(Self).map_err(failed("open its database"))
    }
}

/// What the directory could not do, and why not.
pub(super) fn failed<E: Into<Trouble>>(doing: &'static str) -> impl Fn(E) -> DirectoryError + Copy {
    move |source| DirectoryError::Backend { doing, source: source.into() }
}
