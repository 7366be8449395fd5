//! Where accounts are kept: one file that only its owner reads, replaced whole.

use super::{Account, Accounts};
use crate::{failure::Failure, home::Home};
use d1_core::{Category, Problem};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// The most bytes of the file: many accounts.
const MAX_BYTES: u64 = 1024 * 1024;

/// Where accounts, and sign-ins that are under way, are kept.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
}

/// Held while accounts are changed; nobody else changes them meanwhile.
#[derive(Debug)]
pub struct Turn {
    _file: File,
}

impl Vault {
    /// That of the person at the terminal.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        Self { folder: home.state.path().to_owned() }
    }

    /// Every account; none when nobody has signed in.
    pub fn read(&self) -> Result<Accounts, Failure> {
        let Some(text) = self.read_file("accounts.json")? else { return Ok(Accounts::default()) };
        serde_json::from_str(&text).map_err(|error| {
            let path = self.folder.join("accounts.json");
            Problem::new("D1-AUTH-011", Category::Task, "the file of accounts cannot be read")
                .because(format!("{}: {error}", path.display()))
                .leaving("nothing was changed")
                .next(format!("move it away, then: d1-doctor login ({})", path.display()))
                .into()
        })
    }

    /// Waits until nobody else changes accounts, so that no token is used twice.
    pub fn take_turn(&self) -> Result<Turn, Failure> {
        let path = self.folder.join("accounts.lock");
        let lock = || -> io::Result<File> {
            let file = private(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map(|file| Turn { _file: file }).map_err(|error| trouble(&path, "lock", &error))
    }

    /// Changes accounts.
    pub fn change(&self, change: impl FnOnce(&mut Accounts)) -> Result<(), Failure> {
        let turn = self.take_turn()?;
        self.change_in(&turn, change)
    }

    /// Changes accounts, as whoever has the turn.
    pub fn change_in(
        &self,
        _turn: &Turn,
        change: impl FnOnce(&mut Accounts),
    ) -> Result<(), Failure> {
        let mut accounts = self.read()?;
        change(&mut accounts);
        let text = serde_json::to_string_pretty(&accounts).unwrap_or_default();
        self.write_file("accounts.json", &text)
    }

    /// Puts one first.
    pub fn put(&self, account: Account) -> Result<(), Failure> {
        self.change(|accounts| accounts.put(account))
    }

    /// What a file has in it; `None` when it is not there. One that others may read or write is
    /// not trusted, nor is a link.
    pub(super) fn read_file(&self, name: &str) -> Result<Option<String>, Failure> {
        let path = self.folder.join(name);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(trouble(&path, "read", &error)),
            Ok(is) if !is.is_file() || is_open(&is) => return Err(exposed(&path)),
            Ok(_) => {}
        }
        let read = || -> io::Result<String> {
            let mut text = String::new();
            File::open(&path)?.take(MAX_BYTES).read_to_string(&mut text)?;
            Ok(text)
        };
        read().map(Some).map_err(|error| trouble(&path, "read", &error))
    }

    /// Replaces a file whole: a crash leaves the old one or the new one.
    pub(super) fn write_file(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(name);
        let next = self.folder.join(format!("{name}.{}", std::process::id()));
        let write = || -> io::Result<()> {
            let mut file = private(false).open(&next)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&next, &path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| {
            // What was begun is of no use to anybody; there may be nothing.
            drop(fs::remove_file(&next));
            trouble(&path, "write", &error)
        })
    }

    /// Forgets a file; it may be gone already.
    pub(super) fn remove_file(&self, name: &str) -> Result<(), Failure> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(trouble(&path, "remove", &error))
            }
            _ => Ok(()),
        }
    }
}

/// A file for its owner alone; a link in its place is not followed.
fn private(is_lock: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    if is_lock {
        options.create(true).truncate(false);
    } else {
        options.create_new(true);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
        options.mode(0o600).custom_flags(nofollow);
    }
    options
}

#[cfg(unix)]
fn is_open(is: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    is.mode() & 0o077 != 0 || is.uid() != rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_open(_is: &fs::Metadata) -> bool {
    false
}

fn exposed(path: &Path) -> Failure {
    let title = format!("`{}` could have been read or written by others", path.display());
    Problem::new("D1-AUTH-012", Category::Denied, title)
        .because("it has what lets in as you, so it has to be a file that is yours alone")
        .leaving("nothing was changed")
        .next(format!("sign out elsewhere, remove it, then: d1-doctor login ({})", path.display()))
        .into()
}

fn trouble(path: &Path, doing: &str, error: &io::Error) -> Failure {
    let title = format!("cannot {doing} `{}`", path.display());
    Problem::new("D1-STATE-001", Category::Task, title)
        .because(error.to_string())
        .leaving("nothing was changed")
        .next("see that the state directory can be written, or name another with --state-dir")
        .into()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn vault(folder: &Path) -> Vault {
        Vault { folder: folder.to_owned() }
    }

    #[test]
    fn what_is_kept_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        vault.change(|_| {}).unwrap();
        for name in ["accounts.json", "accounts.lock"] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert_eq!(vault.read().unwrap(), Accounts::default());
    }

    #[test]
    fn a_file_that_others_may_read_and_a_link_are_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let (path, vault) = (folder.path().join("accounts.json"), vault(folder.path()));
        vault.change(|_| {}).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(vault.read().unwrap_err().problem.code, "D1-AUTH-012");
        fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        symlink(folder.path().join("elsewhere"), &path).unwrap();
        assert_eq!(vault.read().unwrap_err().problem.code, "D1-AUTH-012");
    }

    #[test]
    fn a_file_that_makes_no_sense_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        vault.write_file("accounts.json", "{").unwrap();
        assert_eq!(vault.read().unwrap_err().problem.code, "D1-AUTH-011");
    }
}
