//! Saved originals: the content of files as it was before we changed them, found by digest.

use d1_core::Digest;
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Where originals are kept. Equal contents are kept once.
#[derive(Clone, Debug)]
pub(crate) struct Originals {
    folder: PathBuf,
}

impl Originals {
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self { folder: state_dir.join("originals") }
    }

    /// Keeps `content`; it survives a crash once this returns.
    pub(crate) fn keep(&self, content: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(content);
        let path = self.path(&digest);
        if path.exists() {
            return Ok(digest);
        }
        make_private(&self.folder)?;
        let temporary = self.folder.join(format!("{digest}.{}", std::process::id()));
        let mut file = private_file(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(digest)
    }

    /// The content with this digest; damaged content is an error, never handed out.
    pub(crate) fn get(&self, digest: &Digest) -> io::Result<Vec<u8>> {
        let content = fs::read(self.path(digest))?;
        if Digest::of(&content) == *digest {
            Ok(content)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "the saved original is damaged"))
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.to_string())
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_and_what_was_damaged_is_not_handed_out() {
        let folder = tempfile::tempdir().unwrap();
        let originals = Originals::new(folder.path());
        let digest = originals.keep(b"before").unwrap();
        assert_eq!(originals.keep(b"before").unwrap(), digest);
        assert_eq!(originals.get(&digest).unwrap(), b"before");
        fs::write(folder.path().join("originals").join(digest.to_string()), "other").unwrap();
        assert_eq!(originals.get(&digest).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
