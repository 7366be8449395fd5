//! [`SetupLeases`] in PostgreSQL, beside the setups, by the clock of the database.

use super::{
    PostgresSetupStore,
    pool::{Trouble, uuid},
};
use d1_core::{NodeId, SetupId, SetupLeases, StoreError};
use sqlx::types::Uuid;
use std::time::Duration;

const HOLD: &str = "hold the leases of setups";
const GIVE_BACK: &str = "give leases of setups back";

/// How much that has ended is cleared away each time: more than comes.
const SWEPT: i64 = 256;

#[async_trait::async_trait]
impl SetupLeases for PostgresSetupStore {
    async fn hold(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<Vec<SetupId>, StoreError> {
        if setups.is_empty() {
            return Ok(Vec::new());
        }
        // What a dead server left of setups that are over is wanted by nobody.
        let sql = "DELETE FROM lease WHERE setup IN (
                     SELECT setup FROM lease WHERE ends <= clock_timestamp()
                     ORDER BY ends LIMIT $1 FOR UPDATE SKIP LOCKED)";
        sqlx::query(sql).bind(SWEPT).execute(&self.pool).await.map_err(trouble(HOLD))?;
        let sql = "INSERT INTO lease (setup, node, ends)
                   SELECT setup, $1, clock_timestamp() + $3 * interval '1 millisecond'
                   FROM unnest($2::uuid[]) AS setup ORDER BY setup
                   ON CONFLICT (setup) DO UPDATE SET node = excluded.node, ends = excluded.ends
                   WHERE lease.node = excluded.node OR lease.ends <= clock_timestamp()
                   RETURNING setup";
        let held = sqlx::query_scalar(sql).bind(uuid(&node).map_err(trouble(HOLD))?);
        let held = held.bind(uuids(setups).map_err(trouble(HOLD))?).bind(millis(ttl));
        let held: Vec<Uuid> = held.fetch_all(&self.pool).await.map_err(trouble(HOLD))?;
        held.into_iter().map(|id| id.to_string().parse().map_err(trouble(HOLD))).collect()
    }

    async fn seize(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO lease (setup, node, ends)
                   SELECT setup, $1, clock_timestamp() + $3 * interval '1 millisecond'
                   FROM unnest($2::uuid[]) AS setup ORDER BY setup
                   ON CONFLICT (setup) DO UPDATE SET node = excluded.node, ends = excluded.ends";
        let seized = sqlx::query(sql).bind(uuid(&node).map_err(trouble(HOLD))?);
        let seized = seized.bind(uuids(setups).map_err(trouble(HOLD))?).bind(millis(ttl));
        seized.execute(&self.pool).await.map(drop).map_err(trouble(HOLD))
    }

    async fn give_back(&self, node: NodeId, setups: &[SetupId]) -> Result<(), StoreError> {
        let sql = "DELETE FROM lease WHERE setup IN (
                     SELECT setup FROM lease WHERE node = $1 AND setup = ANY($2::uuid[])
                     ORDER BY setup FOR UPDATE)";
        let freed = sqlx::query(sql).bind(uuid(&node).map_err(trouble(GIVE_BACK))?);
        let freed = freed.bind(uuids(setups).map_err(trouble(GIVE_BACK))?);
        freed.execute(&self.pool).await.map(drop).map_err(trouble(GIVE_BACK))
    }
}

/// Those names, each once: no statement changes a row twice.
fn uuids(setups: &[SetupId]) -> Result<Vec<Uuid>, Trouble> {
    let mut names: Vec<Uuid> = setups.iter().map(uuid).collect::<Result<_, _>>()?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn millis(ttl: Duration) -> f64 {
    ttl.as_secs_f64() * 1_000.0
}

fn trouble<E: Into<Trouble>>(doing: &'static str) -> impl FnOnce(E) -> StoreError {
    move |error| StoreError::Backend { doing, source: error.into() }
}
