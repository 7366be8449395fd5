//! Audit logs: the one in memory, some with a flaw each, and every way to change a log behind
//! the back of whoever verifies it.

use crate::broken_laws;
use d1_core::{
    AuditChain, AuditEntry, AuditError, AuditFlaw, AuditKey, AuditKind, AuditLine, AuditLog,
    AuditTrust, AuditVerdict, AuditVerifier, Digest, SignedHead, Timestamp, conformance,
    memory::MemoryAuditLog,
};
use std::sync::{Arc, Mutex};

fn key() -> AuditKey {
    AuditKey::from_seed(&[7; 32])
}

#[tokio::test]
async fn the_audit_log_in_memory_obeys_every_law() {
    conformance::audit_log(|| async {
        Arc::new(MemoryAuditLog::new("device:test", key())) as Arc<dyn AuditLog>
    })
    .await;
}

#[tokio::test]
async fn an_audit_log_that_dies_with_its_process_fails_the_durability_exam() {
    let open =
        || async { Arc::new(MemoryAuditLog::new("device:test", key())) as Arc<dyn AuditLog> };
    let broken = broken_laws(conformance::audit_log_durability(open)).await;
    assert_eq!(broken, ["a_log_goes_on_where_it_was"]);
}

/// What is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    Omits,
    Doubles,
    SignsNothing,
    LosesWords,
    ForgetsTheNewest,
}

#[derive(Debug)]
struct Flawed(Flaw, MemoryAuditLog, Mutex<u64>);

#[async_trait::async_trait]
impl AuditLog for Flawed {
    async fn append(&self, mut entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        let count = {
            let mut count = self.2.lock().unwrap();
            *count += 1;
            *count
        };
        match self.0 {
            Flaw::Omits if count == 3 => return Ok(count),
            Flaw::Doubles => {
                self.1.append(entry.clone(), at).await?;
            }
            Flaw::LosesWords => entry.words.clear(),
            _ => {}
        }
        self.1.append(entry, at).await
    }

    async fn head(&self, at: Timestamp) -> Result<SignedHead, AuditError> {
        self.1.head(at).await
    }

    async fn lines(&self, skip: u64, limit: usize) -> Result<Vec<AuditLine>, AuditError> {
        let mut lines = self.1.lines(0, usize::MAX).await?;
        if self.0 == Flaw::SignsNothing {
            let mut at = 0;
            lines.retain(|line| {
                at += 1;
                at == 1 || matches!(line, AuditLine::Record(_))
            });
        }
        if self.0 == Flaw::ForgetsTheNewest {
            lines.truncate(lines.len().max(2) - 1);
        }
        let skip = usize::try_from(skip).unwrap();
        Ok(lines.into_iter().skip(skip).take(limit).collect())
    }
}

#[tokio::test]
async fn a_flawed_audit_log_fails_by_the_laws_it_breaks() {
    let cases: [(Flaw, &[&str]); 5] = [
        (
            Flaw::Omits,
            &[
                "each_record_has_the_next_number",
                "the_head_has_everything_before_it",
                "little_is_ever_unsigned",
                "of_many_at_once_each_has_one_record",
            ],
        ),
        (
            Flaw::Doubles,
            &[
                "each_record_has_the_next_number",
                "the_head_has_everything_before_it",
                "what_ends_something_is_signed_at_once",
                "of_many_at_once_each_has_one_record",
            ],
        ),
        (Flaw::SignsNothing, &["what_ends_something_is_signed_at_once", "little_is_ever_unsigned"]),
        (
            Flaw::LosesWords,
            &["what_is_written_is_read_as_it_was_said", "words_can_be_taken_away_and_it_verifies"],
        ),
        (
            Flaw::ForgetsTheNewest,
            &[
                "what_is_written_is_read_as_it_was_said",
                "what_ends_something_is_signed_at_once",
                "little_is_ever_unsigned",
            ],
        ),
    ];
    for (flaw, laws) in cases {
        let make = || async {
            let log = MemoryAuditLog::new("device:test", key());
            Arc::new(Flawed(flaw, log, Mutex::default())) as Arc<dyn AuditLog>
        };
        let broken = broken_laws(conformance::audit_log(make)).await;
        for law in laws {
            assert!(broken.iter().any(|one| one == law), "{flaw:?} breaks {law}, not {broken:?}");
        }
    }
}

