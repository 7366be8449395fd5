//! Where facts are looked for: a root directory, a search path, a user.
//!
//! The real machine is one such place; tests make others.

use d1_core::Clock;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where facts are looked for, and with what environment tools are run.
#[derive(Clone, Debug)]
pub struct Host {
    /// The directory that is `/`.
    pub root: PathBuf,
    /// The search path for programs, as in `$PATH`.
    pub path: String,
    /// Added to the environment of every package tool: proxies, a scratch configuration.
    pub env: BTreeMap<String, String>,
    /// Whether we are the administrator.
    pub is_root: bool,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
}

/// What a minimal `$PATH` lacks and package scripts need.
const SYSTEM_DIRECTORIES: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// What of our own environment package tools get: how to reach the network, and where home is.
const PASSED_ON: [&str; 9] = [
    "HOME",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "HOMEBREW_PREFIX",
];

impl Host {
    /// The machine we run on.
    #[must_use]
    pub fn this(clock: Arc<dyn Clock>) -> Self {
        let given = std::env::var("PATH").unwrap_or_default();
        let pass = |name: &&str| Some(((*name).to_owned(), std::env::var(*name).ok()?));
        Self {
            root: PathBuf::from("/"),
            path: with_system_directories(&given),
            env: PASSED_ON.iter().filter_map(pass).collect(),
            is_root: is_root(),
            clock,
        }
    }

    /// Where the file is that has this absolute path on the machine.
    #[must_use]
    pub fn file(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    /// The text of a file; `None` when it cannot be read or is not text.
    #[must_use]
    pub fn read(&self, absolute: &str) -> Option<String> {
        std::fs::read_to_string(self.file(absolute)).ok()
    }

    /// The first program of this name on the search path.
    #[must_use]
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        let candidates = std::env::split_paths(&self.path).map(|dir| dir.join(program));
        candidates.into_iter().find(|file| file.is_absolute() && is_executable(file))
    }

    /// Seconds since the newest of these files or directories changed.
    #[must_use]
    pub fn age_of_newest(&self, files: &[PathBuf]) -> Option<std::time::Duration> {
        let changed = |file: &PathBuf| {
            let time = std::fs::metadata(file).ok()?.modified().ok()?;
            let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some(d1_core::Timestamp(u64::try_from(since.as_millis()).ok()?))
        };
        files.iter().filter_map(changed).max().map(|newest| self.clock.now().since(newest))
    }

    /// What every package tool gets as its environment.
    #[must_use]
    pub fn tool_env(&self, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut env = self.env.clone();
        env.insert("PATH".to_owned(), self.path.clone());
        // Messages are parsed, so they must come in one language.
        env.insert("LC_ALL".to_owned(), "C.UTF-8".to_owned());
        for (name, value) in more {
            env.insert((*name).to_owned(), (*value).to_owned());
        }
        env
    }
}

fn with_system_directories(given: &str) -> String {
    let mut all: Vec<&str> = given.split(':').filter(|dir| dir.starts_with('/')).collect();
    for dir in SYSTEM_DIRECTORIES {
        if !all.contains(&dir) {
            all.push(dir);
        }
    }
    all.join(":")
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file() || file.with_extension("exe").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_search_path_is_completed_and_a_relative_one_is_not_trusted() {
        assert_eq!(
            with_system_directories("/opt/x:.:/usr/bin"),
            "/opt/x:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin"
        );
    }
}
