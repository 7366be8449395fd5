//! Those who were there around the last batch, and are likely to ask again.

use super::writer::{BATCH, Job};
use std::{
    thread,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// How much of the time of a batch is spent at most on waiting for those who shared the last.
const SHARE: u32 = 8;

/// How long anybody is waited for at most, however slow the disk is.
const LONGEST: Duration = Duration::from_millis(2);

/// Those whom the last batch answered or left waiting, and how long it took.
///
/// Whoever was answered needs a moment to ask again. A batch that began at once would carry
/// only the quickest of them, and the rest would pay for a sync of their own.
#[derive(Default)]
pub(super) struct Crowd {
    pub(super) size: usize,
    pub(super) took: Duration,
}

impl Crowd {
    /// Lets everybody who is ready to ask do so, so that they share the sync: as long as
    /// somebody does, and for a moment longer while some of the last crowd are not back.
    /// Whoever was alone waits for nobody.
    pub(super) fn gather(&self, queue: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>) {
        let until = Instant::now() + (self.took / SHARE).min(LONGEST);
        let mut before = 0;
        while jobs.len() < BATCH
            && (before < jobs.len() || (jobs.len() < self.size && Instant::now() < until))
        {
            before = jobs.len();
            thread::yield_now();
            while jobs.len() < BATCH
                && let Ok(job) = queue.try_recv()
            {
                jobs.push(job);
            }
        }
    }
}
