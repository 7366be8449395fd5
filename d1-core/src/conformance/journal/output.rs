//! Output: every byte, in order, once.

use super::*;
use crate::{JournalError, Output, OutputChunk, Stream, TaskId};
use tokio::task::JoinSet;

pub(super) async fn laws<F, J>(laws: &mut Laws, make: &F)
where
    F: Fn() -> J,
    J: Future<Output = Port>,
{
    laws.check("output_is_kept_exactly_and_in_order", exact(make().await)).await;
    laws.check("a_chunk_is_kept_once", kept_once(make().await)).await;
    laws.check("output_goes_on_after_a_number", goes_on(make().await)).await;
    laws.check("every_attempt_has_its_own_output", own_output(make().await)).await;
    laws.check("racing_writers_leave_no_gap", racers_leave_no_gap(make().await)).await;
    laws.check("output_nobody_ordered_is_refused_whole", refused_whole(make().await)).await;
}

async fn exact(journal: Port) {
    let order = started(&journal).await;
    let streams = [Stream::Stdout, Stream::Stderr, Stream::Note];
    let bytes =
        [b"plain".to_vec(), vec![0, 255, 0xc3], Vec::new(), vec![b'x'; OutputChunk::MAX_BYTES]];
    let chunks: Vec<_> = (1..=12)
        .map(|seq: u64| {
            let at = usize::try_from(seq).unwrap();
            let output = Output { stream: streams[at % 3], bytes: bytes[at % 4].clone() };
            OutputChunk { task: order.task, attempt: 1, seq, output }
        })
        .collect();
    journal.append(&[]).await.unwrap();
    for some in chunks.chunks(5) {
        journal.append(some).await.unwrap();
    }
    assert_eq!(all(&journal, order.task, 1).await, chunks);
}

async fn kept_once(journal: Port) {
    let order = started(&journal).await;
    let first = chunks(order.task, 1, 1..=6, "first");
    journal.append(&first).await.unwrap();
    journal.append(&chunks(order.task, 1, 4..=9, "again")).await.unwrap();
    let twice = chunks(order.task, 1, 9..=10, "twice");
    journal.append(&[twice.clone(), twice.clone()].concat()).await.unwrap();
    let new = chunks(order.task, 1, 7..=9, "again");
    assert_eq!(all(&journal, order.task, 1).await, [first, new, twice[1..].to_vec()].concat());
}

async fn goes_on(journal: Port) {
    let order = started(&journal).await;
    let written = chunks(order.task, 1, 1..=10, "line");
    journal.append(&written).await.unwrap();
    for (after, limit) in [(0, 3), (3, 3), (9, 3), (0, 10), (2, 100), (5, usize::MAX)] {
        let from = usize::try_from(after).unwrap();
        let to = from.saturating_add(limit).min(written.len());
        let told = journal.output(order.task, 1, after, limit).await.unwrap();
        assert_eq!(told, written[from..to]);
    }
    for (after, limit) in [(10, 3), (11, 3), (u64::MAX, 3), (0, 0)] {
        assert_eq!(journal.output(order.task, 1, after, limit).await.unwrap(), []);
    }
    assert_eq!(journal.output(an_order().task, 1, 0, 9).await.unwrap(), []);
}

async fn own_output(journal: Port) {
    let (order, _) = finished(&journal, Outcome::Failed).await;
    let one = chunks(order.task, 1, 1..=3, "one");
    journal.append(&one).await.unwrap();
    let next = attempt(&order, 2);
    receive_new(&journal, &next).await;
    let two = chunks(order.task, 2, 1..=2, "two");
    journal.append(&two).await.unwrap();
    let other = started(&journal).await;
    let others = chunks(other.task, 1, 1..=1, "other");
    journal.append(&others).await.unwrap();

    assert_eq!(all(&journal, order.task, 1).await, one);
    assert_eq!(all(&journal, order.task, 2).await, two);
    assert_eq!(all(&journal, other.task, 1).await, others);
}

async fn racers_leave_no_gap(journal: Port) {
    let shared = started(&journal).await;
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let own = started(&journal).await;
        let (journal, shared) = (Arc::clone(&journal), shared.task);
        racers.spawn(async move {
            for seq in 1..=8 {
                let mut both = chunks(own.task, 1, seq..=seq, "raced");
                both.extend(chunks(shared, 1, seq..=seq, "raced"));
                journal.append(&both).await.unwrap();
                // What is appended can be read at once.
                assert_eq!(all(&journal, own.task, 1).await, chunks(own.task, 1, 1..=seq, "raced"));
            }
        });
    }
    while let Some(ended) = racers.join_next().await {
        ended.unwrap();
    }
    assert_eq!(all(&journal, shared.task, 1).await, chunks(shared.task, 1, 1..=8, "raced"));
}

async fn refused_whole(journal: Port) {
    let order = started(&journal).await;
    let gone = forgotten(&journal, Outcome::Failed).await;
    for (task, attempt) in [(an_order().task, 1), (order.task, 2), (gone.task, 1)] {
        let mut mixed = chunks(order.task, 1, 1..=2, "fine");
        mixed.extend(chunks(task, attempt, 1..=1, "nobody's"));
        let refused = journal.append(&mixed).await;
        assert!(matches!(refused, Err(JournalError::Unknown(unknown)) if unknown == task));
        assert_eq!(all(&journal, order.task, 1).await, []);
        assert_eq!(all(&journal, task, attempt).await, []);
    }
}

pub(super) async fn all(journal: &Port, task: TaskId, attempt: u32) -> Vec<OutputChunk> {
    journal.output(task, attempt, 0, usize::MAX).await.unwrap()
}

pub(super) fn chunks(
    task: TaskId,
    attempt: u32,
    seqs: std::ops::RangeInclusive<u64>,
    text: &str,
) -> Vec<OutputChunk> {
    let output = |seq| Output::note(format!("{text} {seq}"));
    seqs.map(|seq| OutputChunk { task, attempt, seq, output: output(seq) }).collect()
}
