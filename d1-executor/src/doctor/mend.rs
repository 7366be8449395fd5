//! The steps that mend what a check found. Making one changes nothing: it becomes part of a
//! plan, which is shown, approved, carried out and can be taken back like any other.

use super::sight::Sight;
use d1_core::{
    Action, Argv, Exec, File, FileChange, GroupMember, GroupName, Manager, PackageName,
    PackageOperation, Packages, Service, ServiceChange, ServiceName, Step, StepId, Undo, UserName,
};
use std::{os::unix::fs::MetadataExt as _, path::Path, time::Duration};

/// How long a package manager may take.
const PACKAGES: Duration = Duration::from_secs(900);
/// How long a program of the system may take: making a locale takes many seconds.
const PROGRAM: Duration = Duration::from_secs(300);
/// How long a service may take to start.
const SERVICE: Duration = Duration::from_secs(90);

/// The programs by which package managers are known to be there.
const MANAGERS: [(Manager, &str); 6] = [
    (Manager::Apt, "apt-get"),
    (Manager::Dnf, "dnf"),
    (Manager::Pacman, "pacman"),
    (Manager::Zypper, "zypper"),
    (Manager::Apk, "apk"),
    (Manager::Brew, "brew"),
];

impl Sight {
    /// Sets the permission bits of a file or folder.
    #[must_use]
    pub fn set_mode(&self, path: &Path, mode: u32) -> Option<Step> {
        let title = format!("set the permissions of {} to {mode:o}", self.shown(path));
        self.file(path, title, FileChange::SetMode { mode })
    }

    /// Gives a file another content.
    #[must_use]
    pub fn rewrite(&self, path: &Path, title: &str, content: String) -> Option<Step> {
        self.file(path, title.to_owned(), FileChange::Write { content, mode: None })
    }

    /// Makes a file that only its owner can read.
    #[must_use]
    pub fn make_private(&self, path: &Path, title: &str, content: String) -> Option<Step> {
        self.file(path, title.to_owned(), FileChange::Write { content, mode: Some(0o600) })
    }

    /// Adds a line to a file, and makes the file when it is not there.
    #[must_use]
    pub fn add_line(&self, path: &Path, line: &str) -> Option<Step> {
        let title = format!("add `{line}` to {}", self.shown(path));
        self.file(path, title, FileChange::EnsureLine { line: line.to_owned() })
    }

    /// Puts `mark` in front of some lines of a file; `None` when there are none, or when the
    /// file is no text, which would not survive being written anew.
    pub(super) fn comment_out(
        &self,
        path: &Path,
        title: &str,
        mark: &str,
        is_it: impl Fn(&str) -> bool,
    ) -> Option<Step> {
        let text = super::sight::read(path).ok().flatten()?;
        if text.contains('\u{fffd}') || text.len() > File::MAX_BYTES || !text.lines().any(&is_it) {
            return None;
        }
        let lines = text.split_inclusive('\n');
        let kept =
            lines.map(|line| if is_it(line) { format!("{mark}{line}") } else { line.into() });
        self.rewrite(path, title, kept.collect())
    }

    /// Takes a file away.
    #[must_use]
    pub fn take_away(&self, path: &Path) -> Option<Step> {
        self.file(path, format!("remove {}", self.shown(path)), FileChange::Remove)
    }

