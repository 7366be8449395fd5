//! How a database of PostgreSQL is opened, whatever is kept in it.

use sqlx::{
    AssertSqlSafe, PgPool, SqlSafeStr as _,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    types::Uuid,
};
use std::{error::Error, time::Duration};

/// How many connections one process has at most for each thing that it keeps.
const CONNECTIONS: u32 = 8;

/// How long to wait for a connection before the database counts as not there.
const CONNECT: Duration = Duration::from_secs(10);

/// What went wrong underneath.
pub(crate) type Trouble = Box<dyn Error + Send + Sync>;

/// A step from an empty schema to the present form: its number, its name, what it does.
pub(crate) type Step = (i64, &'static str, &'static str);

/// Connects, and brings the tables of `schema` into their present form; one process at a time
/// does. The schema lets them share a database with others.
pub(crate) async fn open(
    url: &str,
    schema: &'static str,
    steps: &[Step],
) -> Result<PgPool, Trouble> {
    let options: PgConnectOptions = url.parse()?;
    // A server that is told to answer early would make every promise here empty.
    let options = options.options([("search_path", schema), ("synchronous_commit", "on")]);
    let pool = PgPoolOptions::new().acquire_timeout(CONNECT).max_connections(CONNECTIONS);
    let pool = pool.connect_with(options).await?;
    let migration = |(version, name, sql): &Step| {
        let sql = AssertSqlSafe(*sql).into_sql_str();
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
    };
    let mut migrator = Migrator::with_migrations(steps.iter().map(migration).collect());
    migrator.create_schema(schema);
    migrator.run(&pool).await.map_err(|error| bringing_forward(error, steps.len()))?;
    Ok(pool)
}

/// Tables of a newer form are no trouble that passes: they are told as what they are.
fn bringing_forward(error: MigrateError, known: usize) -> Trouble {
    let MigrateError::VersionMissing(found) = error else { return error.into() };
    let words = "this database was written by a newer version";
    format!("{words} (form {found}, known up to {known}); upgrade this program").into()
}

/// An identifier as PostgreSQL has it.
pub(crate) fn uuid(id: &impl ToString) -> Result<Uuid, Trouble> {
    Ok(Uuid::try_parse(&id.to_string())?)
}

/// A number as PostgreSQL counts: nothing that is kept is beyond the largest there is.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
