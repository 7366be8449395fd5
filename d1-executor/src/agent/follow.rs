//! Tells one orchestrator how one task goes: begun, output, ended, in this order.
//!
//! Output is read back from the journal, so a slow or vanished listener slows only
//! itself, and one that comes back is told everything again from where it wants.

use super::live::News;
use d1_core::{FromDevice, Journal, OutputChunk, TaskId};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The most chunks read back at once.
const BATCH: usize = 32;

/// Follows a task to its end, or until the listener is gone.
pub(super) async fn follow(
    journal: Arc<dyn Journal>,
    (task, attempt): (TaskId, u32),
    mut news: watch::Receiver<News>,
    to: mpsc::Sender<FromDevice>,
) {
    let mut told_start = false;
    let mut sent = 0;
    loop {
        let now = news.borrow_and_update().clone();
        if now.started && !told_start {
            told_start = true;
            if to.send(FromDevice::Started { task, attempt }).await.is_err() {
                return;
            }
        }
        let caught_up = send_output(&*journal, (task, attempt), &mut sent, now.last_chunk, &to);
        if caught_up.await.is_none() {
            return;
        }
        if let Some(result) = now.result {
            // The other side answers with `ResultStored`; if it is gone it will ask again.
            let _gone = to.send(FromDevice::Finished(Box::new((*result).clone()))).await;
            return;
        }
        if news.changed().await.is_err() {
            return;
        }
    }
}

/// Sends what is kept up to `last`; `None` when the listener is gone.
async fn send_output(
    journal: &dyn Journal,
    (task, attempt): (TaskId, u32),
    sent: &mut u64,
    last: u64,
    to: &mpsc::Sender<FromDevice>,
) -> Option<()> {
    while *sent < last {
        let chunks = match journal.output(task, attempt, *sent, BATCH).await {
            Ok(chunks) if chunks.is_empty() => return Some(()),
            Ok(chunks) => chunks,
            Err(error) => {
                tracing::warn!(%task, %error, "output cannot be read back");
                return Some(());
            }
        };
        for chunk in chunks {
            let OutputChunk { seq, .. } = chunk;
            to.send(FromDevice::Output(chunk)).await.ok()?;
            *sent = seq;
        }
    }
    Some(())
}
