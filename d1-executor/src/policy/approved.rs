//! The yeses of this machine: digests, one a line, in the file `approved` beside a policy.
//!
//! A yes is to exactly one grant, and lasts until its line is taken away. Whoever orders things
//! from elsewhere cannot write here.

use super::{error::PolicyError, file};
use d1_core::Digest;
use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Where the yeses are that belong to a policy.
pub(super) fn beside(policy: &Path) -> PathBuf {
    policy.with_file_name("approved")
}

/// What was said yes to.
pub(super) fn read(path: &Path) -> Result<BTreeSet<Digest>, PolicyError> {
    let text = file::read(path)?.unwrap_or_default();
    let lines =
        text.lines().zip(1..).filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(line, number)| {
            line.parse().map_err(|_| PolicyError::Syntax {
                path: path.to_path_buf(),
                line: number,
                why: "it is no digest of 64 hexadecimal digits".into(),
            })
        })
        .collect()
}

/// Says yes to `digest`.
pub(super) fn add(path: &Path, digest: Digest) -> Result<(), PolicyError> {
    let mut all = read(path)?;
    all.insert(digest);
    let lines: String = all.iter().map(|digest| format!("{digest}\n")).collect();
    if lines.len() as u64 > file::MOST_BYTES {
        return Err(PolicyError::Size { path: path.to_path_buf(), max: file::MOST_BYTES });
    }
    write(path, lines.as_bytes())
        .map_err(|source| PolicyError::Write { path: path.to_path_buf(), source })
}

/// All of it or nothing, and nobody else writes to it meanwhile.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder)?;
    let new = folder.join(format!(".approved.{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    });
    if written.is_err() {
        let _never_made = std::fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_yes_to_is_remembered_and_a_line_that_is_no_digest_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = beside(&folder.path().join("new/policy.toml"));
        assert_eq!(read(&path).unwrap(), BTreeSet::new());
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        for digest in [one, two, one] {
            add(&path, digest).unwrap();
        }
        assert_eq!(read(&path).unwrap(), BTreeSet::from([one, two]));
        std::fs::write(&path, format!("# ours\n\n{one}\nyes\n")).unwrap();
        assert!(matches!(read(&path), Err(PolicyError::Syntax { line: 4, .. })));
        assert!(add(&path, two).is_err(), "what cannot be read is not overwritten");
    }
}
