//! Opening the file of the ledger.
//!
//! 1. The file, and its directory when it is not there, are made private to their owner.
//! 2. A file of another program, or of a newer version, is refused as it is.
//! 3. Missing migrations run, all or none, while nobody else can write.

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Says whose file it is: `d1cr`, in ASCII.
const APPLICATION_ID: u32 = 0x6431_6372;

/// Every step from an empty file to the present form, in order; never changed, only added to.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_ledger.sql"),
    include_str!("../../../migrations/sqlite/0002_speed.sql"),
];

/// The present form: how many steps lead to it.
const KNOWN: u32 = MIGRATIONS.len() as u32;

/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the write-ahead log may stay after it was emptied into the file, in bytes.
const LOG_BYTES: u32 = 128 * 1024 * 1024;

/// How many pages the write-ahead log has before it is emptied into the file. A large batch has
/// thousands, and a page that many batches change is then written back once for all of them.
const LOG_PAGES: u32 = 32 * 1024;

/// How much of the file is kept in memory, in KiB. A batch that does not fit is written twice;
/// and at each commit all that is kept is looked through, so that more is not better.
const CACHE_KIB: i32 = 24 * 1024;

/// How many prepared statements are kept: each table has up to three.
const STATEMENTS: usize = 64;

/// Why a file is not a ledger that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("`{path}` could not be made: {cause}; see that its directory can be written")]
    Make { path: PathBuf, cause: io::Error },
    #[error(
        "this ledger was written by a newer version (form {found}, known up to {KNOWN}): \
         `{path}`; upgrade this program"
    )]
    Newer { path: PathBuf, found: u32 },
    #[error("`{0}` belongs to another program; move it away, or use another state directory")]
    Foreign(PathBuf),
    #[error("`{path}` could not be opened: {cause}; see that it is in order and can be written")]
    Open { path: PathBuf, cause: rusqlite::Error },
}

/// A connection that writes, to a file in the present form.
pub(super) fn open_writer(path: &Path) -> Result<Connection, FileError> {
    make(path).map_err(|cause| FileError::Make { path: path.to_owned(), cause })?;
    let open = |cause| FileError::Open { path: path.to_owned(), cause };
    let mut db = connect(path).map_err(open)?;
    let (application, found, is_empty) = mark(&mut db).map_err(open)?;
    let is_new = is_empty && application == 0 && found == 0;
    if !is_new && application != APPLICATION_ID {
        return Err(FileError::Foreign(path.to_owned()));
    }
    if found > KNOWN {
        return Err(FileError::Newer { path: path.to_owned(), found });
    }
    settle(&mut db).map_err(open)?;
    Ok(db)
}

/// A connection that only reads, to a file that [`open_writer`] has opened.
pub(super) fn open_reader(path: &Path) -> Result<Connection, FileError> {
    let open = || -> rusqlite::Result<Connection> {
        let db = connect(path)?;
        db.pragma_update(None, "query_only", true)?;
        Ok(db)
    };
    open().map_err(|cause| FileError::Open { path: path.to_owned(), cause })
}

/// Makes the file and its directory when they are not there, for their owner alone.
fn make(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        // A new file outlives a power cut when its directory was synced, too.
        Ok(_new) if cfg!(unix) => {
            let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            std::fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
        }
        Ok(_new) => Ok(()),
        Err(_there) => Ok(()),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(db)
}

/// What a file says about itself, in one view of it.
fn mark(db: &mut Connection) -> rusqlite::Result<(u32, u32, bool)> {
    let look = db.transaction()?;
    let (application, form) = (pragma(&look, "application_id")?, pragma(&look, "user_version")?);
    Ok((application, form, pragma(&look, "schema_version")? == 0))
}

/// Brings the file into its present form, and the connection into its mode of work.
fn settle(db: &mut Connection) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "journal_mode", "wal", |_row| Ok(()))?;
    db.pragma_update(None, "synchronous", "full")?;
    // Some systems only mean it when they are told so; the others ignore this.
    db.pragma_update(None, "fullfsync", true)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_row| Ok(()))?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
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

fn pragma(db: &Connection, name: &str) -> rusqlite::Result<u32> {
    db.pragma_query_value(None, name, |row| row.get(0))
}
