//! What each profile shows, and what is kept from every command. Data; who mounts it is elsewhere.

use super::grant::{Access, Given, Grant, Kept, Profile};
use super::handed;
use super::port::SandboxError;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What every command needs in order to run at all.
const SYSTEM: [&str; 3] = ["/usr", "/etc", "/opt"];
/// What a command that looks for faults reads beside that.
const DIAGNOSED: [&str; 4] = ["/var/lib/dpkg", "/var/lib/apt", "/var/log", "/boot"];
/// Names of the root that are links into `/usr` on most machines, and folders on others.
pub(super) const MERGED: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Temporary folders of the command's own.
pub(super) const SCRATCH: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// Below the home: what a command may read and not change, because the user's next shell or
/// login would run it.
const READ_ONLY: [&str; 19] = [
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".inputrc",
    ".xprofile",
    ".xinitrc",
    ".gitconfig",
    ".config/fish",
    ".config/git",
    ".config/autostart",
    ".config/systemd",
    ".local/bin",
];
/// Below the home: what a command does not see at all, because it opens other doors.
const SECRET: [&str; 19] = [
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".netrc",
    ".pgpass",
    ".git-credentials",
    ".password-store",
    ".vault-token",
    ".cargo/credentials.toml",
    ".config/gcloud",
    ".config/gh",
    ".local/share/keyrings",
    ".mozilla",
    ".config/chromium",
    ".config/google-chrome",
    // The user's own policy, and what was said yes to.
    ".config/d1-doctor",
];
/// Ours: policy and state.
const OURS: [&str; 2] = ["/etc/d1-doctor", "/var/lib/d1-doctor"];
/// What packages bring files to.
const SYSTEM_WRITTEN: [&str; 6] = ["/usr", "/etc", "/var", "/opt", "/boot", "/srv"];
/// Who is trusted to bring packages: where they come from, and whose signature counts.
const TRUST: [&str; 1] = ["/etc/apt"];
/// What packages bring all the same.
const WITHIN_TRUST: [&str; 2] = ["/etc/apt/apt.conf.d", "/etc/apt/preferences.d"];
/// Where names of hosts are looked up; often a link to where everything is made anew.
const RESOLVER: &str = "/etc/resolv.conf";
/// What is made anew in every sandbox, so that no grant can name it.
const MADE: [&str; 5] = ["/proc", "/sys", "/dev", "/run", "/tmp"];

/// What becomes of a protected path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Guard {
    ReadOnly,
    Hidden,
}

/// What a command sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct View {
    /// Shown as they are, and read-only.
    pub(super) read: Vec<PathBuf>,
    /// Shown, and to be changed.
    pub(super) write: Vec<PathBuf>,
    /// Shown, and to be changed, although a place above them is protected.
    pub(super) reopened: Vec<PathBuf>,
    /// Folders of the command's own, empty at first.
    pub(super) empty: Vec<PathBuf>,
    /// Kept from the command although a place above them is shown.
    pub(super) guards: Vec<(PathBuf, Guard)>,
}

/// The home of the user who does the work, and the folders that are ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The home.
    pub home: PathBuf,
    /// What no command may see: our own state.
    pub ours: Vec<PathBuf>,
}

impl Surroundings {
    /// Those of a program that keeps no state of its own, and works in this home.
    #[must_use]
    pub fn of(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into(), ours: Vec::new() }
    }
}

/// What the command of `grant` sees.
pub(super) fn view(grant: &Grant, around: &Surroundings) -> Result<View, SandboxError> {
    handed::check(grant)?;
    let mut view = View { read: SYSTEM.map(PathBuf::from).to_vec(), ..View::default() };
    match grant.profile {
        Profile::Diagnose => view.read.extend(DIAGNOSED.map(PathBuf::from)),
        Profile::Home => {
            if around.home.components().count() < 2 || view.shows(&around.home) {
                let why = "it is no home; set HOME to the folder of the user".to_owned();
                return Err(SandboxError::Path { path: around.home.clone(), why });
            }
            view.write.push(around.home.clone());
            let below = |names: &[&str], guard| {
                let paths = names.iter().map(|name| (around.home.join(name), guard));
                paths.collect::<Vec<_>>()
            };
            view.guards.extend(below(&READ_ONLY, Guard::ReadOnly));
            view.guards.extend(below(&SECRET, Guard::Hidden));
        }
        Profile::Packages => view.show_to_packages(),
        #[cfg(feature = "unconfined")]
        Profile::Unconfined => return View::of_machine(grant),
    }
    view.read.retain(|path| path.exists());
    for touch in &grant.touches {
        // What is not there need not be shown; to change it, it has to be made first.
        let is_needed = touch.access == Access::Write || touch.path.exists();
        // Those of packages are made by ourselves: where a scratch apt keeps its things.
        if grant.profile != Profile::Packages {
            check(&touch.path, around)?;
            if is_needed {
                is_itself(&touch.path)?;
            }
        }
        if !is_needed {
            continue;
        }
        // What is named by itself is meant, even where it is protected otherwise.
        view.guards.retain(|(path, _guard)| !path.starts_with(&touch.path));
        match touch.access {
            Access::Read => view.read.push(touch.path.clone()),
            Access::Write => view.write.push(touch.path.clone()),
        }
    }
    for Kept { path, access } in &grant.keep {
        match access {
            Some(Access::Write) => {}
            Some(Access::Read) => view.keep(path, Guard::ReadOnly),
            None => view.keep(path, Guard::Hidden),
        }
    }
    let ours = OURS.iter().map(PathBuf::from).chain(around.ours.iter().cloned());
    view.guards.extend(ours.map(|path| (path, Guard::Hidden)));
    let guards = std::mem::take(&mut view.guards);
    view.guards = guards.into_iter().filter(|(path, _guard)| view.shows(path)).collect();
    Ok(view)
}

