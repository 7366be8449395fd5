//! Where an apt works beyond the system's own folders: a scratch root, as its configuration
//! names it, and packages that lie in folders.

use super::Apt;
use crate::packages::ToolError;
use std::path::{Path, PathBuf};

/// What `apt-config shell` is asked for: every folder that apt or dpkg writes to.
const FOLDERS: [&str; 14] = [
    "ROOT",
    "Dir/d",
    "STATE",
    "Dir::State/d",
    "LISTS",
    "Dir::State::lists/d",
    "CACHE",
    "Dir::Cache/d",
    "ARCHIVES",
    "Dir::Cache::archives/d",
    "LOG",
    "Dir::Log/d",
    "ETC",
    "Dir::Etc/d",
];
/// What these are on a machine whose apt is its own.
const USUAL: [&str; 4] = ["/usr", "/var", "/etc", "/opt"];
/// How a source is written that lies in a folder.
const IN_FOLDERS: [&str; 2] = ["file:", "copy:"];
/// The most of a list of sources that is read.
const MOST: usize = 1 << 20;

/// Where an apt works beyond the system's own folders.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) writes: Vec<PathBuf>,
    pub(super) reads: Vec<PathBuf>,
}

impl Apt {
    /// Where this apt works beyond the system's own folders.
    pub(super) async fn reach(&self) -> Result<Reach, ToolError> {
        let words: Vec<&str> = ["apt-config", "shell"].into_iter().chain(FOLDERS).collect();
        let said = self.hands.look(&words).await?.stdout;
        let etc = value(&said, "ETC").unwrap_or_else(|| PathBuf::from("/etc/apt"));
        let mut reach = Reach { writes: folders(&said), reads: Vec::new() };
        // dpkg's own records may be elsewhere, and so may its configuration.
        for name in ["DPKG_ADMINDIR", "APT_CONFIG"] {
            let given = self.hands.host.env.get(name).map(PathBuf::from);
            let folder = match (name, given) {
                ("APT_CONFIG", Some(file)) => file.parent().map(Path::to_path_buf),
                (_, given) => given,
            };
            reach.writes.extend(folder.filter(|path| is_beyond(path)));
        }
        reach.reads = sources(&etc).iter().flat_map(|text| in_folders(text)).collect();
        Ok(reach.tidy())
    }
}

impl Reach {
    /// Each place once, those that hold others first and alone.
    fn tidy(mut self) -> Self {
        self.writes = outermost(self.writes);
        self.reads.retain(|path| !self.writes.iter().any(|write| path.starts_with(write)));
        self.reads = outermost(self.reads);
        self
    }
}

fn outermost(mut all: Vec<PathBuf>) -> Vec<PathBuf> {
    all.retain(|path| path.is_dir());
    all.sort();
    let mut kept: Vec<PathBuf> = Vec::new();
    for path in all {
        if !kept.iter().any(|above| path.starts_with(above)) {
            kept.push(path);
        }
    }
    kept
}

fn value(said: &str, name: &str) -> Option<PathBuf> {
    let quoted = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    Some(PathBuf::from(quoted.trim().trim_matches('\'').trim_end_matches('/')))
}

/// The folders of the configuration that are beyond the usual ones.
fn folders(said: &str) -> Vec<PathBuf> {
    let names = FOLDERS.iter().step_by(2);
    names.filter_map(|name| value(said, name)).filter(|path| is_beyond(path)).collect()
}

fn is_beyond(path: &Path) -> bool {
    path.is_absolute()
        && path.components().count() > 1
        // What is temporary is not the machine's own, as seen from inside.
        && (path.starts_with("/var/tmp") || !USUAL.iter().any(|usual| path.starts_with(usual)))
}

/// The texts that name where packages come from.
fn sources(etc: &Path) -> Vec<String> {
    let parts = std::fs::read_dir(etc.join("sources.list.d")).into_iter().flatten().flatten();
    let parts = parts.map(|entry| entry.path());
    let all = std::iter::once(etc.join("sources.list")).chain(parts);
    let read = |path: PathBuf| std::fs::read_to_string(path).ok();
    all.filter_map(read).filter(|text| text.len() <= MOST).collect()
}

/// The folders that a list of sources names.
fn in_folders(text: &str) -> Vec<PathBuf> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = lines.flat_map(str::split_whitespace);
    let folder = |word: &str| {
        let rest = IN_FOLDERS.iter().find_map(|kind| word.strip_prefix(kind))?;
        let path = format!("/{}", rest.trim_start_matches('/').trim_end_matches('/'));
        Some(PathBuf::from(path)).filter(|path| is_beyond(path))
    };
    words.filter_map(folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_whose_apt_is_its_own_works_nowhere_else() {
        let said = "ROOT='/'\nSTATE='/var/lib/apt/'\nETC='/etc/apt/'\nLOG='/var/log/apt/'\n";
        assert_eq!(folders(said), [] as [PathBuf; 0]);
        let said = "ROOT='/srv/x/'\nLOG='/srv/x/log/'\nSTATE='/var/lib/apt/'\n";
        assert_eq!(folders(said), [PathBuf::from("/srv/x"), PathBuf::from("/srv/x/log")]);
    }

    #[test]
    fn folders_of_packages_are_found_in_both_ways_of_writing_sources() {
        let one =
            "# deb file:/no ./\ndeb [trusted=yes] file:/srv/repo ./\ndeb http://x.example y z\n";
        let other = "Types: deb\nURIs: file:///srv/repo/ copy:/mnt/disc\nSuites: ./\n";
        assert_eq!(in_folders(one), [PathBuf::from("/srv/repo")]);
        assert_eq!(in_folders(other), [PathBuf::from("/srv/repo"), PathBuf::from("/mnt/disc")]);
    }
}
