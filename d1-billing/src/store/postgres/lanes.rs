//! A few lanes, each with its own connection, and its own batches under way.
//!
//! A command goes into the lane of its account, so that what a lane keeps of an account stays
//! true; what ends a hold goes where the hold was made. The queue is here and not in the database:
//! who waits there holds a lock and a connection.

use super::{
    batch::{Answer, Desk},
    lane::{Job, Lane},
    recent::Recent,
};
use crate::{BillingError, Command, NewHold, Operation};
use d1_core::{OnFailure, Supervisor, Timestamp};
use sqlx::PgPool;
use std::{
    convert::Infallible,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};
use tokio::sync::{mpsc, oneshot};

/// How many batches may be under way at once. Few: a batch that waits grows.
pub(super) const LANES: usize = 2;

/// How many commands may wait in a lane; whoever comes later waits to put its own in.
const QUEUE: usize = 2048;

#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Vec<mpsc::Sender<Job>>,
    recent: Recent,
}

impl Lanes {
    pub(super) fn start(pool: &PgPool, supervisor: &Supervisor) -> Self {
        let lane = |_number| {
            let (jobs, queue) = mpsc::channel(QUEUE);
            let desk = Desk::new(pool.clone(), supervisor.clone());
            let (lane, stopping) = (Lane::new(desk, queue), supervisor.stopping());
            supervisor.spawn("ledger lane", OnFailure::StopAll, async move {
                lane.run(stopping).await;
                Ok::<(), Infallible>(())
            });
            jobs
        };
        Self { lanes: (0..LANES).map(lane).collect(), recent: Recent::default() }
    }

    pub(super) async fn apply(&self, command: Command, now: Timestamp) -> Answer {
        let lane = self.lanes.get(self.number(&command.operation)).ok_or_else(stopped)?;
        let (tell, told) = oneshot::channel();
        lane.send(Job { command, now, tell }).await.map_err(|_gone| stopped())?;
        told.await.unwrap_or_else(|_gone| Err(stopped()))
    }

    /// In which lane an operation is done.
    fn number(&self, operation: &Operation) -> usize {
        let (named, hold) = (operation.account(), operation.hold());
        let mut hash = DefaultHasher::new();
        match named.or_else(|| hold.and_then(|hold| self.recent.account(hold))) {
            Some(account) => account.hash(&mut hash),
            None => hold.hash(&mut hash),
        }
        if let Operation::Hold(NewHold { id, account, .. }) = operation {
            self.recent.remember(*id, *account);
        }
        usize::try_from(hash.finish() % LANES as u64).unwrap_or(0)
    }
}

pub(super) fn stopped() -> BillingError {
    let source = "it has stopped; start the program again".into();
    BillingError::Unavailable { doing: "write", source }
}