impl View {
    /// Everything as it is: there is nothing to make a tree from.
    #[cfg(feature = "unconfined")]
    fn of_machine(grant: &Grant) -> Result<Self, SandboxError> {
        let wrong = |doing: &str, why: &str| {
            Err(SandboxError::SetUp { doing: doing.into(), why: why.into() })
        };
        if !grant.touches.is_empty() {
            let why = "without walls it has every path already; give it none";
            return wrong("give a path to a command without walls", why);
        }
        if grant.network.is_some() {
            let why = "without walls it has the network of the machine; give it no host";
            return wrong("give hosts to a command without walls", why);
        }
        Ok(Self { write: vec![PathBuf::from("/")], ..Self::default() })
    }

    /// The whole system, but for whom it trusts.
    fn show_to_packages(&mut self) {
        self.read.clear();
        let there = |path: &PathBuf| path.symlink_metadata().is_ok_and(|it| it.is_dir());
        let merged = MERGED.iter().map(|name| Path::new("/").join(name));
        let written = SYSTEM_WRITTEN.iter().map(PathBuf::from).chain(merged);
        self.write.extend(written.filter(there));
        self.guards.extend(TRUST.map(|path| (PathBuf::from(path), Guard::ReadOnly)));
        self.reopened.extend(WITHIN_TRUST.iter().map(PathBuf::from).filter(there));
        self.empty.extend(["/run", "/root", "/home"].map(PathBuf::from));
        let resolver = Path::new(RESOLVER).canonicalize().ok();
        self.read.extend(resolver.filter(|path| path.starts_with("/run")));
    }

    /// Adds the owner's word: of two about one path the stricter counts, and below what is
    /// hidden nothing is left to guard.
    fn keep(&mut self, path: &Path, guard: Guard) {
        let hidden =
            |(other, how): &(PathBuf, Guard)| *how == Guard::Hidden && path.starts_with(other);
        if self.guards.iter().any(hidden) {
            return;
        }
        self.guards.retain(|(other, _how)| match guard {
            Guard::Hidden => !other.starts_with(path),
            Guard::ReadOnly => other != path,
        });
        self.guards.push((path.to_path_buf(), guard));
    }

    /// What a command has of `path`.
    pub(super) fn given(&self, path: &Path) -> Given {
        let made = MADE.iter().chain(&SCRATCH).any(|made| path.starts_with(made));
        let within = |(guarded, _how): &&(PathBuf, Guard)| path.starts_with(guarded);
        // Beside what is protected nothing new can be made.
        let is_beside = || {
            let folder = path.parent().unwrap_or(path);
            !path.exists() && self.guards.iter().any(|(guarded, _)| guarded.starts_with(folder))
        };
        match self.guards.iter().find(within) {
            Some((_, Guard::Hidden)) => Given::Nothing,
            Some((_, Guard::ReadOnly)) => Given::Read,
            None if self.write.iter().any(|place| path.starts_with(place)) => {
                if is_beside() {
                    Given::Read
                } else {
                    Given::Write
                }
            }
            None if self.read.iter().any(|place| path.starts_with(place)) => Given::Read,
            None if made => Given::Write,
            None => Given::Nothing,
        }
    }

    fn shows(&self, path: &Path) -> bool {
        self.read.iter().chain(&self.write).any(|place| path.starts_with(place))
    }
}

