//! What the owner of this machine allows. The owner's word is stronger than any orchestrator's.

use serde::Deserialize;
use std::{
    io,
    path::{Path, PathBuf},
};

/// What the owner of this machine allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whether shell scripts may run.
    #[serde(default)]
    pub allow_shell: bool,
}

/// Why a policy file cannot be used. Without a readable policy nothing runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It cannot be read.
    #[error("cannot read the policy `{path}`; make it readable for this program", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not a policy.
    #[error("`{path}` is not a policy: {}", source.message(), path = path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// Anybody could change it.
    #[error("`{path}` can be changed by everyone; run chmod o-w on it", path = path.display())]
    Writable {
        /// Which file.
        path: PathBuf,
    },
}

impl Policy {
    /// Reads a policy file. One that is not there allows what is safe, and nothing more.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let read = |source| PolicyError::Read { path: path.to_path_buf(), source };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(read(error)),
        };
        if is_writable_by_others(path).map_err(read)? {
            return Err(PolicyError::Writable { path: path.to_path_buf() });
        }
        toml::from_str(&text).map_err(|source| PolicyError::Syntax {
            path: path.to_path_buf(),
            source: Box::new(source),
        })
    }
}

#[cfg(unix)]
fn is_writable_by_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o002 != 0)
}

#[cfg(not(unix))]
fn is_writable_by_others(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_policy_allows_no_shell_and_a_broken_one_allows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        assert_eq!(Policy::read(&path).unwrap(), Policy { allow_shell: false });
        std::fs::write(&path, "allow_shell = true\n").unwrap();
        assert_eq!(Policy::read(&path).unwrap(), Policy { allow_shell: true });
        std::fs::write(&path, "allow_shel = true\n").unwrap();
        assert!(matches!(Policy::read(&path), Err(PolicyError::Syntax { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_policy_that_everyone_can_change_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(Policy::read(&path), Err(PolicyError::Writable { .. })));
    }
}
