//! The keys of people: those that this device trusts under plans, in the state directory; and a
//! person's own, on the machine where they sign.

use super::{
    EnrolledError,
    file::{read_private, replace},
};
use crate::state_dir::StateDir;
use d1_core::{UserKey, UserKeyError, UserTrust};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// The name of the file of those that are trusted.
const FILE: &str = "user-keys.json";

/// The keys of people whose signatures under plans this device takes.
#[derive(Clone, Debug)]
pub struct UserTrustFile(PathBuf);

/// A person's own key, on the machine where they sign. Whoever reads the file signs as they do.
#[derive(Clone, Debug)]
pub struct UserKeyFile(PathBuf);

/// What the file of a person holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    /// The secret.
    seed: [u8; 32],
}

/// Why a person has no key here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserKeyFileError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] EnrolledError),
    /// No key can be made.
    #[error(transparent)]
    Key(#[from] UserKeyError),
    /// There is one already.
    #[error("there is a key at `{path}` already; move it away first, and trust the new one", path = .0.display())]
    Exists(PathBuf),
}

impl UserTrustFile {
    /// Those of this state directory.
    #[must_use]
    pub fn of(state: &StateDir) -> Self {
        Self(state.path().join(FILE))
    }

    /// The keys that were saved last; none when there never were any.
    pub fn load(&self) -> Result<UserTrust, EnrolledError> {
        let Some(text) = read_private(&self.0)? else { return Ok(UserTrust::default()) };
        serde_json::from_str(&text).map_err(|error| damaged(&self.0, error))
    }

    /// Replaces all of them.
    pub fn save(&self, trust: &UserTrust) -> Result<(), EnrolledError> {
        let text = serde_json::to_string_pretty(trust).map_err(|error| damaged(&self.0, error))?;
        replace(&self.0, &(text + "\n"), 0o600)
    }
}

impl UserKeyFile {
    /// The one at `path`.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The key; nothing when there is none.
    pub fn load(&self) -> Result<Option<UserKey>, UserKeyFileError> {
        let Some(text) = read_private(&self.0)? else { return Ok(None) };
        let held: Held = serde_json::from_str(&text).map_err(|error| damaged(&self.0, error))?;
        Ok(Some(UserKey::from_seed(&held.seed)))
    }

    /// Makes one. Another one that is there is never lost.
    pub fn make(&self) -> Result<UserKey, UserKeyFileError> {
        if fs::symlink_metadata(&self.0).is_ok() {
            return Err(UserKeyFileError::Exists(self.0.clone()));
        }
        if let Some(folder) = self.0.parent() {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|source: io::Error| EnrolledError::Io {
                doing: "make",
                path: folder.to_owned(),
                source,
            })?;
        }
        let key = UserKey::generate()?;
        let held = Held { seed: key.seed() };
        let text = serde_json::to_string(&held).map_err(|error| damaged(&self.0, error))?;
        replace(&self.0, &(text + "\n"), 0o600)?;
        Ok(key)
    }
}

fn damaged(path: &Path, error: serde_json::Error) -> EnrolledError {
    EnrolledError::Damaged { path: path.to_owned(), source: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::{Timestamp, TrustedUser};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    #[test]
    fn the_key_of_a_person_is_for_their_eyes_alone_and_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = UserKeyFile::at(folder.path().join("d1-doctor/user-key"));
        assert!(file.load().unwrap().is_none());
        let key = file.make().unwrap();
        assert_eq!(file.load().unwrap().unwrap().public(), key.public());
        assert_eq!(fs::metadata(file.path()).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(file.make(), Err(UserKeyFileError::Exists(_))));
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(file.load().is_err(), "others could have read it");
    }

    #[test]
    fn the_people_whom_a_device_trusts_are_in_a_file_that_only_its_owner_writes() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        let file = UserTrustFile::of(&state);
        assert_eq!(file.load().unwrap(), UserTrust::default());
        let (key, since) = (UserKey::from_seed(&[1; 32]).public(), Timestamp(7));
        let mut trust = UserTrust::default();
        assert!(trust.trust(TrustedUser { key, name: "ada".into(), since }));
        assert!(!trust.trust(TrustedUser { key, name: "again".into(), since }));
        file.save(&trust).unwrap();
        assert_eq!(file.load().unwrap(), trust);
        let path = folder.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(file.load().is_err(), "others could have written it");
        assert!(trust.distrust(key) && !trust.distrust(key));
    }
}