    fn file(&self, path: &Path, title: String, change: FileChange) -> Option<Step> {
        if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            // What a link leads to is not ours to guess.
            return None;
        }
        let on_machine = self.on_machine(path)?;
        let action = Action::File(File { path: on_machine.clone(), change });
        Some(Step {
            needs_root: !self.owns(path),
            touches: vec![on_machine],
            ..Step::new(unnamed()?, title, action)
        })
    }

    /// Whether the user may change what is there, or make what is not.
    fn owns(&self, path: &Path) -> bool {
        let there = path.ancestors().find_map(|place| std::fs::metadata(place).ok());
        there.is_some_and(|found| found.uid() == self.uid)
    }

    /// The package manager of the machine.
    #[must_use]
    pub fn manager(&self) -> Option<Manager> {
        MANAGERS.into_iter().find(|(_, program)| self.has(program)).map(|(manager, _)| manager)
    }

    /// Installs the package that is called so by the machine's package manager; `names` has
    /// those by which it is called differently.
    #[must_use]
    pub fn install(&self, usual: &str, names: &[(Manager, &str)]) -> Vec<Step> {
        let Some(manager) = self.manager() else { return Vec::new() };
        let own = names.iter().find(|(other, _)| *other == manager).map(|(_, name)| *name);
        let name = own.unwrap_or(usual);
        let refresh = if self.has_index(manager) { None } else { self.refresh_index(manager) };
        let Ok(package) = name.parse::<PackageName>() else { return Vec::new() };
        let operation = PackageOperation::Install;
        let action = Action::Packages(Packages { manager, operation, names: vec![package] });
        let title = format!("install {name} with {manager}");
        refresh.into_iter().chain(self.packages(manager, title, action)).collect()
    }

    /// Refreshes the index of a package manager.
    #[must_use]
    pub fn refresh_index(&self, manager: Manager) -> Option<Step> {
        let title = format!("refresh the {manager} package index");
        let step = self.packages(manager, title, Action::RefreshIndex(manager))?;
        let undo = Undo::None("an index is only read; it stays refreshed".into());
        Some(Step { undo, interruptible: true, ..step })
    }

    fn packages(&self, manager: Manager, title: String, action: Action) -> Option<Step> {
        Some(Step {
            needs_root: manager.needs_root(),
            network: vec![d1_core::HostName::package_mirror()],
            timeout: PACKAGES,
            // A package manager stopped in the middle leaves packages half configured.
            interruptible: false,
            resource_keys: manager.as_str().parse().into_iter().collect(),
            ..Step::new(unnamed()?, title, action)
        })
    }

    /// Whether the manager knows of any package; of managers other than apt we do not know.
    fn has_index(&self, manager: Manager) -> bool {
        let lists = self.host.file("/var/lib/apt/lists");
        let is_list = |name: &std::ffi::OsStr| name.to_string_lossy().ends_with("Release");
        manager != Manager::Apt
            || std::fs::read_dir(lists)
                .is_ok_and(|mut entries| entries.any(|e| e.is_ok_and(|e| is_list(&e.file_name()))))
    }

    /// Has dpkg finish what was cut off.
    #[must_use]
    pub fn finish_packages(&self) -> Option<Step> {
        let argv = Argv::new(["dpkg", "--configure", "-a"]).ok()?;
        let action = Action::Exec(Exec { argv, cwd: None, env: std::collections::BTreeMap::new() });
        let step = self.packages(Manager::Apt, "finish what dpkg began".into(), action)?;
        let undo = Undo::None("a half installed package is nobody's wish".into());
        Some(Step { undo, network: Vec::new(), ..step })
    }

    /// Runs a program of the system; `undo` says why nothing has to be taken back.
    #[must_use]
    pub fn run(&self, words: &[&str], title: &str, undo: &str) -> Option<Step> {
        let argv = Argv::new(words.iter().copied()).ok()?;
        let action = Action::Exec(Exec { argv, cwd: None, env: std::collections::BTreeMap::new() });
        Some(Step {
            needs_root: true,
            timeout: PROGRAM,
            undo: Undo::None(undo.to_owned()),
            ..Step::new(unnamed()?, title, action)
        })
    }

    /// Starts a service.
    #[must_use]
    pub fn start_service(&self, name: &str) -> Option<Step> {
        let name: ServiceName = name.parse().ok()?;
        let title = format!("start {name}");
        let action = Action::Service(Service { name, change: ServiceChange::Start });
        Some(Step { needs_root: true, timeout: SERVICE, ..Step::new(unnamed()?, title, action) })
    }

    /// Puts the user into a group.
    #[must_use]
    pub fn join_group(&self, group: &str, user: &str) -> Option<Step> {
        let (group, user): (GroupName, UserName) = (group.parse().ok()?, user.parse().ok()?);
        let title = format!("put {user} into the group {group}");
        let warning = "it takes effect at the next login".to_owned();
        let action = Action::GroupMember(GroupMember { group, user, member: true });
        Some(Step { needs_root: true, warning, ..Step::new(unnamed()?, title, action) })
    }
}

/// The name of a step that gets its own from its check.
fn unnamed() -> Option<StepId> {
    "step".parse().ok()
}
