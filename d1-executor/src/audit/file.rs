//! An [`AuditLog`] in a folder of files.

use super::{
    folder::{Folder, failed},
    key,
    write::Pen,
};
use d1_core::{AuditEntry, AuditError, AuditKind, AuditLine, AuditLog, SignedHead, Timestamp};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// An [`AuditLog`] in a folder of files, which several processes may write at the same time.
///
/// It grows to at most 64 files of about one mebibyte; then the oldest goes, and a record says
/// so. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FileAuditLog(pub(super) Arc<Mutex<Pen>>);

impl FileAuditLog {
    /// Opens the log of `stream` in this folder. The first time, the folder and the key are made,
    /// private to their owner. What a crash left half written is mended.
    ///
    /// Refused: a log that was changed, that is another's, or whose key is gone.
    pub fn open(path: &Path, stream: &str, now: Timestamp) -> Result<Self, AuditError> {
        let folder = Folder::make(path)?;
        let _turn = folder.lock()?;
        let has_begun = !folder.segments()?.is_empty() || folder.head()?.is_some();
        let key = key::of(&folder, has_begun)?;
        let mut pen = Pen::new(folder, stream.to_owned(), key);
        pen.catch_up(now)?;
        Ok(Self(Arc::new(Mutex::new(pen))))
    }

    /// Takes the words of a record away, for ever; its hash stays, so that the log still
    /// verifies. A record tells who did it. False when there is no such record, or it has no
    /// words.
    pub async fn redact(&self, seq: u64, by: &str, at: Timestamp) -> Result<bool, AuditError> {
        let by = by.to_owned();
        self.with(move |pen| redact(pen, seq, &by, at)).await
    }

    /// Does something with the log, off the async threads, while nobody else does.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Pen) -> Result<T, AuditError> + Send + 'static,
    ) -> Result<T, AuditError> {
        let pen = Arc::clone(&self.0);
        let worked = tokio::task::spawn_blocking(move || {
            // A pen of a thread that panicked looks at the files again.
            let mut pen = pen.lock().unwrap_or_else(PoisonError::into_inner);
            let _turn = pen.folder.lock()?;
            work(&mut pen)
        });
        worked.await.map_err(failed("end its work"))?
    }
}

#[async_trait::async_trait]
impl AuditLog for FileAuditLog {
    async fn append(&self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        self.with(move |pen| pen.append(entry, at)).await
    }

    async fn head(&self, at: Timestamp) -> Result<SignedHead, AuditError> {
        self.with(move |pen| pen.head(at)).await
    }

    async fn lines(&self, skip: u64, limit: usize) -> Result<Vec<AuditLine>, AuditError> {
        self.with(move |pen| lines(&pen.folder, skip, limit)).await
    }
}

fn lines(folder: &Folder, mut skip: u64, limit: usize) -> Result<Vec<AuditLine>, AuditError> {
    let (mut lines, mut at) = (Vec::new(), 0);
    for number in folder.segments()? {
        let file = fs::File::open(folder.segment(number)).map_err(failed("open a file of it"))?;
        for line in BufReader::new(file).lines() {
            if lines.len() >= limit {
                return Ok(lines);
            }
            let line = line.map_err(failed("read a file of it"))?;
            at += 1;
            if skip > 0 {
                skip -= 1;
                continue;
            }
            lines.push(line.parse().map_err(|source| AuditError::Line { line: at, source })?);
        }
    }
    Ok(lines)
}

fn redact(pen: &mut Pen, seq: u64, by: &str, at: Timestamp) -> Result<bool, AuditError> {
    pen.catch_up(at)?;
    let Some((number, text)) = without_words(&pen.folder, seq)? else { return Ok(false) };
    // Said first: words that are gone without a word about it would be worse.
    let entry = AuditEntry::new(AuditKind::LogRedacted).about("seq", seq).saying("by", by);
    pen.append(entry, at)?;
    let text = match without_words(&pen.folder, seq)? {
        // The record above may stand in the same file.
        Some((again, text)) if again == number => text,
        Some(_) | None => text,
    };
    pen.folder.put(&format!("{number:08}.jsonl"), &text)?;
    pen.forget();
    pen.catch_up(at)?;
    Ok(true)
}

/// The file that holds this record, and what it says without the record's words.
fn without_words(folder: &Folder, seq: u64) -> Result<Option<(u64, String)>, AuditError> {
    for number in folder.segments()? {
        let text = fs::read_to_string(folder.segment(number));
        let text = text.map_err(failed("read a file of it"))?;
        let (mut found, mut without) = (false, String::with_capacity(text.len()));
        for (at, line) in text.lines().enumerate() {
            let read: Result<AuditLine, _> = line.parse();
            let line_number = at as u64 + 1;
            match read.map_err(|source| AuditError::Line { line: line_number, source })? {
                AuditLine::Record(record) if record.record.seq == seq && record.words.is_some() => {
                    found = true;
                    without += &AuditLine::Record(Box::new(record.without_words())).to_text();
                }
                AuditLine::Record(_) | AuditLine::Checkpoint(_) => without += line,
            }
            without.push('\n');
        }
        if found {
            return Ok(Some((number, without)));
        }
    }
    Ok(None)
}
