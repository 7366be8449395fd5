//! Tells one orchestrator how one task goes: begun, output, ended, in this order.
//!
//! Output is read back from the journal, so a slow or vanished listener slows only
//! itself, and one that comes back is told everything again from where it wants.

use super::live::News;
use d1_core::{FromDevice, Journal, LinkSender, OutputChunk, TaskId};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The most chunks read back at once.
const BATCH: usize = 32;

/// Which tasks one conversation tells of.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed(Arc<Mutex<HashSet<(TaskId, u32)>>>);

/// Held while a task is told of.
pub(super) struct Turn {
    followed: Followed,
    name: (TaskId, u32),
}

impl Followed {
    /// Begins to tell of an attempt; `None` when it is told of already.
    pub(super) fn begin(&self, name: (TaskId, u32)) -> Option<Turn> {
        let is_new = self.names().insert(name);
        is_new.then(|| Turn { followed: self.clone(), name })
    }

    /// Whether a task is told of.
    pub(super) fn has(&self, task: TaskId) -> bool {
        self.names().iter().any(|(followed, _)| *followed == task)
    }

    fn names(&self) -> MutexGuard<'_, HashSet<(TaskId, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.followed.names().remove(&self.name);
    }
}

/// What is told, to whom.
pub(super) struct Telling {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) name: (TaskId, u32),
    /// The last chunk of output that the listener has.
    pub(super) stored: u64,
    pub(super) to: LinkSender<FromDevice>,
    /// Fires when the conversation ends.
    pub(super) over: CancellationToken,
}

/// Follows a task to its end, or until the listener is gone.
pub(super) async fn follow(telling: Telling, mut news: watch::Receiver<News>) {
    let Telling { journal, name, stored, to, over } = telling;
    let (task, attempt) = name;
    let mut told_start = false;
    let mut sent = stored;
    loop {
        let now = news.borrow_and_update().clone();
        if now.started && !told_start {
            told_start = true;
            if to.send(FromDevice::Started { task, attempt }).await.is_err() {
                return;
            }
        }
        if send_output(&*journal, name, &mut sent, now.last_chunk, &to).await.is_none() {
            return;
        }
        if let Some(result) = now.result {
            // The other side answers with `ResultStored`; if it is gone it will ask again.
            let _gone = to.send(FromDevice::Finished(Box::new((*result).clone()))).await;
            return;
        }
        // What has happened is told even while the conversation ends.
        tokio::select! {
            biased;
            changed = news.changed() => if changed.is_err() { return },
            () = over.cancelled() => return,
        }
    }
}

/// Sends what is kept up to `last`; `None` when the listener is gone.
async fn send_output(
    journal: &dyn Journal,
    (task, attempt): (TaskId, u32),
    sent: &mut u64,
    last: u64,
    to: &LinkSender<FromDevice>,
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
