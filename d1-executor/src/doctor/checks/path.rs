//! The search path for programs.

use super::super::{check::Found, sight::Sight};
use std::{
    collections::BTreeSet,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
};

/// More folders than this are not looked at.
const MOST: usize = 1024;

/// The folders of the user's own search path, as far as [`MOST`].
pub(super) fn folders(sight: &Sight) -> Option<Vec<String>> {
    let path = sight.env.get(std::ffi::OsStr::new("PATH"))?.to_string_lossy().into_owned();
    Some(path.split(':').take(MOST).map(str::to_owned).collect())
}

fn no_path() -> Found {
    Found::fail("there is no search path: PATH is not set")
        .remedy("start a new login shell; if that does not help, look at ~/.profile")
}

pub(super) async fn missing(sight: Sight) -> Found {
    let Some(folders) = folders(&sight) else { return no_path() };
    let is_missing = |folder: &&String| {
        folder.starts_with('/')
            && std::fs::metadata(sight.host.file(folder))
                .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    let missing: Vec<String> = folders.iter().filter(is_missing).cloned().collect();
    if missing.is_empty() {
        return Found::ok(format!("{} folders", folders.len()));
    }
    // It slows every look-up a little, and tells of a tool that was moved or removed.
    Found::ok(format!("{} of {} are not there, which does no harm", missing.len(), folders.len()))
        .details(missing)
}

pub(super) async fn duplicates(sight: Sight) -> Found {
    let Some(folders) = folders(&sight) else { return no_path() };
    let mut seen = BTreeSet::new();
    let twice: Vec<&str> = folders
        .iter()
        .map(|folder| folder.trim_end_matches('/'))
        .filter(|folder| !folder.is_empty() && !seen.insert(*folder))
        .collect();
    if twice.is_empty() {
        return Found::ok("none is");
    }
    // The second one is never reached.
    Found::ok(format!("{} are, which does no harm", twice.len())).details(twice)
}

pub(super) async fn relative(sight: Sight) -> Found {
    let Some(folders) = folders(&sight) else { return no_path() };
    let relative: Vec<String> = folders
        .iter()
        .filter(|folder| !folder.starts_with('/'))
        .map(|folder| if folder.is_empty() { "(empty)".to_owned() } else { folder.clone() })
        .collect();
    if relative.is_empty() {
        return Found::ok("none does");
    }
    Found::fail("a program of the folder one stands in would be run instead of the real one")
        .details(relative)
        .remedy("take it out of PATH; look for it in ~/.profile, ~/.bashrc and ~/.zshrc")
}

pub(super) async fn writable(sight: Sight) -> Found {
    let Some(folders) = folders(&sight) else { return no_path() };
    let (mut open, mut steps) = (Vec::new(), Vec::new());
    for folder in folders.iter().filter(|folder| folder.starts_with('/')) {
        let place = sight.host.file(folder);
        let Ok(found) = std::fs::metadata(&place) else { continue };
        let (mode, owner) = (found.permissions().mode() & 0o7777, found.uid());
        let by_everybody = mode & 0o002 != 0;
        if by_everybody || (owner != 0 && owner != sight.uid) {
            open.push(format!("{folder} (mode {mode:04o}, owner {owner})"));
        }
        if by_everybody {
            steps.extend(sight.set_mode(&place, mode & !0o002));
        }
    }
    if open.is_empty() {
        return Found::ok("nobody can");
    }
    Found::fail("others can put programs where yours are looked for")
        .details(open)
        .remedy("sudo chmod o-w <folder>, or take it out of PATH")
        .mend(steps)
}
