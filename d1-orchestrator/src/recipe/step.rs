//! Makes the steps of a plan: each action with its effect, its needs and its way back.

use d1_core::{
    AbsolutePath, Action, Argv, Effect, Exec, GroupMember, GroupName, HostName, Manager,
    PackageName, PackageOperation, Packages, ResourceKey, Service, ServiceChange, ServiceName,
    Step, StepId, Undo, UserName,
};
use std::{collections::BTreeMap, time::Duration};

/// How long refreshing an index may take.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(300);
/// How long changing a service may take.
const SERVICE_TIMEOUT: Duration = Duration::from_secs(90);
/// How long a verification may take.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(30);

/// A name we made ourselves; what cannot stand in one becomes a dash.
fn tidy(text: &str) -> String {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.chars().map(|c| if fine(c) { c } else { '-' }).take(StepId::MAX).collect()
}

/// The id `text`, made fit; `None` only for a text without a letter or digit.
pub(super) fn step_id(text: &str) -> Option<StepId> {
    tidy(text).trim_start_matches(['-', '.']).parse().ok()
}

fn key(text: &str) -> Option<ResourceKey> {
    text.parse().ok()
}

fn path(text: &str) -> Option<AbsolutePath> {
    text.parse().ok()
}

fn mirrors() -> Vec<HostName> {
    vec![HostName::package_mirror()]
}

fn blank(id: StepId, title: String, action: Action) -> Step {
    Step {
        id,
        title,
        action,
        effect: Effect::Write,
        needs_root: true,
        touches: Vec::new(),
        network: Vec::new(),
        timeout: Step::DEFAULT_TIMEOUT,
        interruptible: true,
        undo: Undo::Exact,
        depends_on: Vec::new(),
        resource_keys: Vec::new(),
        warning: String::new(),
    }
}

/// Refresh a manager's index.
pub(super) fn refresh(manager: Manager) -> Option<Step> {
    let id = step_id(&format!("refresh-{manager}"))?;
    let title = format!("refresh the {manager} package index");
    Some(Step {
        needs_root: manager.needs_root(),
        touches: ["/var/lib/apt", "/var/cache/apt"]
            .into_iter()
            .filter(|_| manager == Manager::Apt)
            .filter_map(path)
            .collect(),
        network: mirrors(),
        timeout: REFRESH_TIMEOUT,
        undo: Undo::None("an index is only read; it stays refreshed".into()),
        resource_keys: key(manager.as_str()).into_iter().collect(),
        ..blank(id, title, Action::RefreshIndex(manager))
    })
}

/// Install packages.
pub(super) fn install(
    thing: &str,
    manager: Manager,
    names: Vec<PackageName>,
    timeout: Duration,
    keeps: &str,
) -> Option<Step> {
    let id = step_id(&format!("install-{thing}"))?;
    let listed: Vec<_> = names.iter().map(PackageName::as_str).collect();
    let title = format!("install {} with {manager}", listed.join(" "));
    let undo = if keeps.is_empty() { Undo::Exact } else { Undo::Partial(keeps.to_owned()) };
    let operation = PackageOperation::Install;
    Some(Step {
        needs_root: manager.needs_root(),
        touches: ["/etc", "/usr", "/var"]
            .into_iter()
            .filter(|_| manager.needs_root())
            .filter_map(path)
            .collect(),
        network: mirrors(),
        timeout,
        // A package manager stopped in the middle leaves packages half configured.
        interruptible: false,
        undo,
        resource_keys: key(manager.as_str()).into_iter().collect(),
        ..blank(id, title, Action::Packages(Packages { manager, operation, names }))
    })
}

/// Have a service start with the machine, and run now: two steps, each undone alone.
pub(super) fn service(name: &ServiceName) -> Vec<Step> {
    let one = |change: ServiceChange, verb: &str| {
        let id = step_id(&format!("{verb}-{name}"))?;
        let title = match change {
            ServiceChange::Enable => format!("start {name} with the machine"),
            ServiceChange::Start => format!("start {name} now"),
            ServiceChange::Disable => format!("no longer start {name} with the machine"),
            ServiceChange::Stop => format!("stop {name} now"),
        };
        let action = Action::Service(Service { name: name.clone(), change });
        Some(Step {
            timeout: SERVICE_TIMEOUT,
            touches: path("/etc").into_iter().collect(),
            resource_keys: key(&format!("service:{name}")).into_iter().collect(),
            ..blank(id, title, action)
        })
    };
    let changes = [(ServiceChange::Enable, "enable"), (ServiceChange::Start, "start")];
    changes.into_iter().filter_map(|(change, verb)| one(change, verb)).collect()
}

/// Put a user into a group.
pub(super) fn group_member(group: &GroupName, user: &UserName, warning: &str) -> Option<Step> {
    let id = step_id(&format!("group-{group}"))?;
    let title = format!("add {user} to the group {group}");
    let member = GroupMember { group: group.clone(), user: user.clone(), member: true };
    Some(Step {
        touches: ["/etc/group", "/etc/gshadow"].into_iter().filter_map(path).collect(),
        resource_keys: key("accounts").into_iter().collect(),
        warning: warning.to_owned(),
        ..blank(id, title, Action::GroupMember(member))
    })
}

/// See that it works. Changes nothing.
pub(super) fn verify(thing: &str, argv: &Argv) -> Option<Step> {
    let id = step_id(&format!("verify-{thing}"))?;
    let title = format!("see that it works: {argv}");
    let exec = Exec { argv: argv.clone(), cwd: None, env: BTreeMap::new() };
    Some(Step {
        effect: Effect::Read,
        needs_root: false,
        timeout: VERIFY_TIMEOUT,
        undo: Undo::Exact,
        ..blank(id, title, Action::Exec(exec))
    })
}

/// Run a tool's own installer, because a person asked for that source.
pub(super) fn from_source(thing: &str, argv: Argv, remove: &str, places: &[&str]) -> Option<Step> {
    const TIMEOUT: Duration = Duration::from_secs(1800);
    let id = step_id(&format!("install-{thing}"))?;
    let title = format!("install {thing}: {argv}");
    let exec = Exec { argv, cwd: None, env: BTreeMap::new() };
    Some(Step {
        needs_root: false,
        touches: places.iter().filter_map(|place| path(place)).collect(),
        timeout: TIMEOUT,
        undo: Undo::None(format!("take it back yourself with `{remove}`")),
        ..blank(id, title, Action::Exec(exec))
    })
}
