//! The audit log in files: its exams, its crashes, its bounds, and what it refuses.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use d1_core::{
    AuditEntry, AuditError, AuditKind, AuditLine, AuditLog, AuditTrust, AuditVerdict,
    AuditVerifier, Timestamp, conformance,
};
use d1_executor::{AuditReader, FileAuditLog, fault::AUDIT_POINTS};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const STREAM: &str = "device:test";

fn open(folder: &Path) -> Result<FileAuditLog, AuditError> {
    FileAuditLog::open(folder, STREAM, NOW)
}

fn started(task: impl ToString) -> AuditEntry {
    AuditEntry::new(AuditKind::TaskStarted).about("task", task).saying("argv", "make install")
}

fn ended(task: impl ToString) -> AuditEntry {
    AuditEntry::new(AuditKind::TaskEnded).about("task", task)
}

/// The files with lines, oldest first.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "jsonl")).collect();
    paths.sort();
    paths
}

fn newest(folder: &Path) -> PathBuf {
    segments(folder).pop().unwrap()
}

/// What somebody finds who has the key and the newest head of this folder.
fn verified(folder: &Path) -> Result<AuditVerdict, String> {
    let reader = AuditReader::open(folder).unwrap().unwrap();
    let heads = reader.head().unwrap().into_iter().collect();
    let mut verifier = AuditVerifier::new(AuditTrust { keys: vec![reader.key().unwrap()], heads });
    let read = reader.lines::<Stop>(|line| verifier.read(line).map_err(|it| Stop(it.to_string())));
    read.map_err(|stop| stop.0)?;
    verifier.finish().map_err(|it| it.to_string())
}

struct Stop(String);

impl From<AuditError> for Stop {
    fn from(error: AuditError) -> Self {
        Self(error.to_string())
    }
}

async fn kinds(log: &FileAuditLog) -> Vec<String> {
    let lines = log.lines(0, usize::MAX).await.unwrap();
    let kind = |line| match line {
        AuditLine::Record(record) => Some(record.record.kind),
        AuditLine::Checkpoint(_) => None,
    };
    lines.into_iter().filter_map(kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_in_files_obeys_every_law() {
    let folder = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicU32::new(0);
    conformance::audit_log(|| async {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Arc::new(open(&folder.path().join(number.to_string())).unwrap()) as Arc<dyn AuditLog>
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_in_files_outlives_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let open = || async { Arc::new(open(folder.path()).unwrap()) as Arc<dyn AuditLog> };
    conformance::audit_log_durability(open).await;
}

#[tokio::test]
async fn two_who_write_at_the_same_time_write_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (open(folder.path()).unwrap(), open(folder.path()).unwrap());
    for number in 1..=20 {
        let log = if number % 3 == 0 { &one } else { &two };
        assert_eq!(log.append(started(number), NOW).await.unwrap(), number);
    }
    assert_eq!(verified(folder.path()).unwrap().last, 20);
}

#[tokio::test]
async fn everything_of_it_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit");
    open(&audit).unwrap().append(ended(1), NOW).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&audit), 0o700);
    for entry in fs::read_dir(&audit).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    fs::set_permissions(audit.join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = open(&audit).unwrap_err();
    assert!(refused.to_string().contains("trust its key"), "{refused}");
}

#[tokio::test]
async fn a_log_without_its_key_is_refused_and_no_other_key_is_made() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).unwrap().append(ended(1), NOW).await.unwrap();
    fs::remove_file(folder.path().join("key")).unwrap();
    assert!(matches!(open(folder.path()), Err(AuditError::NoKey(_))));
    assert!(!folder.path().join("key").exists());
}

#[tokio::test]
async fn a_log_that_was_changed_at_its_end_is_refused() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("edited", |folder| {
            let text = fs::read_to_string(newest(folder)).unwrap();
            fs::write(newest(folder), text.replace("make install", "make nothing")).unwrap();
        }),
        ("cut", |folder| {
            let text = fs::read_to_string(newest(folder)).unwrap();
            let lines: Vec<_> = text.lines().take(2).collect();
            fs::write(newest(folder), lines.join("\n") + "\n").unwrap();
        }),
        ("gone", |folder| fs::remove_file(newest(folder)).unwrap()),
        ("emptied", |folder| fs::write(newest(folder), "").unwrap()),
    ];
    for (name, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path()).unwrap();
        log.append(ended(1), NOW).await.unwrap();
        log.append(started(2), NOW).await.unwrap();
        log.append(ended(2), NOW).await.unwrap();
        log.append(started(3), NOW).await.unwrap();
        change(folder.path());
        let refused = open(folder.path()).map(drop).unwrap_err();
        assert!(matches!(refused, AuditError::Changed { .. }), "{name}: {refused}");
        if name == "edited" {
            // Whoever had it open goes on from what they know: the next reader finds it.
            log.append(ended(3), NOW).await.unwrap();
            assert!(verified(folder.path()).unwrap_err().contains("words of the record"));
            continue;
        }
        // Whoever had it open sees it, too.
        let refused = log.append(ended(3), NOW).await.unwrap_err();
        assert!(matches!(refused, AuditError::Changed { .. }), "{name}: {refused}");
    }
}

