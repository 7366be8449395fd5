//! One record after the other, each whole or not at all.
//!
//! 1. Whoever writes has the lock, and sees what others wrote since.
//! 2. What a crash left half written is taken away, and a record says how much it was.
//! 3. The record, and a checkpoint when it is due, are written at once and synced.
//! 4. A checkpoint is put beside the log as its newest head, from which a cut end is known.
//! 5. A file that has grown large is followed by another one; when there are too many, a record
//!    says so and the oldest goes.

use super::{
    fault,
    folder::{Folder, failed, private},
    reserve,
    segment::{self, Bounds},
    tail::{self, Tail},
};
use d1_core::{
    AuditEntry, AuditError, AuditKey, AuditKind, AuditLine, SealedRecord, SignedHead, Timestamp,
};
use std::{
    fs::File,
    io::{self, Write as _},
};

/// Whoever writes: what they are called, and what they know of the log's end.
#[derive(Debug)]
pub(super) struct Pen {
    pub(super) folder: Folder,
    pub(super) stream: String,
    pub(super) key: AuditKey,
    pub(super) bounds: Bounds,
    known: Option<Tail>,
}

impl Pen {
    pub(super) fn new(folder: Folder, stream: String, key: AuditKey) -> Self {
        Self { folder, stream, key, bounds: Bounds::USUAL, known: None }
    }

    /// Begins the log when there is none, and mends it when its end is torn. The lock is held.
    pub(super) fn catch_up(&mut self, at: Timestamp) -> Result<(), AuditError> {
        let Some(newest) = self.folder.segments()?.pop() else { return self.begin(at) };
        let length = std::fs::metadata(self.folder.segment(newest));
        let length = length.map_err(failed("look at its newest file"))?.len();
        let is_known =
            |tail: &Tail| tail.torn.is_none() && (tail.segment, tail.len) == (newest, length);
        if self.known.as_ref().is_some_and(is_known) {
            return Ok(());
        }
        self.known = None;
        let tail = tail::read(&self.folder, newest, (&self.stream, &self.key))?;
        let torn = tail.torn;
        if torn.is_some() {
            let file = private().write(true).open(self.folder.segment(newest));
            let cut = file.and_then(|file| file.set_len(tail.len).and_then(|()| file.sync_all()));
            cut.map_err(failed("take away what was half written"))?;
        }
        self.known = Some(Tail { torn: None, ..tail });
        if let Some(torn) = torn {
            let entry = AuditEntry::new(AuditKind::LogMended);
            let entry = entry.about("bytes", torn.bytes).about("sha256", torn.digest);
            self.write(entry, at)?;
        }
        Ok(())
    }

    /// Writes a record down; it is on the disk when this returns. The lock is held.
    pub(super) fn append(&mut self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        self.catch_up(at)?;
        let seq = if entry.kind.closes() {
            self.write_end(entry, at)?
        } else {
            reserve::keep(&self.folder)?;
            self.write(entry, at)?
        };
        self.turn_over(at);
        Ok(seq)
    }

    /// Writes the end of something down, if need be where room was kept for it.
    fn write_end(&mut self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        let refused = match self.write(entry.clone(), at) {
            Ok(seq) => return Ok(seq),
            // Nothing of it was written.
            Err(error) => error,
        };
        if !reserve::give(&self.folder)? {
            return Err(refused);
        }
        self.catch_up(at)?;
        self.write(entry, at)
    }

    /// The head, signed. The lock is held.
    pub(super) fn head(&mut self, at: Timestamp) -> Result<SignedHead, AuditError> {
        self.catch_up(at)?;
        let tail = self.tail()?;
        if tail.chain.unsigned() == 0
            && let Some(head) = self.folder.head()?
            && head.checkpoint.seq == self.tail()?.chain.seq()
        {
            return Ok(head);
        }
        let mut chain = self.tail()?.chain.clone();
        let head = chain.sign(at);
        self.put(&[AuditLine::Checkpoint(head.clone())])?;
        self.tail()?.chain = chain;
        self.keep_head(&head)?;
        Ok(head)
    }

