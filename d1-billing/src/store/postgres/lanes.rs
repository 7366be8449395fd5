//! A few lanes, each with its own connection, and its own batch under way.
//!
//! A command goes into the lane of its account, so that what a lane keeps of an account stays
//! true; what ends a hold goes where the hold was made. What arrives while the lane commits is its
//! next batch, so that nobody waits for a timer and a busy account shares its syncs. The queue
//! is here and not in the database: who waits there holds a lock and a connection.

use super::{
    batch::{Answer, Desk},
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

/// How many commands one transaction takes at most, so that none waits long for its answer.
const BATCH: usize = 1024;

#[derive(Debug)]
struct Job {
    command: Command,
    now: Timestamp,
    tell: oneshot::Sender<Answer>,
}

#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Vec<mpsc::Sender<Job>>,
    recent: Recent,
}

impl Lanes {
    pub(super) fn start(pool: &PgPool, supervisor: &Supervisor) -> Self {
        let lane = |_number| {
            let (jobs, queue) = mpsc::channel(QUEUE);
            let (desk, stopping) = (Desk::new(pool.clone()), supervisor.stopping());
            supervisor.spawn("ledger lane", OnFailure::StopAll, async move {
                run(desk, queue, stopping).await;
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

/// Lets everybody who is ready to ask do so, so that they share the sync: as long as somebody
/// does, and with no timer, so that whoever is alone waits for nobody.
async fn gather(queue: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>) {
    let mut before = 0;
    while before < jobs.len() && jobs.len() < BATCH {
        before = jobs.len();
        tokio::task::yield_now().await;
        while jobs.len() < BATCH
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
    }
}

/// Commits batch after batch, until the process stops and nobody waits any more.
async fn run(
    mut desk: Desk,
    mut queue: mpsc::Receiver<Job>,
    stopping: tokio_util::sync::CancellationToken,
) {
    let mut jobs = Vec::new();
    loop {
        let waiting = tokio::select! {
            biased;
            count = queue.recv_many(&mut jobs, BATCH) => count,
            () = stopping.cancelled(), if !queue.is_closed() => {
                queue.close();
                continue;
            }
        };
        if waiting == 0 {
            return;
        }
        gather(&mut queue, &mut jobs).await;
        let (mut commands, mut tells, mut now) = (Vec::new(), Vec::new(), Timestamp(0));
        for job in jobs.drain(..) {
            now = now.max(job.now);
            commands.push(job.command);
            tells.push(job.tell);
        }
        for (tell, answer) in tells.into_iter().zip(desk.answer(&commands, now).await) {
            // Nobody there to hear it any more: what is written stays written.
            drop(tell.send(answer));
        }
    }
}

fn stopped() -> BillingError {
    let source = "it has stopped; start the program again".into();
    BillingError::Unavailable { doing: "write", source }
}
