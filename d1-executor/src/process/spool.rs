//! Output in files, so that a package manager can outlive us without losing a word.
//!
//! The program inherits a lock with its output: as long as any process of it lives, the lock
//! is held, and whoever comes after us can tell.

use super::capture::{Source, capture};
use d1_core::{Output, Stream};
use rustix::fs::{FlockOperation, flock};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How often it is asked whether a program of an earlier process still lives.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The most bytes one spool file holds; beyond that it is emptied, and what nobody had read
/// counts as dropped.
pub(super) const MOST: u64 = 64 * 1024 * 1024;

/// The two spool files of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spool {
    out: PathBuf,
    err: PathBuf,
}

impl Spool {
    /// The spool of this name; nothing is made yet.
    #[must_use]
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { out: folder.join(format!("{name}.out")), err: folder.join(format!("{name}.err")) }
    }

    /// Whether any process that writes into it still lives.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let Ok(file) = File::open(&self.out) else { return false };
        flock(&file, FlockOperation::NonBlockingLockShared).is_err()
    }

    /// Waits until nothing of an earlier run lives any more, for at most `patience`, and
    /// passes on all that it wrote, from the beginning. True when it has ended.
    pub async fn wait(&self, to: &mpsc::Sender<Output>, patience: Duration) -> io::Result<bool> {
        if !self.out.exists() {
            return Ok(true);
        }
        let (out, err) = self.readers()?;
        let ended = CancellationToken::new();
        let words = async {
            tokio::try_join!(
                capture(Stream::Stdout, Source::File(out), to.clone(), ended.clone()),
                capture(Stream::Stderr, Source::File(err), to.clone(), ended.clone()),
            )
        };
        let life = async {
            let gone = tokio::time::timeout(patience, self.gone()).await.is_ok();
            ended.cancel();
            gone
        };
        let (words, gone) = tokio::join!(words, life);
        words.map(|_| gone)
    }

    async fn gone(&self) {
        while self.is_alive() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Removes both files. Not being there is fine.
    pub fn remove(&self) {
        for path in [&self.out, &self.err] {
            let _not_there = fs::remove_file(path);
        }
    }

    /// The writing ends for a program that is about to start, with the lock on them.
    pub(super) fn open(&self) -> io::Result<(File, File)> {
        let append = |path: &Path| {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            OpenOptions::new().create(true).append(true).open(path)
        };
        let (out, err) = (append(&self.out)?, append(&self.err)?);
        flock(&out, FlockOperation::NonBlockingLockExclusive)?;
        Ok((out, err))
    }

    /// The reading ends, from the beginning: standard output, standard error.
    pub(super) fn readers(&self) -> io::Result<(Tail, Tail)> {
        Ok((Tail::open(&self.out)?, Tail::open(&self.err)?))
    }
}

/// Reads a growing file.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    path: PathBuf,
    read: u64,
}

impl Tail {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, path: path.to_path_buf(), read: 0 })
    }

    /// Reads what there is; nothing means that nothing more is there now. The second number
    /// is how many bytes were thrown away unread, because the file had grown too large.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<(usize, u64)> {
        if self.read >= MOST {
            let unread = self.file.metadata()?.len().saturating_sub(self.read);
            // The writers append, so they go on at the new end.
            OpenOptions::new().write(true).open(&self.path)?.set_len(0)?;
            self.file = File::open(&self.path)?;
            self.read = 0;
            return Ok((0, unread));
        }
        let count = self.file.read(buffer)?;
        self.read += count as u64;
        Ok((count, 0))
    }
}