    /// What is known of the end is read again before the next record.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    fn begin(&mut self, at: Timestamp) -> Result<(), AuditError> {
        if self.known.is_some() || self.folder.head()?.is_some() {
            return Err(tail::changed("every record of it is gone"));
        }
        let mut chain = d1_core::AuditChain::begin(&self.stream, self.key.clone());
        let head = chain.sign(at);
        let len = segment::begin(&self.folder, 1, &head)?;
        self.known = Some(Tail { chain, segment: 1, len, torn: None });
        self.keep_head(&head)
    }

    fn write(&mut self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        let mut chain = self.tail()?.chain.clone();
        let (record, head): (SealedRecord, Option<SignedHead>) = chain.seal(entry, at)?;
        let seq = record.record.seq;
        let record = AuditLine::Record(Box::new(record));
        let lines: Vec<_> =
            std::iter::once(record).chain(head.clone().map(AuditLine::Checkpoint)).collect();
        fault::point("audit.append.before");
        self.put(&lines)?;
        self.tail()?.chain = chain;
        fault::point("audit.append.after");
        if let Some(head) = head
            && let Err(error) = self.keep_head(&head)
        {
            // The record is written, with the same head in the line after it. The next one is
            // put beside the log again.
            tracing::warn!(%error, "the newest head is not beside the audit log");
        }
        Ok(seq)
    }

    /// Adds lines to the newest file, and syncs it. What cannot be written whole is taken away.
    fn put(&mut self, lines: &[AuditLine]) -> Result<(), AuditError> {
        let tail = self.known.as_mut().ok_or_else(unknown)?;
        let text: String = lines.iter().map(|line| line.to_text() + "\n").collect();
        let written = private().append(true).open(self.folder.segment(tail.segment));
        let written = written.and_then(|mut file| {
            let written = put_whole(&mut file, text.as_bytes());
            if written.is_err() {
                // When this fails, too, the next writer finds the end torn, and mends it.
                let _torn = file.set_len(tail.len);
            }
            written
        });
        match written {
            Ok(()) => tail.len += text.len() as u64,
            Err(error) => {
                self.known = None;
                return Err(failed("write a record down")(error));
            }
        }
        Ok(())
    }

    fn keep_head(&self, head: &SignedHead) -> Result<(), AuditError> {
        fault::point("audit.head.before");
        self.folder.put("head", &(head.to_text() + "\n"))?;
        fault::point("audit.head.after");
        Ok(())
    }

    /// Begins the next file when this one is large. The record is written already, so trouble
    /// here is told and not passed on: the next record tries it again.
    fn turn_over(&mut self, at: Timestamp) {
        if let Err(error) = self.try_turn_over(at) {
            tracing::warn!(%error, "the audit log could not begin its next file");
        }
    }

    fn try_turn_over(&mut self, at: Timestamp) -> Result<(), AuditError> {
        if self.tail()?.len < self.bounds.bytes {
            return Ok(());
        }
        let head = self.head(at)?;
        let next = self.tail()?.segment + 1;
        let len = segment::begin(&self.folder, next, &head)?;
        let tail = self.tail()?;
        (tail.segment, tail.len) = (next, len);
        if let Some((entry, old)) = segment::due(&self.folder, self.bounds.files)? {
            self.write(entry, at)?;
            segment::remove(&self.folder, &old)?;
        }
        Ok(())
    }

    fn tail(&mut self) -> Result<&mut Tail, AuditError> {
        self.known.as_mut().ok_or_else(unknown)
    }
}

/// Nothing is written before the end was read.
fn unknown() -> AuditError {
    failed("find its end")("it was not read".to_owned())
}

fn put_whole(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    if cfg!(feature = "testing") {
        // A disk may write one half, and die.
        let (half, rest) = bytes.split_at(bytes.len() / 2);
        file.write_all(half)?;
        fault::point("audit.append.torn");
        file.write_all(rest)?;
    } else {
        file.write_all(bytes)?;
    }
    fault::point("audit.append.unsynced");
    file.sync_data()
}
