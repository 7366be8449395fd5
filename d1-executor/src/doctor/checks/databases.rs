//! Our databases, looked at without leaving a trace: no lock, no log, no index is made.

use super::{
    super::{check::Found, sight::Sight},
    room::size,
    state::{Agent, agent, no_state, state_dir},
};
use chrono::DateTime;
use d1_core::TaskCommand;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The databases that we keep.
const OURS: [&str; 3] = ["journal.db", "setups.db", "diagnoses.db"];
/// A log that is longer than this is never emptied, for somebody has been reading for long.
const LONG_LOG: u64 = 64 << 20;
/// How many flaws of one database are told.
const MOST_FLAWS: usize = 5;
/// How many tasks that were left are told.
const MOST_TASKS: usize = 32;
/// Less than this that is left over is not worth a word.
const MUCH_LEFT: u64 = 64 << 20;
/// More files than this are not looked through.
const MOST_FILES: usize = 20_000;

/// Opens a database so that nothing is written, not even beside it.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name).exists()
    };
    // With a log beside it, it is in use, or was left: SQLite has to read the log, too. Without
    // one it is all there is, and stays as it is.
    let how =
        if beside("-wal") || beside("-shm") { "mode=ro&readonly_shm=1" } else { "immutable=1" };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(format!("file:{}?{how}", escaped(path)), flags)
}

/// A path as part of a URI.
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes
        .iter()
        .map(
            |byte| {
                if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map(|found| found.len()).unwrap_or_default()
}

pub(super) async fn whole(sight: Sight) -> Found {
    let Some(folder) = state_dir(&sight) else { return no_state() };
    let (mut told, mut damaged, mut long, mut unread) = (vec![], vec![], vec![], vec![]);
    for name in OURS {
        let path = folder.join(name);
        match fs::metadata(&path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => {
                damaged.push(format!("{name}: it is no file"));
                continue;
            }
            Err(_) => continue,
        }
        match flaws(&path) {
            Ok(flaws) if flaws.is_empty() => told.push(format!("{name}: {}", size(length(&path)))),
            Ok(flaws) => damaged.extend(flaws.iter().map(|flaw| format!("{name}: {flaw}"))),
            Err(error) if is_damage(&error) => damaged.push(format!("{name}: {error}")),
            Err(error) => unread.push(format!("{name}: {error}")),
        }
        let log = length(&folder.join(format!("{name}-wal")));
        if log > LONG_LOG {
            long.push(format!("{name}-wal: {}", size(log)));
        }
    }
    if !damaged.is_empty() {
        return Found::fail("what we remember is damaged")
            .details(damaged)
            .remedy("stop the daemon, move the file away, and bring it back from a backup")
            .remedy("without a backup: what was done before can be neither told nor undone");
    }
    if !unread.is_empty() {
        return Found::unknown("a database cannot be read").details(unread);
    }
    if !long.is_empty() {
        return Found::warn("a database's log is not emptied any more")
            .details(long)
            .remedy("end what has been reading for long, and restart the daemon");
    }
    if told.is_empty() { no_state() } else { Found::ok(told.join(", ")) }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// What SQLite finds wrong.
fn flaws(path: &Path) -> rusqlite::Result<Vec<String>> {
    let db = open(path)?;
    let mut look = db.prepare(&format!("PRAGMA quick_check({MOST_FLAWS})"))?;
    let rows: Vec<String> = look.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().filter(|row| row != "ok").collect())
}

/// The texts of one column of the journal; nothing, when there is no journal.
fn column(folder: &Path, sql: &str) -> rusqlite::Result<Vec<(String, i64)>> {
    let path = folder.join("journal.db");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let db = open(&path)?;
    let mut look = db.prepare(sql)?;
    look.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

pub(super) async fn queue(sight: Sight) -> Found {
    let Some(folder) = state_dir(&sight) else { return no_state() };
    match agent(folder) {
        Ok(Agent::None) => {}
        Ok(Agent::Process(pid)) => return Found::ok(format!("process {pid} is at work on it")),
        Err(error) => return Found::unreadable("the lock of our state", &error),
    }
    let begun = "SELECT command, at FROM tasks WHERE phase = 'started' ORDER BY place";
    let left = match column(folder, begun) {
        Ok(left) => left,
        Err(error) => return Found::unknown(format!("the journal cannot be read: {error}")),
    };
    if left.is_empty() {
        return Found::ok("nothing is");
    }
    let told = left.iter().take(MOST_TASKS).map(|(command, at)| {
        let since = DateTime::from_timestamp_millis(*at).unwrap_or_default();
        let title = serde_json::from_str::<TaskCommand>(command)
            .map_or_else(|_| "a task of another version".to_owned(), |command| command.step.title);
        format!("{title}, begun {}", since.format("%Y-%m-%d %H:%M UTC"))
    });
    let summary = match left.len() {
        1 => "a step was begun and never ended: it was cut off".to_owned(),
        several => format!("{several} steps were begun and never ended: they were cut off"),
    };
    Found::warn(summary).details(told).remedy("d1-doctor resume finds out what became of it")
}

pub(super) async fn leftovers(sight: Sight) -> Found {
    let Some(folder) = state_dir(&sight) else { return no_state() };
    let needed = match needed(folder) {
        Ok(needed) => needed,
        Err(error) => return Found::unknown(format!("the journal cannot be read: {error}")),
    };
    let (mut left, mut bytes) = (Vec::new(), 0_u64);
    for place in ["spool", "originals"] {
        let Ok(entries) = fs::read_dir(folder.join(place)) else { continue };
        for entry in entries.flatten().take(MOST_FILES) {
            let name = entry.file_name().to_string_lossy().into_owned();
            // `<task>.<attempt>.out`, and the digest of an original's content.
            let of = name.split(['.', '+']).next().unwrap_or_default();
            let Ok(found) = entry.metadata() else { continue };
            if found.is_file() && !needed.contains(of) {
                bytes = bytes.saturating_add(found.len());
                left.push((found.len(), format!("{place}/{name}: {}", size(found.len()))));
            }
        }
    }
    left.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    if bytes <= MUCH_LEFT {
        return Found::ok(if left.is_empty() { "nothing is".into() } else { size(bytes) });
    }
    let kept = sight.shown(folder);
    Found::warn(format!("{} are kept for nothing that could still be undone", size(bytes)))
        .details(left.into_iter().map(|(_, told)| told))
        .remedy(format!("when no d1-doctor runs, remove what is named from {kept}"))
}

/// What is still needed: the tasks that have not ended, and every digest that a task or a
/// receipt names.
fn needed(folder: &Path) -> rusqlite::Result<BTreeSet<String>> {
    let tasks = "SELECT task, at FROM tasks WHERE phase IN ('received', 'started')";
    let mut needed: BTreeSet<String> =
        column(folder, tasks)?.into_iter().map(|(task, _)| task).collect();
    for sql in ["SELECT stage, 0 FROM tasks", "SELECT receipt, 0 FROM receipts"] {
        for (text, _) in column(folder, sql)? {
            let words = text.split(|c: char| !c.is_ascii_hexdigit());
            needed.extend(words.filter(|word| word.len() == DIGEST).map(str::to_owned));
        }
    }
    Ok(needed)
}

/// The length of a digest, as it is written.
const DIGEST: usize = 64;
