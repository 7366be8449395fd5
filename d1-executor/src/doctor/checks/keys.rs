//! Keys, passwords and tokens: whether others can read or change them.

use super::super::{check::Found, sight::Sight};
use d1_core::Step;
use std::{
    fmt, fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Files that hold passwords or tokens, below the home.
const SECRETS: [&str; 12] = [
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    ".git-credentials",
    ".aws/credentials",
    ".docker/config.json",
    ".kube/config",
    ".cargo/credentials.toml",
    ".config/gh/hosts.yml",
    ".config/gcloud/application_default_credentials.json",
];

pub(super) fn no_home() -> Found {
    Found::unknown("nobody says where the home is: HOME is not set")
}

/// sshd(8), STRICTMODES, and ssh(1): keys that others can read are refused.
pub(super) async fn ssh_modes(sight: Sight) -> Found {
    let Some(folder) = sight.at_home(".ssh") else { return no_home() };
    let (mut wrong, mut steps) = (Vec::new(), Vec::new());
    match judge(&folder, 0o022, sight.uid) {
        Ok(None) => {}
        Ok(Some(flaw)) => {
            wrong.push(format!("~/.ssh: {flaw}"));
            steps.extend(flaw.mend(&sight, &folder, 0o700));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Found::skipped("there is no ~/.ssh");
        }
        Err(error) => return Found::unreadable("~/.ssh", &error),
    }
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) => return Found::unreadable("~/.ssh", &error),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let forbidden = if is_private_key(&path) {
            0o077
        } else if ["authorized_keys", "config"].contains(&name.as_str()) {
            0o022
        } else {
            continue;
        };
        if let Ok(Some(flaw)) = judge(&path, forbidden, sight.uid) {
            wrong.push(format!("~/.ssh/{name}: {flaw}"));
            steps.extend(flaw.mend(&sight, &path, 0o600));
        }
    }
    if wrong.is_empty() {
        return Found::ok("nobody can");
    }
    Found::fail("ssh refuses keys and settings that others can read or change")
        .details(wrong)
        .remedy("chmod 700 ~/.ssh; chmod 600 ~/.ssh/config ~/.ssh/authorized_keys and the keys")
        .mend(steps)
}

pub(super) async fn credentials(sight: Sight) -> Found {
    if sight.home.is_none() {
        return no_home();
    }
    let (mut wrong, mut steps, mut seen) = (Vec::new(), Vec::new(), 0);
    for name in SECRETS {
        let Some(path) = sight.at_home(name) else { continue };
        match judge(&path, 0o077, sight.uid) {
            Ok(None) => seen += 1,
            Ok(Some(flaw)) => {
                wrong.push(format!("~/{name}: {flaw}"));
                steps.extend(flaw.mend(&sight, &path, 0o600));
            }
            // What is not there, or not ours to look at, is nobody's to read.
            Err(_) => {}
        }
    }
    if wrong.is_empty() {
        return Found::ok(match seen {
            0 => "there are none".to_owned(),
            1 => "the one file with secrets is private".to_owned(),
            several => format!("{several} files with secrets, all private"),
        });
    }
    Found::fail("others on this machine can read your passwords or tokens")
        .details(wrong)
        .remedy("chmod 600 <file>")
        .mend(steps)
}

/// What is wrong with who may use a file.
pub(super) enum Flaw {
    /// It belongs to this user.
    Owner(u32),
    /// It has this mode.
    Mode(u32),
}

impl Flaw {
    /// The step that mends it; what belongs to others is theirs to change.
    pub(super) fn mend(&self, sight: &Sight, path: &Path, mode: u32) -> Option<Step> {
        match self {
            Self::Owner(_) => None,
            Self::Mode(_) => sight.set_mode(path, mode),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(uid) => write!(f, "it belongs to user {uid}"),
            Self::Mode(mode) => write!(f, "its mode is {mode:04o}"),
        }
    }
}

/// What is wrong with a file's mode or owner, when something is.
pub(super) fn judge(path: &Path, forbidden: u32, uid: u32) -> io::Result<Option<Flaw>> {
    let found = fs::metadata(path)?;
    let mode = found.permissions().mode() & 0o7777;
    if found.uid() != uid && found.uid() != 0 {
        return Ok(Some(Flaw::Owner(found.uid())));
    }
    Ok((mode & forbidden != 0).then_some(Flaw::Mode(mode)))
}

/// By what is in it: the name of a key is anybody's guess.
fn is_private_key(path: &Path) -> bool {
    let Ok(Some(text)) = super::super::sight::read(path) else { return false };
    text.starts_with("-----BEGIN ")
        && text.lines().next().is_some_and(|l| l.contains("PRIVATE KEY"))
}
