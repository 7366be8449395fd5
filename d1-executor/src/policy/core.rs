//! The policy of a machine: the administrator's file, and below it the user's.
//!
//! Each file is asked by itself, and the strictest answer counts; so a file can only tighten what
//! another says.

use super::{approved, error::PolicyError, file, layer::Layer};
use crate::sandbox::{Demand, Inside};
use d1_core::Digest;
use std::path::{Path, PathBuf};

/// Where the administrator's policy is.
const OF_MACHINE: &str = "/etc/d1-doctor/policy.toml";
/// Where a user's policy is, below the configuration directory.
const OF_USER: &str = "d1-doctor/policy.toml";

/// What the owner of this machine allows.
///
/// The one without any file allows what it always did: programs run, shell scripts do not.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The administrator's.
    pub(super) machine: Layer,
    /// The user's.
    pub(super) user: Layer,
    files: Option<Files>,
}

/// Where a policy was read.
#[derive(Clone, Debug)]
struct Files {
    machine: PathBuf,
    user: Option<PathBuf>,
}

impl Default for Policy {
    /// Of a machine on which nobody has written one.
    fn default() -> Self {
        let machine = Layer { path: PathBuf::from(OF_MACHINE), ..Layer::default() };
        Self { machine, user: Layer::default(), files: None }
    }
}

impl Policy {
    /// The policy of the machine and the user that we run on and for.
    pub fn this() -> Result<Self, PolicyError> {
        let dir = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
        };
        let config = dir("XDG_CONFIG_HOME").or_else(|| Some(dir("HOME")?.join(".config")));
        let user = config.map(|config| config.join(OF_USER));
        Self::read(Path::new(OF_MACHINE), user.as_deref())
    }

    /// Reads the administrator's file and the user's. One that is not there says nothing.
    pub fn read(machine: &Path, user: Option<&Path>) -> Result<Self, PolicyError> {
        let layer = |path: &Path| {
            let layer = match file::read(path)? {
                Some(text) => Layer::parse(path, &text)?,
                None => Layer { path: path.to_path_buf(), ..Layer::default() },
            };
            Ok(Layer { approved: approved::read(&approved::beside(path))?, ..layer })
        };
        let files = Files { machine: machine.to_path_buf(), user: user.map(Path::to_path_buf) };
        let user = user.map_or_else(|| Ok(Layer::default()), layer)?;
        Ok(Self { machine: layer(machine)?, user, files: Some(files) })
    }

    /// The same as it is now: what the owner writes counts from the next command on.
    pub fn again(&self) -> Result<Self, PolicyError> {
        match &self.files {
            Some(Files { machine, user }) => Self::read(machine, user.as_deref()),
            None => Ok(self.clone()),
        }
    }

    /// Says yes to one grant, for good: for the machine, when the administrator says so, else for
    /// what the user's own policy asks. The answer is where it was written down.
    pub fn approve(&self, digest: Digest) -> Result<PathBuf, PolicyError> {
        let user = self.files.as_ref().and_then(|files| files.user.as_deref());
        let machine = self.files.as_ref().map(|files| files.machine.as_path());
        let policy = if is_administrator() { machine } else { user.or(machine) };
        let path = approved::beside(policy.unwrap_or(Path::new(OF_MACHINE)));
        approved::add(&path, digest)?;
        Ok(path)
    }

    /// A policy that is in no file: what the administrator's would say, and the user's.
    pub fn parse(machine: &str, user: &str) -> Result<Self, PolicyError> {
        let machine = Layer::parse(Path::new(OF_MACHINE), machine)?;
        Ok(Self { machine, user: Layer::parse(Path::new(OF_USER), user)?, files: None })
    }

    /// What happens to a step when a wall around it cannot be put up: it does not run, unless
    /// the administrator says otherwise and the user does not object.
    #[must_use]
    pub fn demand(&self) -> Demand {
        if self.machine.best_effort == Some(true) && self.user.best_effort != Some(false) {
            Demand::BestEffort
        } else {
            Demand::Required
        }
    }

    /// The owner's own networks that a name may lead into without anybody asking: those that the
    /// policy names, and where both files do, those that both name.
    #[must_use]
    pub fn inside(&self) -> Vec<Inside> {
        let (narrow, wide) = match (&self.user.inside, &self.machine.inside) {
            (Some(user), Some(machine)) => (user, Some(machine)),
            (Some(one), None) | (None, Some(one)) => (one, None),
            (None, None) => return Vec::new(),
        };
        let both = |net: &&Inside| wide.is_none_or(|wide| wide.iter().any(|it| it.covers(net)));
        narrow.iter().filter(both).copied().collect()
    }

    /// Whether shell scripts may run. Only the administrator can say yes; both can say no.
    #[must_use]
    pub fn allows_shell(&self) -> bool {
        self.machine.allow_shell == Some(true) && self.user.allow_shell != Some(false)
    }
}

#[cfg(unix)]
fn is_administrator() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_administrator() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_policy_allows_no_shell_and_a_broken_one_allows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, user) = (folder.path().join("policy.toml"), folder.path().join("user.toml"));
        let read = || Policy::read(&path, Some(&user));
        assert!(!read().unwrap().allows_shell());
        std::fs::write(&path, "allow_shell = true\n").unwrap();
        assert!(read().unwrap().allows_shell());
        std::fs::write(&user, "default = \n").unwrap();
        assert!(matches!(read(), Err(PolicyError::Syntax { path, .. }) if path == user));
        std::fs::remove_file(&user).unwrap();
        std::fs::write(&path, "allow_shel = true\n").unwrap();
        assert!(matches!(read(), Err(PolicyError::Syntax { .. })));
    }

    #[test]
    fn what_the_owner_writes_counts_from_the_next_command_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        let policy = Policy::read(&path, None).unwrap();
        std::fs::write(&path, "allow_shell = true\n").unwrap();
        assert!(policy.again().unwrap().allows_shell() && !policy.allows_shell());
        std::fs::write(&path, "allow_shell = \n").unwrap();
        assert!(policy.again().is_err());
    }

    #[test]
    fn only_the_administrator_lets_steps_run_with_a_wall_missing_and_a_user_may_object() {
        for (machine, user, demand) in [
            ("", "", Demand::Required),
            ("", "best_effort = true", Demand::Required),
            ("best_effort = true", "", Demand::BestEffort),
            ("best_effort = true", "best_effort = false", Demand::Required),
            ("best_effort = false", "best_effort = true", Demand::Required),
        ] {
            assert_eq!(Policy::parse(machine, user).unwrap().demand(), demand, "{machine}, {user}");
        }
    }

    #[test]
    fn a_user_can_take_the_shell_away_and_not_give_it() {
        for (machine, user, allowed) in [
            ("", "allow_shell = true", false),
            ("allow_shell = false", "allow_shell = true", false),
            ("allow_shell = true", "", true),
            ("allow_shell = true", "allow_shell = false", false),
        ] {
            let policy = Policy::parse(machine, user).unwrap();
            assert_eq!(policy.allows_shell(), allowed, "{machine}, {user}");
        }
    }
}
