//! What commands write: kept in batches, acknowledged when it is kept.

use super::{
    drive::Driver,
    error::EngineError,
    settle::{first_wait, longer},
};
use d1_core::{OutputChunk, ProgressEvent, StoreError, TaskId, ToDevice};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// The most pieces of output that are kept in one go.
const BATCH_CHUNKS: usize = 128;
/// About the most bytes of output that are kept in one go.
const BATCH_BYTES: usize = 512 * 1024;

impl Driver {
    /// Takes a piece of output in; it is kept with the next ones.
    pub(super) async fn collect(&mut self, chunk: OutputChunk) -> Result<(), EngineError> {
        self.quiet_since.insert(chunk.task, Instant::now());
        self.pending.push(chunk);
        let bytes: usize = self.pending.iter().map(|chunk| chunk.output.bytes.len()).sum();
        if self.pending.len() >= BATCH_CHUNKS || bytes >= BATCH_BYTES {
            self.keep_output().await?;
        }
        Ok(())
    }

    /// Keeps what was taken in, each piece once, and tells the device so.
    pub(super) async fn keep_output(&mut self) -> Result<(), EngineError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let chunks = std::mem::take(&mut self.pending);
        let (news, kept) = self.sort_out(chunks);
        if !news.is_empty() {
            self.tell_output(&news).await?;
            self.engine.0.bells.ring(self.setup.id);
        }
        for ((task, attempt), seq) in kept {
            self.say(ToDevice::OutputStored { task, attempt, seq }).await;
        }
        Ok(())
    }

    /// What of it is new, and how far each attempt's output is known afterwards.
    fn sort_out(
        &mut self,
        chunks: Vec<OutputChunk>,
    ) -> (Vec<ProgressEvent>, BTreeMap<(TaskId, u32), u64>) {
        let (mut news, mut kept) = (Vec::new(), BTreeMap::new());
        for chunk in chunks {
            let Some(task) = self.setup.task(chunk.task) else { continue };
            let (step, attempt) = (task.step.clone(), chunk.attempt);
            if !self.told.has_chunk(&step, &chunk) {
                let event = ProgressEvent::Output {
                    step: step.clone(),
                    attempt,
                    chunk: chunk.seq,
                    stream: chunk.output.stream,
                    text: String::from_utf8_lossy(&chunk.output.bytes).into_owned(),
                };
                // If it cannot be kept, this driver lets go, and the next one reads back.
                self.told.note(&event);
                news.push(event);
            }
            kept.insert((chunk.task, attempt), self.told.last_chunk(&step, attempt));
        }
        (news, kept)
    }

    async fn tell_output(&self, news: &[ProgressEvent]) -> Result<(), EngineError> {
        let parts = &self.engine.0.parts;
        let (stopping, mut wait) = (parts.supervisor.stopping(), first_wait());
        loop {
            match parts.store.tell(self.setup.id, news, parts.clock.now()).await {
                Err(error @ StoreError::Backend { .. }) => {
                    tracing::warn!(setup = %self.setup.id, %error, ?wait, "output not kept yet");
                    tokio::select! {
                        biased;
                        () = stopping.cancelled() => return Err(error.into()),
                        () = tokio::time::sleep(wait) => wait = longer(wait),
                    }
                }
                other => return Ok(other?),
            }
        }
    }
}