/// A log of six records, and the lines it consists of: a checkpoint, and after every second
/// record another one.
fn a_log() -> Vec<String> {
    written("device:test", key(), |_| {})
}

fn written(stream: &str, key: AuditKey, change: impl Fn(&mut AuditEntry)) -> Vec<String> {
    let mut chain = AuditChain::begin(stream, key);
    let mut lines = vec![AuditLine::Checkpoint(chain.sign(Timestamp(0)))];
    for number in 1..=6 {
        let kind = if number % 2 == 0 { AuditKind::TaskEnded } else { AuditKind::TaskStarted };
        let mut entry = AuditEntry::new(kind).about("task", number).saying("argv", "rm -rf /ä");
        change(&mut entry);
        let (record, head) = chain.seal(entry, Timestamp(1_000 + number)).unwrap();
        lines.push(AuditLine::Record(Box::new(record)));
        lines.extend(head.map(AuditLine::Checkpoint));
    }
    lines.iter().map(AuditLine::to_text).collect()
}

fn verify(lines: &[String], heads: Vec<SignedHead>) -> Result<AuditVerdict, (u64, AuditFlaw)> {
    let mut verifier = AuditVerifier::new(AuditTrust { keys: vec![key().public()], heads });
    let broken = |broken: d1_core::AuditBreak| (broken.line, broken.flaw);
    lines.iter().try_for_each(|line| verifier.read(line)).map_err(broken)?;
    verifier.finish().map_err(broken)
}

fn last_head(lines: &[String]) -> SignedHead {
    SignedHead::from_text(lines.last().unwrap()).unwrap()
}

#[test]
fn a_log_as_it_was_written_holds_and_says_what_is_in_it() {
    let lines = a_log();
    assert_eq!(lines.len(), 10);
    let head = last_head(&lines);
    let verdict = verify(&lines, vec![head.clone()]).unwrap();
    let expected = AuditVerdict {
        stream: "device:test".to_owned(),
        before: 0,
        last: 6,
        head: head.checkpoint.hash,
        signed: 6,
        redacted: 0,
        anchors: 1,
    };
    assert_eq!(verdict, expected);
}