fn check(path: &Path, around: &Surroundings) -> Result<(), SandboxError> {
    let refuse = |why: &str| Err(SandboxError::Path { path: path.to_path_buf(), why: why.into() });
    let ours = OURS.iter().map(Path::new).chain(around.ours.iter().map(PathBuf::as_path));
    if !path.is_absolute() || path.parent().is_none() {
        return refuse("name a folder or file by its whole path, and not the whole machine");
    }
    if MADE.iter().any(|made| path.starts_with(made)) {
        return refuse("every command gets a fresh one of its own; name another folder");
    }
    if ours.clone().any(|ours| path.starts_with(ours)) {
        return refuse("it belongs to d1-doctor itself; name another folder");
    }
    Ok(())
}

/// Whether it is there, and leads nowhere else.
fn is_itself(path: &Path) -> Result<(), SandboxError> {
    let refuse = |why: &str| Err(SandboxError::Path { path: path.to_path_buf(), why: why.into() });
    match path.canonicalize() {
        Ok(real) if real == path => Ok(()),
        Ok(real) => refuse(&format!("it leads to `{}`; name that", real.display())),
        Err(error) => refuse(&format!("{error}; make it first")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::grant::{Demand, Limits, Touch};
    use d1_core::Argv;

    fn seen(touches: &[(&str, Access)]) -> Result<View, SandboxError> {
        seen_without(&[], touches)
    }

    fn seen_without(keep: &[Kept], touches: &[(&str, Access)]) -> Result<View, SandboxError> {
        let touch = |(path, access): &(&str, Access)| Touch { path: path.into(), access: *access };
        let grant = Grant {
            profile: Profile::Home,
            argv: Argv::new(["true"]).unwrap(),
            env: std::collections::BTreeMap::new(),
            cwd: "/".into(),
            script: None,
            touches: touches.iter().map(touch).collect(),
            keep: keep.to_vec(),
            network: crate::sandbox::Egress::none(),
            limits: Limits::USUAL,
            demand: Demand::Required,
        };
        let around = Surroundings { home: "/home/ada".into(), ours: vec!["/home/ada/d1".into()] };
        view(&grant, &around)
    }

    #[test]
    fn the_doors_to_other_machines_are_hidden_and_the_next_shell_is_read_only() {
        let guards = seen(&[]).unwrap().guards;
        assert!(guards.contains(&("/home/ada/.ssh".into(), Guard::Hidden)));
        assert!(guards.contains(&("/home/ada/.bashrc".into(), Guard::ReadOnly)));
        assert!(guards.contains(&("/home/ada/d1".into(), Guard::Hidden)));
        assert!(guards.contains(&("/etc/d1-doctor".into(), Guard::Hidden)));
    }

    #[test]
    fn what_the_owner_keeps_is_guarded_even_where_it_was_given() {
        let guarded = |path: &str, access, touches: &[(&str, Access)]| {
            let kept = Kept { path: path.into(), access };
            let mut guards = seen_without(&[kept], touches).unwrap().guards;
            guards.retain(|(guarded, _)| {
                guarded.starts_with(path) || Path::new(path).starts_with(guarded)
            });
            guards
        };
        let given = [("/usr/lib", Access::Write)];
        let hidden = |path: &str| (PathBuf::from(path), Guard::Hidden);
        assert_eq!(guarded("/usr/lib/x", None, &given), [hidden("/usr/lib/x")]);
        assert_eq!(guarded("/usr/lib", None, &given), [hidden("/usr/lib")]);
        let read_only = (PathBuf::from("/home/ada/a"), Guard::ReadOnly);
        assert_eq!(guarded("/home/ada/a", Some(Access::Read), &[]), [read_only]);
        // Neither word makes another weaker.
        assert_eq!(guarded("/home/ada/.ssh", Some(Access::Read), &[]), [hidden("/home/ada/.ssh")]);
        assert_eq!(guarded("/home/ada/.bashrc", None, &[]), [hidden("/home/ada/.bashrc")]);
        assert_eq!(guarded("/srv/x", None, &[]), [], "what is not shown needs no guard");
    }

    #[test]
    fn what_is_ours_or_made_anew_or_everything_cannot_be_granted() {
        for bad in
            ["/", "/proc/1", "/dev", "/tmp/x", "/run", "/etc/d1-doctor", "/home/ada/d1/x", "usr"]
        {
            assert!(
                matches!(seen(&[(bad, Access::Read)]), Err(SandboxError::Path { .. })),
                "{bad}"
            );
        }
        assert!(seen(&[("/usr/lib", Access::Read)]).is_ok());
    }

    #[test]
    fn a_path_that_is_not_there_is_refused_with_what_to_do() {
        let error = seen(&[("/not/there", Access::Write)]).unwrap_err().to_string();
        assert!(error.ends_with("make it first"), "{error}");
    }
}
