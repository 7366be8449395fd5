//! How programs inside look up names: by asking, and nothing else.
//!
//! The machine's own list of hosts would lead to addresses that mean nothing inside, its services
//! for names are not there. Where a file is missing, programs ask the loopback address, which
//! leads to us like any other.

use super::{
    tree::{self, Root},
    view::place,
};
use crate::sandbox::{RESOLVER, linux::order::Lookup};
use rustix::{
    fs::FileType,
    io::{Errno, Result},
};
use std::{
    fs,
    os::fd::AsFd as _,
    path::{Path, PathBuf},
};

/// Who is on the list of hosts.
const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost\n";

/// Covers these files about how names are looked up.
pub(super) fn cover(root: &Root, files: &[Lookup]) -> Result<()> {
    for file in files {
        if let Some(path) = real(Path::new(file.path()))
            && is_file(root, &path)?
        {
            let name = file.path().rsplit('/').next().unwrap_or_default();
            let from = PathBuf::from(format!("/.{name}"));
            place(root, content(*file).as_bytes(), &from, 0o444, &path)?;
        }
    }
    Ok(())
}

/// What such a file says inside.
fn content(file: Lookup) -> String {
    match file {
        Lookup::Hosts => HOSTS.to_owned(),
        // Without a list of ends to try, a name means itself.
        Lookup::Resolvers => {
            format!("nameserver {RESOLVER}\nsearch .\noptions timeout:5 attempts:2\n")
        }
        Lookup::Switch => by_asking(&fs::read_to_string(file.path()).unwrap_or_default()),
    }
}

/// Where the file really is: it may be a link to what some service writes.
fn real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

/// Whether it is there inside, too.
fn is_file(root: &Root, path: &Path) -> Result<bool> {
    match root.open(path) {
        Ok(file) => Ok(tree::kind(file.as_fd())? == FileType::RegularFile),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The same, with hosts looked up in the list and by asking (`nsswitch.conf(5)`).
fn by_asking(switch: &str) -> String {
    let others = switch.lines().filter(|line| !line.trim_start().starts_with("hosts:"));
    let others: String = others.flat_map(|line| [line, "\n"]).collect();
    others + "hosts: files dns\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_looked_up_by_asking_and_everything_else_as_before() {
        let before =
            "passwd: files systemd\nhosts:  files mdns4_minimal [NOTFOUND=return] resolve\n";
        assert_eq!(by_asking(before), "passwd: files systemd\nhosts: files dns\n");
        assert_eq!(by_asking(""), "hosts: files dns\n");
    }
}