#[tokio::test]
async fn a_log_of_another_machine_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).unwrap().append(ended(1), NOW).await.unwrap();
    let refused = FileAuditLog::open(folder.path(), "device:other", NOW).map(drop).unwrap_err();
    assert!(refused.to_string().contains("belongs to device:test"), "{refused}");
}

#[tokio::test]
async fn a_line_that_was_half_written_is_taken_away_and_a_record_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    log.append(started(1), NOW).await.unwrap();
    let torn = b"{\"record\":{\"v\":1,";
    let text = fs::read(newest(folder.path())).unwrap();
    fs::write(newest(folder.path()), [text.as_slice(), torn].concat()).unwrap();
    let log = open(folder.path()).unwrap();
    assert_eq!(kinds(&log).await, ["task.started", "log.mended"]);
    let lines = log.lines(0, usize::MAX).await.unwrap();
    let Some(AuditLine::Record(mended)) = lines.get(2) else { panic!("{lines:?}") };
    assert_eq!(mended.record.about["bytes"], torn.len().to_string());
    assert_eq!(mended.record.about["sha256"], d1_core::Digest::of(torn).to_string());
    assert_eq!(verified(folder.path()).unwrap().last, 2);
}

#[tokio::test]
async fn it_stays_in_its_bounds_and_says_what_was_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap().within(2_000, 3);
    for number in 1..=60 {
        log.append(ended(number), NOW).await.unwrap();
        assert!(segments(folder.path()).len() <= 3);
    }
    let verdict = verified(folder.path()).unwrap();
    assert!(verdict.before > 0 && verdict.last > 60, "{verdict:?}");
    let told = kinds(&log).await.into_iter().filter(|kind| kind == "log.pruned").count();
    assert!(told > 0);
    // Whoever takes more away than was told is found out.
    fs::remove_file(&segments(folder.path())[0]).unwrap();
    fs::remove_file(&segments(folder.path())[0]).unwrap();
    let broken = verified(folder.path()).unwrap_err();
    assert!(broken.contains("gone from the beginning"), "{broken}");
}

#[tokio::test]
async fn words_are_taken_away_for_ever_and_the_log_holds() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap().within(2_000, 10);
    for number in 1..=9 {
        log.append(started(number), NOW).await.unwrap();
    }
    assert!(log.redact(2, "somebody", NOW).await.unwrap());
    assert!(!log.redact(2, "somebody", NOW).await.unwrap(), "they are gone already");
    assert!(!log.redact(99, "somebody", NOW).await.unwrap());
    log.append(ended(1), NOW).await.unwrap();
    let verdict = verified(folder.path()).unwrap();
    assert_eq!((verdict.last, verdict.redacted), (11, 1));
    let text: String =
        segments(folder.path()).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    assert_eq!(text.matches("make install").count(), 8);
}

/// Tells a child process where its log is.
const CHILD: &str = "D1_AUDIT_OF_TEST";
/// How many records a child writes.
const RECORDS: u64 = 12;

/// Not a test: what a child process does that is going to die.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let log = open(Path::new(&folder)).unwrap().within(1_500, 64);
    for number in 1..=RECORDS {
        let entry = if number % 2 == 0 { ended(number) } else { started(number) };
        log.append(entry, NOW).await.unwrap();
        // What is answered is there, whatever happens next.
        fs::write(Path::new(&folder).join("answered"), number.to_string()).unwrap();
    }
}

fn run_child(folder: &Path, fault: &str) -> bool {
    let ran = Command::new("prlimit")
        .arg("--core=0")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env(CHILD, folder)
        .env(d1_core::fault::VARIABLE, fault)
        .output()
        .unwrap();
    ran.status.success()
}

#[tokio::test]
async fn dying_at_any_line_leaves_a_log_that_verifies_with_everything_that_was_answered() {
    for point in AUDIT_POINTS {
        let mut hits = 0;
        loop {
            let folder = tempfile::tempdir().unwrap();
            let survived = run_child(folder.path(), &format!("{point}:{}", hits + 1));
            if survived {
                break;
            }
            hits += 1;
            let answered = fs::read_to_string(folder.path().join("answered")).ok();
            let answered: u64 = answered.map_or(0, |text| text.parse().unwrap());
            let log = open(folder.path()).unwrap();
            let lines = log.lines(0, usize::MAX).await.unwrap();
            let tasks: Vec<u64> = lines
                .iter()
                .filter_map(|line| match line {
                    AuditLine::Record(it) => it.record.about.get("task")?.parse().ok(),
                    AuditLine::Checkpoint(_) => None,
                })
                .collect();
            let expected: Vec<u64> = (1..=tasks.len() as u64).collect();
            assert_eq!(tasks, expected, "{point}:{hits}: each once, in order");
            let there = tasks.len() as u64;
            assert!((answered..=answered + 1).contains(&there), "{point}:{hits}: {there}");
            log.append(ended("again"), NOW).await.unwrap();
            verified(folder.path()).unwrap_or_else(|broken| panic!("{point}:{hits}: {broken}"));
        }
        assert!(hits > 0, "{point} is never passed");
    }
}
