//! Where this apt keeps its things, from its own configuration.

use d1_core::{Change, Resource, State};
use std::{collections::BTreeSet, path::PathBuf};

/// What `apt-config shell` is asked for.
pub(super) const QUESTIONS: [&str; 6] = [
    "LISTS",
    "Dir::State::lists/d",
    "STATUS",
    "Dir::State::status/f",
    "ARCHIVES",
    "Dir::Cache::archives/d",
];

/// Where apt keeps its things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The index.
    pub(super) lists: PathBuf,
    /// The package database.
    pub(super) dpkg: PathBuf,
    /// Fetched packages.
    pub(super) archives: PathBuf,
}

impl Layout {
    /// From the answer of `apt-config shell`; what it does not say is where Debian has it.
    pub(super) fn parse(text: &str) -> Self {
        let value = |name: &str, otherwise: &str| {
            let quoted = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            PathBuf::from(quoted.map_or(otherwise, |quoted| quoted.trim().trim_matches('\'')))
        };
        let status = value("STATUS", "/var/lib/dpkg/status");
        Self {
            lists: value("LISTS", "/var/lib/apt/lists/"),
            dpkg: status.parent().map(PathBuf::from).unwrap_or_default(),
            archives: value("ARCHIVES", "/var/cache/apt/archives/"),
        }
    }

    /// The locks of an installation.
    pub(super) fn install_locks(&self) -> Vec<PathBuf> {
        vec![self.dpkg.join("lock-frontend"), self.dpkg.join("lock"), self.archives.join("lock")]
    }

    /// The lock of a refresh.
    pub(super) fn index_locks(&self) -> Vec<PathBuf> {
        vec![self.lists.join("lock")]
    }

    /// Whether there is an index at all.
    pub(super) fn has_index(&self) -> bool {
        let is_index = |name: &str| name.contains("_Packages") || name.ends_with("Packages");
        std::fs::read_dir(&self.lists).is_ok_and(|entries| {
            entries.flatten().any(|entry| is_index(&entry.file_name().to_string_lossy()))
        })
    }

    /// Whether dpkg was cut off in the middle of writing its records. apt refuses to work
    /// until dpkg has put them in order.
    pub(super) fn has_journal(&self) -> bool {
        let is_entry = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        std::fs::read_dir(self.dpkg.join("updates")).is_ok_and(|entries| {
            entries.flatten().any(|entry| is_entry(&entry.file_name().to_string_lossy()))
        })
    }

    /// dpkg's lists of the files of packages that came, `name.list` or `name:arch.list`.
    pub(super) fn lists_of(&self, changes: &[Change]) -> Vec<PathBuf> {
        let came = |change: &Change| match (&change.resource, &change.after) {
            (Resource::Package { name, .. }, State::Installed { .. }) => {
                name.as_str().split(':').next().map(str::to_owned)
            }
            (_, _) => None,
        };
        let names: BTreeSet<String> = changes.iter().filter_map(came).collect();
        let entries = std::fs::read_dir(self.dpkg.join("info")).into_iter().flatten().flatten();
        let is_of_one = |path: &PathBuf| {
            let list = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".list"));
            list.and_then(|name| name.split(':').next()).is_some_and(|name| names.contains(name))
        };
        entries.map(|entry| entry.path()).filter(is_of_one).collect()
    }

    /// What changes when the index is refreshed, even when nothing in it is new.
    pub(super) fn index_stamps(&self) -> Vec<PathBuf> {
        let periodic = self.lists.parent().map(|up| up.join("periodic/update-success-stamp"));
        [self.lists.clone(), self.lists.join("partial")].into_iter().chain(periodic).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_from_apts_own_configuration() {
        let text = "LISTS='/x/lists/'\nSTATUS='/x/dpkg/status'\nARCHIVES='/x/a/'\n";
        let layout = Layout::parse(text);
        assert_eq!(layout.install_locks()[0], PathBuf::from("/x/dpkg/lock-frontend"));
        assert_eq!(layout.index_locks(), [PathBuf::from("/x/lists/lock")]);
        assert_eq!(Layout::parse("").dpkg, PathBuf::from("/var/lib/dpkg"));
    }

    #[test]
    fn an_empty_list_directory_is_no_index() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout { lists: dir.path().into(), dpkg: "/".into(), archives: "/".into() };
        assert!(!layout.has_index());
        std::fs::write(dir.path().join("deb_main_binary-amd64_Packages.lz4"), "").unwrap();
        assert!(layout.has_index());
    }
}
