//! The audit log of a server, in SQLite: its exams, its bounds, and what it refuses.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use d1_core::{
    AuditEntry, AuditError, AuditKind, AuditLine, AuditLog, AuditTrust, AuditVerdict,
    AuditVerifier, SetupId, Timestamp, conformance,
};
use d1_orchestrator::SqliteAuditLog;
use std::{path::Path, sync::Arc};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn open(path: &Path) -> Result<SqliteAuditLog, AuditError> {
    SqliteAuditLog::open(path, NOW)
}

fn ended(task: u64) -> AuditEntry {
    AuditEntry::new(AuditKind::TaskReported).about("task", task)
}

async fn verified(log: &SqliteAuditLog) -> AuditVerdict {
    let head = log.head(NOW).await.unwrap();
    let trust = AuditTrust { keys: vec![head.checkpoint.key], heads: vec![head] };
    let mut verifier = AuditVerifier::new(trust);
    for line in log.lines(0, usize::MAX >> 1).await.unwrap() {
        verifier.read(&line.to_text()).unwrap();
    }
    verifier.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_in_sqlite_obeys_every_law() {
    let folder = tempfile::tempdir().unwrap();
    conformance::audit_log(|| async {
        let path = folder.path().join(SetupId::generate().to_string());
        Arc::new(open(&path).unwrap()) as Arc<dyn AuditLog>
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_in_sqlite_outlives_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.db");
    let open = || async { Arc::new(open(&path).unwrap()) as Arc<dyn AuditLog> };
    conformance::audit_log_durability(open).await;
}

#[tokio::test]
async fn it_stays_in_its_bounds_and_says_what_was_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteAuditLog::keeping(&folder.path().join("audit.db"), NOW, 10).unwrap();
    for number in 1..=60 {
        log.append(ended(number), NOW).await.unwrap();
    }
    let verdict = verified(&log).await;
    assert!(verdict.before > 0 && verdict.last - verdict.before <= 21, "{verdict:?}");
    let pruned =
        |line: &AuditLine| matches!(line, AuditLine::Record(it) if it.record.kind == "log.pruned");
    assert!(log.lines(0, 100).await.unwrap().iter().any(pruned));
}

#[tokio::test]
async fn a_log_that_was_changed_or_lost_its_key_is_refused() {
    for (name, sql) in [
        (
            "edited",
            "DROP TRIGGER lines_are_not_changed; UPDATE lines SET line = replace(line, '\"v\":1', '\"v\":2') WHERE place = (SELECT max(place) FROM lines)",
        ),
        ("emptied", "DELETE FROM lines"),
        ("without its key", "DELETE FROM log"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.db");
        let log = open(&path).unwrap();
        log.append(ended(1), NOW).await.unwrap();
        let db = rusqlite::Connection::open(&path).unwrap();
        let slip = db.execute_batch("UPDATE lines SET line = ''");
        assert!(slip.unwrap_err().to_string().contains("never changed"));
        db.execute_batch(sql).unwrap();
        assert!(log.append(ended(2), NOW).await.is_err(), "{name}");
        let refused = open(&path).map(drop).unwrap_err();
        let told = matches!(refused, AuditError::Changed { .. } | AuditError::NoKey(_));
        assert!(told, "{name}: {refused}");
    }
}
