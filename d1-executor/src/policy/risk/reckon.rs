//! From a step to how grave it is: a plain function.

use super::{
    super::paths,
    commands::{HOME, Sight},
    places::place,
    programs::{DOORS, GUARDS, POWERS},
};
use d1_core::{
    Action, Change, Effect, File, FileChange, GroupMember, Proposal, Resource, Revert, Risk,
    Service, ServiceChange, State,
};
use std::path::{Path, PathBuf};

/// How grave a step is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reckoning {
    /// How grave.
    pub risk: Risk,
    /// Why, in one sentence.
    pub why: String,
}

/// The bits by which a program runs as another user.
const OF_ANOTHER: u32 = 0o6000;
/// The bit by which everybody may write.
const BY_ALL: u32 = 0o002;

/// How grave a step is on this device, whatever is said of it. `walled` is whether steps run
/// behind walls or not at all; `real` tells where a path really leads.
#[must_use]
pub fn reckon(
    what: &Proposal,
    needs_root: bool,
    walled: bool,
    real: &dyn Fn(&Path) -> PathBuf,
) -> Reckoning {
    let looks = what.effect == Effect::Read;
    let by_action = match &what.action {
        Action::Packages(_) => Reckoning::system("packages change the system"),
        Action::RefreshIndex(_) => Reckoning::own("what packages there are is looked up anew"),
        Action::Service(service) => of_service(service),
        Action::GroupMember(member) => of_member(member),
        Action::File(file) => of_file(file, real),
        Action::Exec(exec) => {
            let cwd = exec.cwd.as_ref().map_or(Path::new(HOME), |cwd| Path::new(cwd.as_str()));
            let given: Vec<String> = exec.env.keys().cloned().collect();
            let reckoned = Sight { cwd, real, walled, looks }.of(exec.argv.words(), &given);
            as_administrator(reckoned, needs_root)
        }
        Action::Shell(shell) => {
            let words = ["sh", "-c", &shell.script].map(str::to_owned);
            let given: Vec<String> = shell.env.keys().cloned().collect();
            let sight = Sight { cwd: Path::new(HOME), real, walled, looks };
            sight.of(&words, &given).graver(Reckoning::system("it is a shell script"))
        }
        Action::Revert(revert) => of_revert(revert, real),
    };
    let touched = what.touches.iter().map(|path| {
        let risk = place(&written(path.as_str()), real);
        // To look at the system is nothing; to look at its secrets is.
        let risk = if looks && risk < Risk::Grave { Risk::Looks } else { risk };
        Reckoning { risk, why: format!("it is given `{path}`") }
    });
    // What an action changes by itself it names, too: that is no reason of its own.
    let touched = touched.filter(|it| !is_typed(&what.action) || it.risk < Risk::Grave);
    touched.fold(by_action, Reckoning::graver)
}

impl Reckoning {
    pub(super) fn looks() -> Self {
        Self { risk: Risk::Looks, why: "it only looks".to_owned() }
    }

    pub(super) fn own(why: impl Into<String>) -> Self {
        Self { risk: Risk::Own, why: why.into() }
    }

    pub(super) fn system(why: impl Into<String>) -> Self {
        Self { risk: Risk::System, why: why.into() }
    }

    pub(super) fn grave(why: impl Into<String>) -> Self {
        Self { risk: Risk::Grave, why: why.into() }
    }

    /// The graver of the two; of two that are as grave, the first.
    pub(super) fn graver(self, other: Self) -> Self {
        if other.risk > self.risk { other } else { self }
    }
}

/// Whether an action changes only what it says by its kind.
const fn is_typed(action: &Action) -> bool {
    match action {
        Action::Packages(_)
        | Action::RefreshIndex(_)
        | Action::Service(_)
        | Action::GroupMember(_)
        | Action::File(_)
        | Action::Revert(_) => true,
        Action::Exec(_) | Action::Shell(_) => false,
    }
}

fn as_administrator(reckoned: Reckoning, needs_root: bool) -> Reckoning {
    if needs_root {
        return reckoned.graver(Reckoning::system("it runs as the administrator"));
    }
    reckoned
}

fn of_service(service: &Service) -> Reckoning {
    let grows = matches!(service.change, ServiceChange::Enable | ServiceChange::Start);
    by_service(service.name.as_str(), grows)
}

fn by_service(name: &str, grows: bool) -> Reckoning {
    let name =
        name.strip_suffix(".service").or_else(|| name.strip_suffix(".socket")).unwrap_or(name);
    let bare = name.split('@').next().unwrap_or(name);
    if GUARDS.contains(&bare) && !grows {
        return Reckoning::grave(format!("`{name}` guards this machine"));
    }
    if DOORS.contains(&bare) && grows {
        return Reckoning::grave(format!("`{name}` lets others in"));
    }
    Reckoning::system(format!("the service `{name}` changes"))
}

fn of_member(GroupMember { group, user, member }: &GroupMember) -> Reckoning {
    by_group(group.as_str(), user.as_str(), *member)
}

fn by_group(group: &str, user: &str, member: bool) -> Reckoning {
    if member && POWERS.contains(&group) {
        let why = format!("who is in the group `{group}` is as good as the administrator");
        return Reckoning::grave(why);
    }
    Reckoning::system(format!("`{user}` has other groups afterwards"))
}

fn of_file(File { path, change }: &File, real: &dyn Fn(&Path) -> PathBuf) -> Reckoning {
    let mode = match change {
        FileChange::Write { mode, .. } => *mode,
        FileChange::SetMode { mode } => Some(*mode),
        FileChange::EnsureLine { .. } | FileChange::Remove => None,
    };
    by_place(path.as_str(), mode, real)
}

fn by_place(path: &str, mode: Option<u32>, real: &dyn Fn(&Path) -> PathBuf) -> Reckoning {
    let risk = place(&written(path), real);
    if mode.is_some_and(|mode| mode & OF_ANOTHER != 0) {
        return Reckoning::grave(format!("`{path}` would run as another user"));
    }
    if risk >= Risk::System && mode.is_some_and(|mode| mode & BY_ALL != 0) {
        return Reckoning::grave(format!("everybody could write `{path}`"));
    }
    Reckoning { risk: risk.max(Risk::Own), why: format!("`{path}` changes") }
}

/// A path as it is written, `~` and all.
fn written(path: &str) -> PathBuf {
    paths::absolute(path, Path::new("/"), Path::new(HOME))
}

fn of_revert(revert: &Revert, real: &dyn Fn(&Path) -> PathBuf) -> Reckoning {
    let one = |change: &Change| match &change.resource {
        Resource::Package { .. } => Reckoning::system("packages change the system"),
        Resource::File(path) | Resource::Permissions(path) => {
            by_place(path.as_str(), mode_of(&change.before), real)
        }
        Resource::ServiceEnabled(name) | Resource::ServiceActive(name) => {
            by_service(name.as_str(), change.before == State::Present)
        }
        Resource::GroupMember { group, user } => {
            by_group(group.as_str(), user.as_str(), change.before == State::Present)
        }
    };
    let own = Reckoning::own("it takes back what an earlier step changed");
    revert.changes.iter().map(one).fold(own, Reckoning::graver)
}

const fn mode_of(state: &State) -> Option<u32> {
    match state {
        State::File { mode, .. } | State::Directory { mode } | State::Permissions { mode } => {
            Some(*mode)
        }
        State::Absent
        | State::Present
        | State::Installed { .. }
        | State::ConfigFiles { .. }
        | State::Broken { .. }
        | State::Link { .. } => None,
    }
}
