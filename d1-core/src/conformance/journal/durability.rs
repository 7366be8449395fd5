//! What outlives the process that wrote it.

use super::{
    output::{all, chunks},
    *,
};
use crate::{Entry, JournalError, OutputChunk, Receipt, TaskId, Timestamp};

/// Checks that everything is still there when the same journal is opened again.
///
/// `open` gives the same journal every time, and is only called when no earlier one
/// is in use. It begins empty.
pub async fn journal_durability<F, J>(open: F)
where
    F: Fn() -> J,
    J: Future<Output = Arc<dyn Journal>>,
{
    let mut laws = Laws::default();
    let written = write(open().await).await;
    let found = look(&open().await, &written.tasks).await;
    laws.check("entries_outlive_the_process", same(found.entries, written.seen.entries)).await;
    laws.check("tombstones_outlive_the_process", same(found.known, written.seen.known)).await;
    laws.check("output_outlives_the_process", same(found.output, written.seen.output)).await;
    laws.check("receipts_outlive_the_process", same(found.receipts, written.seen.receipts)).await;
    laws.check("fences_outlive_the_process", fences_stand(open().await, written.order)).await;
    let gone = written.gone;
    laws.check("old_tombstones_can_be_purged", purges(open().await)).await;
    laws.check("purged_stays_purged", stays_purged(open().await, gone)).await;
    laws.all_hold();
}

struct Written {
    order: TaskCommand,
    gone: TaskId,
    tasks: Vec<TaskId>,
    seen: Seen,
}

struct Seen {
    entries: Vec<Entry>,
    known: Vec<Option<Entry>>,
    output: Vec<OutputChunk>,
    receipts: Vec<Receipt>,
}

/// Brings tasks to every stage, and says what is known in the end.
async fn write(journal: Port) -> Written {
    let order = received(&journal).await;
    let running = started(&journal).await;
    journal.append(&chunks(running.task, 1, 1..=40, "running")).await.unwrap();
    let (done, _) = finished(&journal, Outcome::Succeeded).await;
    let (retried, _) = finished(&journal, Outcome::Failed).await;
    journal.append(&chunks(retried.task, 1, 1..=3, "failed")).await.unwrap();
    receive_new(&journal, &attempt(&retried, 2)).await;
    let gone = forgotten(&journal, Outcome::Succeeded).await;
    let undo = started(&journal).await;
    let result = took_back(&undo, done.task, Outcome::Succeeded);
    journal.finish(&result, NOW).await.unwrap();
    journal.fence(order.setup, 12).await.unwrap();
    let tasks = [&order, &running, &done, &retried, &gone, &undo].map(|order| order.task).to_vec();
    let seen = look(&journal, &tasks).await;
    Written { order, gone: gone.task, tasks, seen }
}

async fn look(journal: &Port, tasks: &[TaskId]) -> Seen {
    let (mut known, mut output) = (Vec::new(), Vec::new());
    for task in tasks {
        known.push(journal.entry(*task).await.unwrap());
        output.extend(all(journal, *task, 1).await);
    }
    Seen {
        entries: journal.entries().await.unwrap(),
        known,
        output,
        receipts: journal.receipts().await.unwrap(),
    }
}

async fn same<T: PartialEq + std::fmt::Debug>(found: T, written: T) {
    assert_eq!(found, written);
}

async fn fences_stand(journal: Port, order: TaskCommand) {
    let refused = journal.fence(order.setup, 11).await;
    assert!(matches!(refused, Err(JournalError::StaleEpoch { given: 11, seen: 12, .. })));
    let known = journal.receive(&epoch(&order, 12), NOW).await.unwrap();
    assert!(matches!(known, Reception::Known(_)));
}

async fn purges(journal: Port) {
    assert_eq!(journal.purge(Timestamp(u64::MAX)).await.unwrap(), 1);
}

async fn stays_purged(journal: Port, gone: TaskId) {
    assert_eq!(journal.entry(gone).await.unwrap(), None);
}
