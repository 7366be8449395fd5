//! Reads a file that only its owner may have a say in. What cannot be trusted is an error.

use super::error::PolicyError;
use std::{
    fs::{File, Metadata},
    io::{self, Read as _},
    path::Path,
};

/// The most bytes of a policy, many times what anybody writes.
pub(super) const MOST_BYTES: u64 = 64 * 1024;

/// The content of a file; `None` when there is none. It belongs to the administrator, to whoever
/// we are, or to the owner of the folder that holds its folder: under `sudo` a user's policy is
/// still that user's.
pub(super) fn read(path: &Path) -> Result<Option<String>, PolicyError> {
    let failed = |source| PolicyError::Read { path: path.to_path_buf(), source };
    let size = || PolicyError::Size { path: path.to_path_buf(), max: MOST_BYTES };
    // What is no file might keep us waiting when it is opened.
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(size()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let file = File::open(path).map_err(failed)?;
    // Of what was opened, whatever has the name by now.
    let found = file.metadata().map_err(failed)?;
    trust(path, &found)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        trust_folder(folder, &std::fs::metadata(folder).map_err(failed)?)?;
    }
    let mut text = String::new();
    file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MOST_BYTES || !found.is_file() { Err(size()) } else { Ok(Some(text)) }
}

#[cfg(unix)]
fn trust(path: &Path, found: &Metadata) -> Result<(), PolicyError> {
    use std::os::unix::fs::MetadataExt as _;
    let writable = |who, mode| Err(PolicyError::Writable { path: path.to_path_buf(), who, mode });
    let owners = [Some(0), Some(rustix::process::geteuid().as_raw()), owner_around(path)];
    if !owners.contains(&Some(found.uid())) {
        return Err(PolicyError::Stranger { path: path.to_path_buf(), uid: found.uid() });
    }
    if found.mode() & 0o002 != 0 {
        return writable("everyone", "o-w");
    }
    // A user's own group is often the user alone; that of the administrator's files is not.
    if found.mode() & 0o020 != 0 && found.uid() == 0 && found.gid() != 0 {
        return writable("its group", "g-w");
    }
    Ok(())
}

/// Who owns what is two folders above a file.
#[cfg(unix)]
fn owner_around(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let around = path.parent()?.parent()?;
    around.metadata().ok().map(|found| found.uid())
}

/// Whoever may put another file in its place has a say, too.
#[cfg(unix)]
fn trust_folder(path: &Path, found: &Metadata) -> Result<(), PolicyError> {
    use std::os::unix::fs::MetadataExt as _;
    const STICKY: u32 = 0o1000;
    if found.mode() & STICKY != 0 { Ok(()) } else { trust(path, found) }
}

#[cfg(not(unix))]
fn trust(_path: &Path, _found: &Metadata) -> Result<(), PolicyError> {
    Ok(())
}

#[cfg(not(unix))]
fn trust_folder(_path: &Path, _found: &Metadata) -> Result<(), PolicyError> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt as _, chown},
        path::PathBuf,
    };

    fn file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        fs::write(&path, "x").unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_that_others_could_change_or_replace_is_refused() {
        let (folder, path) = file();
        assert_eq!(read(&path).unwrap().as_deref(), Some("x"));
        fs::set_permissions(&path, Permissions::from_mode(0o646)).unwrap();
        assert!(matches!(read(&path), Err(PolicyError::Writable { .. })));
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(error.path(), folder.path(), "{error}");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
        assert!(read(&path).is_ok(), "only its owner replaces a file in a sticky folder");
    }

    #[test]
    fn a_file_of_a_stranger_or_of_a_foreign_group_is_refused() {
        let (_folder, path) = file();
        if chown(&path, Some(12_345), None).is_err() {
            return; // Only the administrator gives files away.
        }
        assert!(matches!(read(&path), Err(PolicyError::Stranger { uid: 12_345, .. })));
        chown(&path, Some(0), Some(12_345)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        assert!(matches!(read(&path), Err(PolicyError::Writable { who: "its group", .. })));
    }

    #[test]
    fn a_users_file_is_the_users_whoever_asks() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("d1-doctor");
        let path = folder.join("policy.toml");
        fs::create_dir(&folder).unwrap();
        fs::write(&path, "x").unwrap();
        for owned in [home.path(), &folder, &path] {
            if chown(owned, Some(12_345), None).is_err() {
                return; // Only the administrator gives files away.
            }
        }
        // The folder's own folder is in a folder of the administrator.
        assert!(matches!(read(&path), Err(PolicyError::Stranger { path, .. }) if path == folder));
        let home = home.path().join("home");
        fs::create_dir_all(home.join(".config/d1-doctor")).unwrap();
        fs::write(home.join(".config/d1-doctor/policy.toml"), "x").unwrap();
        for name in ["", ".config", ".config/d1-doctor", ".config/d1-doctor/policy.toml"] {
            chown(home.join(name), Some(12_345), None).unwrap();
        }
        assert_eq!(read(&home.join(".config/d1-doctor/policy.toml")).unwrap().unwrap(), "x");
        chown(home.join(".config/d1-doctor/policy.toml"), Some(23_456), None).unwrap();
        assert!(read(&home.join(".config/d1-doctor/policy.toml")).is_err());
    }

    #[test]
    fn what_is_no_file_or_no_text_or_too_large_is_refused_and_what_is_missing_is_not() {
        let (folder, path) = file();
        assert_eq!(read(&folder.path().join("other")).unwrap(), None);
        assert!(matches!(read(folder.path()), Err(PolicyError::Size { .. })));
        assert!(matches!(read(&path.join("below")), Err(PolicyError::Read { .. })));
        fs::write(&path, "#".repeat(64 * 1024 + 1)).unwrap();
        assert!(matches!(read(&path), Err(PolicyError::Size { .. })));
        fs::write(&path, [0xff]).unwrap();
        assert!(matches!(read(&path), Err(PolicyError::Read { .. })));
    }
}
