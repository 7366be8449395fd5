//! The laws of [`AuditLog`].

use super::{Laws, samples::RACERS};
use crate::{
    AUDIT_CHECKPOINT_EVERY, AuditEntry, AuditKind, AuditLine, AuditLog, AuditTrust, AuditVerdict,
    AuditVerifier, SealedRecord, SignedHead, Timestamp,
};
use std::{future::Future, sync::Arc};
use tokio::task::JoinSet;

type Port = Arc<dyn AuditLog>;

/// When everything here happens.
const NOW: Timestamp = Timestamp(1_700_000_000_123);
/// How many lines are read at once: fewer than there are.
const PAGE: usize = 5;

/// Checks every law of [`AuditLog`], each on a fresh one from `make`.
pub async fn audit_log<F, S>(make: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let mut laws = Laws::default();
    laws.check("a_new_log_verifies_and_is_empty", empty(make().await)).await;
    laws.check("what_is_written_is_read_as_it_was_said", reads(make().await)).await;
    laws.check("each_record_has_the_next_number", numbers(make().await)).await;
    laws.check("the_head_has_everything_before_it", heads(make().await)).await;
    laws.check("what_ends_something_is_signed_at_once", closes(make().await)).await;
    laws.check("little_is_ever_unsigned", bounded(make().await)).await;
    laws.check("of_many_at_once_each_has_one_record", racing(make().await)).await;
    laws.check("words_can_be_taken_away_and_it_verifies", redacts(make().await)).await;
    laws.all_hold();
}

/// Checks that a log goes on when it is opened again.
///
/// `open` gives the same log every time, and is only called when no earlier one is in use. It
/// begins empty.
pub async fn audit_log_durability<F, S>(open: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let log = open().await;
    for number in 1..=3 {
        log.append(started(number), NOW).await.unwrap();
    }
    let head = log.head(NOW).await.unwrap();
    log.append(started(4), NOW).await.unwrap();
    drop(log);
    let again = open().await;
    let mut laws = Laws::default();
    laws.check("a_log_goes_on_where_it_was", async move {
        assert_eq!(again.append(started(5), NOW).await.unwrap(), 5);
        assert_eq!(again.head(NOW).await.unwrap().checkpoint.key, head.checkpoint.key);
        let verdict = verified(&again, vec![head]).await;
        assert_eq!((verdict.last, verdict.anchors), (5, 1));
        assert_eq!(tasks(&again).await, ["1", "2", "3", "4", "5"]);
    })
    .await;
    laws.all_hold();
}

fn started(number: u64) -> AuditEntry {
    AuditEntry::new(AuditKind::TaskStarted).about("task", number).saying("argv", "true ä\"\u{1}")
}

fn ended(number: u64) -> AuditEntry {
    AuditEntry::new(AuditKind::TaskEnded).about("task", number)
}

/// Every line there is.
async fn all(log: &Port) -> Vec<AuditLine> {
    let mut lines = Vec::new();
    loop {
        let page = log.lines(lines.len() as u64, PAGE).await.unwrap();
        assert!(page.len() <= PAGE);
        if page.is_empty() {
            return lines;
        }
        lines.extend(page);
    }
}

async fn records(log: &Port) -> Vec<SealedRecord> {
    let record = |line| match line {
        AuditLine::Record(record) => Some(*record),
        AuditLine::Checkpoint(_) => None,
    };
    all(log).await.into_iter().filter_map(record).collect()
}

async fn tasks(log: &Port) -> Vec<String> {
    records(log).await.into_iter().map(|sealed| sealed.record.about["task"].clone()).collect()
}

/// That it holds, for somebody who has its key and these heads.
async fn verified(log: &Port, heads: Vec<SignedHead>) -> AuditVerdict {
    let key = log.head(NOW).await.unwrap().checkpoint.key;
    let mut verifier = AuditVerifier::new(AuditTrust { keys: vec![key], heads });
    for line in all(log).await {
        verifier.read(&line.to_text()).unwrap();
    }
    verifier.finish().unwrap()
}

async fn empty(log: Port) {
    let verdict = verified(&log, Vec::new()).await;
    assert_eq!((verdict.before, verdict.last, verdict.signed), (0, 0, 0));
    assert!(log.lines(0, 0).await.unwrap().is_empty());
}

async fn reads(log: Port) {
    let entry = started(7);
    log.append(entry.clone(), NOW).await.unwrap();
    let kept = records(&log).await.remove(0);
    assert_eq!((kept.record.seq, kept.record.at), (1, NOW));
    assert_eq!((kept.record.kind.as_str(), kept.record.about), ("task.started", entry.about));
    assert_eq!(kept.words.unwrap().text, entry.words);
}

async fn numbers(log: Port) {
    for number in 1..=40 {
        assert_eq!(log.append(started(number), NOW).await.unwrap(), number);
    }
    let expected: Vec<_> = (1..=40).map(|number| number.to_string()).collect();
    assert_eq!(tasks(&log).await, expected);
    verified(&log, Vec::new()).await;
}

async fn heads(log: Port) {
    let mut heads = vec![log.head(NOW).await.unwrap()];
    for number in 1..=3 {
        log.append(started(number), NOW).await.unwrap();
        let head = log.head(NOW).await.unwrap();
        assert!(head.is_signed());
        assert_eq!(head.checkpoint.seq, number);
        heads.push(head);
    }
    assert_eq!(verified(&log, heads).await.anchors, 4);
}

async fn closes(log: Port) {
    log.append(started(1), NOW).await.unwrap();
    log.append(ended(1), NOW).await.unwrap();
    let last = all(&log).await.pop();
    assert!(matches!(last, Some(AuditLine::Checkpoint(head)) if head.checkpoint.seq == 2));
}

async fn bounded(log: Port) {
    for number in 1..=AUDIT_CHECKPOINT_EVERY {
        log.append(started(number), NOW).await.unwrap();
    }
    let last = all(&log).await.pop();
    assert!(matches!(last, Some(AuditLine::Checkpoint(_))), "{last:?}");
}

async fn racing(log: Port) {
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let log = Arc::clone(&log);
        racers.spawn(async move { log.append(started(racer as u64), NOW).await.unwrap() });
    }
    let mut numbers = racers.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=RACERS as u64).collect::<Vec<_>>());
    let mut told = tasks(&log).await;
    told.sort_unstable_by_key(|task| task.parse::<usize>().unwrap());
    assert_eq!(told, (0..RACERS).map(|racer| racer.to_string()).collect::<Vec<_>>());
    verified(&log, Vec::new()).await;
}

async fn redacts(log: Port) {
    log.append(started(1), NOW).await.unwrap();
    log.append(ended(1), NOW).await.unwrap();
    let key = log.head(NOW).await.unwrap().checkpoint.key;
    let mut verifier = AuditVerifier::new(AuditTrust { keys: vec![key], heads: Vec::new() });
    for line in all(&log).await {
        let line = match line {
            AuditLine::Record(record) => AuditLine::Record(Box::new(record.without_words())),
            AuditLine::Checkpoint(head) => AuditLine::Checkpoint(head),
        };
        verifier.read(&line.to_text()).unwrap();
    }
    assert_eq!(verifier.finish().unwrap().redacted, 1);
}
