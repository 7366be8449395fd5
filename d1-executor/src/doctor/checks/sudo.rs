//! sudo, and what keeps the home to oneself.

use super::{
    super::{check::Found, sight::Sight},
    keys::{Flaw, judge, no_home},
};
use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::PathBuf,
};

/// Where shells and databases keep what was typed, passwords among it, below the home.
const HISTORIES: [&str; 6] = [
    ".bash_history",
    ".zsh_history",
    ".mysql_history",
    ".psql_history",
    ".sqlite_history",
    ".node_repl_history",
];

/// Without its set-user-id bit, sudo refuses to work.
pub(super) async fn program(sight: Sight) -> Found {
    let path = sight.host.file("/usr/bin/sudo");
    let found = match fs::metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Found::skipped("there is no sudo");
        }
        Err(error) => return Found::unreadable("sudo", &error),
    };
    let mode = found.permissions().mode() & 0o7777;
    if found.uid() == 0 && mode & 0o4000 != 0 {
        return Found::ok("it can");
    }
    Found::fail("sudo refuses to work: it has lost the right to act for the administrator")
        .details([format!("/usr/bin/sudo: its mode is {mode:04o}, its owner {}", found.uid())])
        .remedy("as root (su): chown root:root /usr/bin/sudo; chmod 4755 /usr/bin/sudo")
        .mend((found.uid() == 0).then(|| sight.set_mode(&path, mode | 0o4111)).flatten())
}

/// sudo refuses rules that others could have written.
pub(super) async fn rules(sight: Sight) -> Found {
    let main = sight.host.file("/etc/sudoers");
    if !main.exists() {
        return Found::skipped("there is no sudo");
    }
    let mut paths = vec![main];
    if let Ok(entries) = fs::read_dir(sight.host.file("/etc/sudoers.d")) {
        let is_read = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !name.contains('.') && !name.ends_with('~')
        };
        paths.extend(entries.flatten().map(|entry| entry.path()).filter(is_read));
    }
    paths.sort();
    let (mut wrong, mut steps) = (Vec::new(), Vec::new());
    for path in paths {
        if let Ok(Some(flaw)) = judge(&path, 0o022, 0) {
            wrong.push(format!("{}: {flaw}", sight.shown(&path)));
            steps.extend(flaw.mend(&sight, &path, 0o440));
        }
    }
    if wrong.is_empty() {
        return Found::ok("nobody can");
    }
    Found::fail("sudo refuses rules that others could have written, and so refuses you")
        .details(wrong)
        .remedy("as root (su): chmod 440 <file>")
        .mend(steps)
}

pub(super) async fn home(sight: Sight) -> Found {
    let Some(home) = sight.home.clone() else { return no_home() };
    let mode = match fs::metadata(&home) {
        Ok(found) => found.permissions().mode() & 0o7777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Found::skipped("the home is not there");
        }
        Err(error) => return Found::unreadable("the home", &error),
    };
    // A shared place like /tmp, which some accounts have for a home.
    if mode & 0o1000 != 0 || mode & 0o002 == 0 {
        return Found::ok("nobody can");
    }
    Found::fail("others can put files into your home, and so have you run their programs")
        .details([format!("its mode is {mode:04o}")])
        .remedy("chmod o-w ~")
        .mend(sight.set_mode(&home, mode & !0o002))
}

pub(super) async fn histories(sight: Sight) -> Found {
    let Some(home) = sight.home.clone() else { return no_home() };
    // Into a home that is closed nobody sees.
    if fs::metadata(&home).is_ok_and(|found| found.permissions().mode() & 0o011 == 0) {
        return Found::ok("nobody can look into the home");
    }
    let (mut wrong, mut steps) = (Vec::new(), Vec::new());
    for name in HISTORIES {
        let path = home.join(name);
        if let Ok(Some(flaw @ Flaw::Mode(_))) = judge(&path, 0o044, sight.uid)
            && path.is_file()
        {
            wrong.push(format!("~/{name}: {flaw}"));
            steps.extend(flaw.mend(&sight, &path, 0o600));
        }
    }
    if wrong.is_empty() {
        return Found::ok("nobody can");
    }
    Found::warn("others on this machine can read what you typed, passwords among it")
        .details(wrong)
        .remedy("chmod 600 <file>")
        .mend(steps)
}
