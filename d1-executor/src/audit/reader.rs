//! Reading a log as it stands in its files, also when something is wrong with it.

use super::{
    folder::{Folder, failed},
    key,
};
use d1_core::{AuditError, AuditPublicKey, SignedHead};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read as _},
    path::Path,
};

/// The most bytes of a line that are read.
const MAX_LINE: u64 = d1_core::AuditLine::MAX_BYTES as u64 + 1;

/// Reads a log as it stands in its files. Nobody writes there meanwhile.
#[derive(Debug)]
pub struct AuditReader {
    folder: Folder,
    _lock: Option<File>,
}

impl AuditReader {
    /// A reader of the log in this folder; none when there is no log.
    pub fn open(folder: &Path) -> Result<Option<Self>, AuditError> {
        if !folder.is_dir() {
            return Ok(None);
        }
        let folder = Folder::at(folder);
        let lock = folder.lock_shared()?;
        Ok(Some(Self { folder, _lock: lock }))
    }

    /// The key that signs it.
    pub fn key(&self) -> Result<AuditPublicKey, AuditError> {
        let key = key::read(&self.folder)?.ok_or_else(|| key::missing(&self.folder))?;
        Ok(key.public())
    }

    /// The newest head that was signed.
    pub fn head(&self) -> Result<Option<SignedHead>, AuditError> {
        self.folder.head()
    }

    /// Hands every line over, from the oldest, until one is not wanted any more.
    pub fn lines<E: From<AuditError>>(
        &self,
        mut each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        for number in self.folder.segments()? {
            let file = File::open(self.folder.segment(number));
            let file = file.map_err(failed("open a file of it"))?;
            lines_of(BufReader::new(file), &mut each)?;
        }
        Ok(())
    }

    /// Hands every line of an exported log over, until one is not wanted any more.
    pub fn lines_of<E: From<AuditError>>(
        from: impl BufRead,
        mut each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        lines_of(from, &mut each)
    }
}

fn lines_of<E: From<AuditError>>(
    mut from: impl BufRead,
    each: &mut impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if read.map_err(failed("read a line"))? == 0 {
            return Ok(());
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        // What is no text is no line, and is refused as such.
        each(&String::from_utf8_lossy(text))?;
    }
}
