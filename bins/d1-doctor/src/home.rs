//! The state directory as the command uses it: where it is, whose setups are in it, and
//! which process is driving which setup.

use crate::failure::Failure;
use d1_core::{AccountId, Category, Problem, SetupId, StopMode};
use d1_executor::{LockError, StateDir, StateDirError, try_lock};
use std::{
    error::Error as _,
    fs::{self, File},
    path::{Path, PathBuf},
};

/// The state directory of the person at the terminal.
#[derive(Clone, Debug)]
pub struct Home {
    /// The directory itself.
    pub state: StateDir,
}

/// Held while this process drives a setup.
#[derive(Debug)]
pub struct Driving {
    _file: File,
}

/// What the environment says about where to keep things.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Whether we are the administrator.
    pub root: bool,
    /// `XDG_STATE_HOME`.
    pub xdg_state: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
}

impl Places {
    /// What the process finds around itself.
    #[must_use]
    pub fn present() -> Self {
        let dir = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
        };
        Self { root: is_root(), xdg_state: dir("XDG_STATE_HOME"), home: dir("HOME") }
    }

    /// The default state directory (XDG base directories; `/var/lib` for the administrator).
    #[must_use]
    pub fn state_dir(&self) -> Option<PathBuf> {
        if self.root {
            return Some(PathBuf::from("/var/lib/d1-doctor"));
        }
        let state = self.xdg_state.clone();
        let state = state.or_else(|| self.home.as_ref().map(|home| home.join(".local/state")));
        Some(state?.join("d1-doctor"))
    }
}

impl Home {
    /// Opens the given directory, or the default one.
    pub fn open(given: Option<&Path>, places: &Places) -> Result<Self, Failure> {
        let path =
            given.map(Path::to_path_buf).or_else(|| places.state_dir()).ok_or_else(|| {
                Problem::new("D1-STATE-002", Category::Usage, "there is no place to keep state")
                    .because("neither HOME nor XDG_STATE_HOME is set")
                    .next("give a folder with --state-dir")
            })?;
        let path = std::path::absolute(&path).unwrap_or(path);
        let state = StateDir::open(path).map_err(|error| state_failure(&error))?;
        Ok(Self { state })
    }

    /// The account of everything that is done without a cloud.
    #[must_use]
    pub fn account() -> AccountId {
        AccountId::from_bytes([0xd1; 16])
    }

    /// Becomes the one process that drives `setup`.
    pub fn drive(&self, setup: SetupId) -> Result<Driving, Failure> {
        let path = self.run_file(setup, "lock")?;
        match try_lock(&path) {
            Ok(file) => Ok(Driving { _file: file }),
            Err(LockError::Held(pid)) => Err(Problem::new(
                "D1-SETUP-010",
                Category::Daemon,
                format!("setup {} is already being worked on", setup.short()),
            )
            .because(format!("process {pid} is driving it"))
            .next(format!("d1-doctor logs {} --follow", setup.short()))
            .into()),
            Err(LockError::Io(source)) => {
                Err(state_failure(&StateDirError::Io { doing: "lock", path, source }))
            }
        }
    }

    /// The process that drives `setup`, when there is one.
    #[must_use]
    pub fn driver_of(&self, setup: SetupId) -> Option<u32> {
        let path = self.state.path().join("run").join(format!("{setup}.lock"));
        let file = File::open(&path).ok()?;
        match file.try_lock_shared() {
            Ok(()) => None,
            Err(_) => Some(fs::read_to_string(&path).ok()?.trim().parse().unwrap_or(0)),
        }
    }

    /// Leaves a wish to stop for whoever drives the setup.
    pub fn leave_stop(&self, setup: SetupId, mode: StopMode) -> Result<(), Failure> {
        let path = self.run_file(setup, "stop")?;
        let word = match mode {
            StopMode::AfterStep => "after_step",
            StopMode::Now => "now",
            StopMode::Kill => "kill",
        };
        fs::write(&path, word)
            .map_err(|source| state_failure(&StateDirError::Io { doing: "write", path, source }))
    }

    /// Takes the wish to stop that somebody left.
    #[must_use]
    pub fn take_stop(&self, setup: SetupId) -> Option<StopMode> {
        let path = self.run_file(setup, "stop").ok()?;
        let word = fs::read_to_string(&path).ok()?;
        // A wish that cannot be removed is taken again; asking twice does no harm.
        let _still_there = fs::remove_file(&path);
        match word.trim() {
            "after_step" => Some(StopMode::AfterStep),
            "now" => Some(StopMode::Now),
            "kill" => Some(StopMode::Kill),
            _ => None,
        }
    }

    fn run_file(&self, setup: SetupId, ending: &str) -> Result<PathBuf, Failure> {
        let folder = self.state.path().join("run");
        fs::create_dir_all(&folder).map_err(|source| {
            let path = folder.clone();
            state_failure(&StateDirError::Io { doing: "make", path, source })
        })?;
        Ok(folder.join(format!("{setup}.{ending}")))
    }
}

/// An error of the state directory, told so that a person can act on it.
#[must_use]
pub fn state_failure(error: &StateDirError) -> Failure {
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    let (code, category) = if matches!(error, StateDirError::InUse { .. }) {
        ("D1-DAEMON-002", Category::Daemon)
    } else {
        ("D1-STATE-001", Category::Task)
    };
    let full = error.to_string();
    let (title, remedy) = full.split_once("; ").unwrap_or((&full, ""));
    Problem::new(code, category, title)
        .because(cause)
        .leaving("nothing was changed")
        .next(remedy)
        .into()
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_goes_where_the_platform_wants_it() {
        let home = Some(PathBuf::from("/home/maya"));
        let user = Places { home: home.clone(), ..Places::default() };
        assert_eq!(user.state_dir(), Some("/home/maya/.local/state/d1-doctor".into()));
        let xdg = Places { xdg_state: Some("/x".into()), home, root: false };
        assert_eq!(xdg.state_dir(), Some("/x/d1-doctor".into()));
        let root = Places { root: true, ..Places::default() };
        assert_eq!(root.state_dir(), Some("/var/lib/d1-doctor".into()));
        assert_eq!(Places::default().state_dir(), None);
    }

    #[test]
    fn one_process_drives_a_setup_and_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path()), &Places::default()).unwrap();
        let setup = SetupId::generate();
        assert_eq!(home.driver_of(setup), None);
        let driving = home.drive(setup).unwrap();
        assert_eq!(home.driver_of(setup), Some(std::process::id()));
        let refused = home.drive(setup).unwrap_err();
        assert_eq!(refused.problem.code, "D1-SETUP-010");
        drop(driving);
        assert_eq!(home.driver_of(setup), None);
    }

    #[test]
    fn a_wish_to_stop_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path()), &Places::default()).unwrap();
        let setup = SetupId::generate();
        home.leave_stop(setup, StopMode::Kill).unwrap();
        assert_eq!(home.take_stop(setup), Some(StopMode::Kill));
        assert_eq!(home.take_stop(setup), None);
    }
}