#[test]
fn every_way_to_change_a_log_is_found_at_its_first_line() {
    let broken = |change: fn(&mut Vec<String>)| {
        let mut lines = a_log();
        let kept = last_head(&lines);
        change(&mut lines);
        verify(&lines, vec![kept]).map(drop).unwrap_err()
    };
    use AuditFlaw as F;
    // Edited: a record, its words, the hash of its words, its own hash, its link.
    assert_eq!(broken(|l| l[2] = l[2].replacen("\"at\":1002", "\"at\":1003", 1)), (3, F::Record));
    assert_eq!(broken(|l| l[1] = l[1].replacen("\"at\":1001", "\"at\":1003", 1)), (2, F::Record));
    assert_eq!(broken(|l| l[1] = l[1].replacen("rm -rf", "ls -al", 1)), (2, F::Words));
    assert_eq!(broken(|l| l[1] = l[1].replacen("task.started", "task.refused", 1)), (2, F::Record));
    // Dropped, doubled, in another order.
    assert_eq!(broken(|l| drop(l.remove(1))), (2, F::Order));
    assert_eq!(broken(|l| l.insert(2, l[1].clone())), (3, F::Order));
    assert_eq!(broken(|l| l.swap(1, 2)), (2, F::Order));
    assert_eq!(broken(|l| l.swap(4, 5)), (5, F::Order));
    // Cut at its end, with and without the checkpoint.
    assert_eq!(broken(|l| l.truncate(8)), (8, F::End));
    assert_eq!(broken(|l| l.truncate(7)), (7, F::End));
    // Cut at its beginning.
    assert_eq!(broken(|l| drop(l.drain(..3))), (7, F::Pruned));
    assert_eq!(broken(|l| drop(l.remove(0))), (1, F::Beginning));
    // A checkpoint that is another's, of another place, changed, or forged.
    assert_eq!(broken(|l| l[3] = l[9].clone()), (4, F::Checkpoint));
    assert_eq!(
        broken(|l| l[3] = written("device:test", AuditKey::from_seed(&[8; 32]), |_| {})[3].clone()),
        (4, F::Key)
    );
    assert_eq!(
        broken(|l| l[3] = l[3].replacen("\"at\":1002", "\"at\":1003", 1)),
        (4, F::Signature)
    );
    // Text that says the same in another way, or more than one thing.
    assert_eq!(broken(|l| l[1] = l[1].replacen(':', ": ", 1)), (2, F::Line));
    assert_eq!(broken(|l| l[1] = l[1].replacen("\"seq\":1", "\"seq\":1.0", 1)), (2, F::Line));
    assert_eq!(broken(|l| l[1] = l[1].replacen("ä", "\\u00e4", 1)), (2, F::Line));
    assert_eq!(
        broken(|l| {
            let twice = "\"kind\":\"task.ended\",\"kind\":\"task.started\"";
            l[1] = l[1].replacen("\"kind\":\"task.started\"", twice, 1);
        }),
        (2, F::Line)
    );
    assert_eq!(broken(|l| l[1].truncate(40)), (2, F::Line));
    assert_eq!(broken(|l| l.insert(1, String::new())), (2, F::Line));
    // Nothing at all.
    assert_eq!(broken(Vec::clear), (0, F::Beginning));
}

#[test]
fn a_log_written_anew_with_the_right_key_does_not_have_the_head_that_was_kept() {
    let kept = last_head(&a_log());
    let anew = written("device:test", key(), |entry| {
        entry.words.insert("argv".into(), "ls".into());
    });
    assert!(verify(&anew, Vec::new()).is_ok(), "by itself it holds: only the head tells");
    assert_eq!(verify(&anew, vec![kept]).unwrap_err(), (9, AuditFlaw::Anchor));
}

#[test]
fn a_log_written_anew_with_another_key_or_for_another_machine_is_not_believed() {
    let anew = written("device:test", AuditKey::from_seed(&[8; 32]), |_| {});
    assert_eq!(verify(&anew, Vec::new()).unwrap_err(), (1, AuditFlaw::Key));
    let mut mixed = a_log();
    mixed[5] = written("device:else", key(), |_| {})[5].clone();
    assert_eq!(verify(&mixed, Vec::new()).unwrap_err(), (6, AuditFlaw::Stream));
}

#[test]
fn heads_of_other_logs_and_heads_that_nobody_signed_prove_nothing() {
    let other = last_head(&written("device:else", key(), |_| {}));
    assert_eq!(verify(&a_log(), vec![other]).unwrap().anchors, 0);
    let mut forged = last_head(&a_log());
    forged.checkpoint.hash = Digest::of(b"");
    assert_eq!(verify(&a_log(), vec![forged]).unwrap_err(), (9, AuditFlaw::Key));
}

#[test]
fn words_are_found_by_nobody_who_guesses_them() {
    let words = |lines: &[String]| match lines[1].parse().unwrap() {
        AuditLine::Record(record) => record.record.words.unwrap(),
        AuditLine::Checkpoint(_) => panic!("a record was written"),
    };
    assert_ne!(words(&a_log()), words(&a_log()), "the same words have another hash each time");
}
