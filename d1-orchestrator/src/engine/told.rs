//! What followers of a setup were told before, so that they are not told twice.

use d1_core::{OutputChunk, ProgressEvent, SetupId, SetupStore, StepId, StoreError};
use std::collections::{HashMap, HashSet};

/// How much news is read back at once.
const BATCH: usize = 256;

/// What was told before, as far as it matters for what is told next.
#[derive(Debug, Default)]
pub(super) struct Told {
    started: HashSet<(StepId, u32)>,
    /// The last piece of output that was kept, for every attempt.
    chunks: HashMap<(StepId, u32), u64>,
    /// The last that was said of the link is that it was lost.
    pub(super) link_lost: bool,
}

impl Told {
    /// Reads back what an earlier driver told.
    pub(super) async fn read(store: &dyn SetupStore, id: SetupId) -> Result<Self, StoreError> {
        let (mut told, mut after) = (Self::default(), 0);
        loop {
            let news = store.progress(id, after, BATCH).await?;
            let Some(last) = news.last() else { return Ok(told) };
            after = last.seq;
            news.iter().for_each(|one| told.note(&one.event));
        }
    }

    /// Notes what was told just now.
    pub(super) fn note(&mut self, event: &ProgressEvent) {
        match event {
            ProgressEvent::StepStarted { step, attempt } => {
                self.started.insert((step.clone(), *attempt));
            }
            ProgressEvent::Output { step, attempt, chunk, .. } => {
                let last = self.chunks.entry((step.clone(), *attempt)).or_default();
                *last = (*last).max(*chunk);
            }
            ProgressEvent::LinkLost => self.link_lost = true,
            ProgressEvent::LinkBack => self.link_lost = false,
            ProgressEvent::Planned
            | ProgressEvent::Asked { .. }
            | ProgressEvent::Approved
            | ProgressEvent::Declined
            | ProgressEvent::StepSent { .. }
            | ProgressEvent::StepFinished { .. }
            | ProgressEvent::StepSkipped { .. }
            | ProgressEvent::Stopping { .. }
            | ProgressEvent::Resumed
            | ProgressEvent::Finished { .. } => {}
        }
    }

    pub(super) fn has_started(&self, step: &StepId, attempt: u32) -> bool {
        self.started.contains(&(step.clone(), attempt))
    }

    /// The number of the last piece of output that was kept.
    pub(super) fn last_chunk(&self, step: &StepId, attempt: u32) -> u64 {
        self.chunks.get(&(step.clone(), attempt)).copied().unwrap_or(0)
    }

    /// Whether this piece was kept before. A gap is no reason to wait: a crash may have
    /// cost what the device was told is kept, and it will not come again.
    pub(super) fn has_chunk(&self, step: &StepId, chunk: &OutputChunk) -> bool {
        chunk.seq <= self.last_chunk(step, chunk.attempt)
    }
}
