//! Opening the journal's file.
//!
//! 1. The file, and its directory when it is not there, are made private to their owner;
//!    whoever opens it at the same moment waits for its turn.
//! 2. A file of another program, of a newer version, or damaged, is refused as it is.
//! 3. Missing migrations run, all or none, while nobody else can write.

use d1_core::JournalError;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, ffi};
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Says whose file it is: `d1jl`, in ASCII.
const APPLICATION_ID: u32 = 0x6431_6a6c;

/// Every step from an empty file to the present form, in order; never changed, only added to.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/journal/0001_journal.sql"),
    include_str!("../../migrations/journal/0002_heeded.sql"),
];

/// The present form: how many steps lead to it.
const KNOWN: u32 = MIGRATIONS.len() as u32;

/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the write-ahead log may stay after it was emptied into the file, in bytes.
const LOG_BYTES: u32 = 16 * 1024 * 1024;

/// How many prepared statements are kept.
const STATEMENTS: usize = 64;

/// Why a file is not a journal that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("`{path}` could not be made: {cause}; see that its directory can be written")]
    Make { path: PathBuf, cause: io::Error },
    #[error(
        "this database was written by a newer version (form {found}, known up to {known}): \
         `{path}`; upgrade d1-doctor"
    )]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("`{0}` belongs to another program; move it away, or use another state directory")]
    Foreign(PathBuf),
    #[error("`{path}` is damaged: {cause}; move it away, and what it remembers with it")]
    Damaged { path: PathBuf, cause: rusqlite::Error },
    #[error("`{path}` could not be opened: {cause}; see that it can be read and written")]
    Open { path: PathBuf, cause: rusqlite::Error },
}

impl From<FileError> for JournalError {
    fn from(error: FileError) -> Self {
        Self::Backend { doing: "open its file", source: Box::new(error) }
    }
}

/// A connection that writes, to a file in the present form.
pub(super) fn open_writer(path: &Path) -> Result<Connection, FileError> {
    let make = make(path);
    let _turn = make.map_err(|cause| FileError::Make { path: path.to_owned(), cause })?;
    let mut db = connect(path).map_err(|cause| told(path, cause))?;
    let mark = Mark::of(&mut db).map_err(|cause| told(path, cause))?;
    if !mark.is_ours() {
        return Err(FileError::Foreign(path.to_owned()));
    }
    if mark.form > KNOWN {
        return Err(FileError::Newer { path: path.to_owned(), found: mark.form, known: KNOWN });
    }
    settle(&mut db).map_err(|cause| told(path, cause))?;
    Ok(db)
}

/// What a file says about itself.
struct Mark {
    application: u32,
    form: u32,
    is_empty: bool,
}

impl Mark {
    /// Read in one transaction: another process may be making the file at this moment.
    fn of(db: &mut Connection) -> rusqlite::Result<Self> {
        let look = db.transaction()?;
        Ok(Self {
            application: pragma(&look, "application_id")?,
            form: pragma(&look, "user_version")?,
            is_empty: pragma(&look, "schema_version")? == 0,
        })
    }

    fn is_ours(&self) -> bool {
        let is_new = self.is_empty && self.application == 0 && self.form == 0;
        is_new || self.application == APPLICATION_ID
    }
}

/// A connection that only reads, to a file that [`open_writer`] has opened.
pub(super) fn open_reader(path: &Path) -> Result<Connection, FileError> {
    let open = || -> rusqlite::Result<Connection> {
        let db = connect(path)?;
        db.pragma_update(None, "query_only", true)?;
        Ok(db)
    };
    open().map_err(|cause| told(path, cause))
}

/// Makes the file and its directory when they are not there, for their owner alone. Nobody
/// else opens the file until what is given back is dropped.
fn make(path: &Path) -> io::Result<Option<File>> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    private_directory().create(directory)?;
    let turn = if cfg!(unix) { Some(File::open(directory)?) } else { None };
    if let Some(turn) = &turn {
        // Where directories cannot be locked, who opens a new file at the same moment may be
        // told that it is busy; nothing worse.
        drop(turn.lock());
    }
    match (private_file().open(path), &turn) {
        // A new file outlives a power cut when its directory was synced, too.
        (Ok(_new), Some(directory)) => directory.sync_all()?,
        (Ok(_new), None) => {}
        (Err(error), _) if error.kind() == io::ErrorKind::AlreadyExists => {}
        (Err(error), _) => return Err(error),
    }
    Ok(turn)
}

fn private_directory() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(db)
}

/// Brings the file into its present form, and the connection into its mode of work.
fn settle(db: &mut Connection) -> rusqlite::Result<()> {
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(no_log());
    }
    db.pragma_update(None, "synchronous", "full")?;
    // Some systems only mean it when they are told so; the others ignore this.
    db.pragma_update(None, "fullfsync", true)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    if pragma(db, "user_version")? == KNOWN {
        return Ok(());
    }
    let change = db.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    // Whoever had the lock before may have done it.
    let found = pragma(&change, "user_version")?;
    for migration in MIGRATIONS.iter().skip(found as usize) {
        change.execute_batch(migration)?;
    }
    change.pragma_update(None, "application_id", APPLICATION_ID)?;
    change.pragma_update(None, "user_version", KNOWN.max(found))?;
    change.commit()
}

/// Without a write-ahead log, what is synced later could be there without what is earlier.
fn no_log() -> rusqlite::Error {
    let code = ffi::Error::new(ffi::SQLITE_CANTOPEN);
    let why = "its file system has no shared memory for a write-ahead log";
    rusqlite::Error::SqliteFailure(code, Some(why.to_owned()))
}

fn pragma(db: &Connection, name: &str) -> rusqlite::Result<u32> {
    db.pragma_query_value(None, name, |row| row.get(0))
}

fn told(path: &Path, cause: rusqlite::Error) -> FileError {
    let path = path.to_owned();
    match cause.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            FileError::Damaged { path, cause }
        }
        _ => FileError::Open { path, cause },
    }
}
