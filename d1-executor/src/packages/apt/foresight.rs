//! What a simulation means: every package's state afterwards, what a person should
//! know, and how far it could be taken back. Pure.

use super::{
    ask::Installed,
    preview::{Task, spelled},
    simulation::{Move, MoveKind},
};
use crate::packages::snapshot::shorten;
use d1_core::{Change, PackageName, PackageOperation, Packages, Resource, State, Undo};

/// How every package would be afterwards: first the ones that were asked for, then what else
/// comes or goes, then what only changes its version.
pub(super) fn changes_of(
    moves: &[Move],
    wanted: &Packages,
    task: &Task,
    now: &Installed,
) -> Vec<Change> {
    let named = spelled(wanted, &now.native);
    let moved = moves.iter().map(|m| {
        let before = now.snapshot.state(&m.name);
        let after = after(m, &before, named.contains(&m.name));
        Change { resource: now.snapshot.resource(&m.name), before, after }
    });
    let marked = task.to_mark.iter().filter_map(|name| {
        let name: PackageName = name.parse().ok()?;
        let before = now.snapshot.state(&name);
        let after = manual(&before);
        Some(Change { resource: now.snapshot.resource(&name), before, after })
    });
    let mut changes: Vec<Change> = moved.chain(marked).collect();
    let asked = |change: &Change| match &change.resource {
        Resource::Package { name, .. } => named.contains(name),
        Resource::File(_)
        | Resource::Permissions(_)
        | Resource::ServiceEnabled(_)
        | Resource::ServiceActive(_)
        | Resource::GroupMember { .. } => false,
    };
    let is_there = |change: &Change| matches!(change.before, State::Installed { .. });
    changes.sort_by_key(|change| (!asked(change), is_there(change)));
    changes
}

/// How one package would be afterwards.
fn after(m: &Move, before: &State, named: bool) -> State {
    match &m.kind {
        MoveKind::Install { to, .. } => {
            let was = matches!(before, State::Installed { automatic: true, .. });
            let is_new = !matches!(before, State::Installed { .. });
            State::Installed { version: to.clone(), automatic: !named && (was || is_new) }
        }
        MoveKind::Purge => State::Absent,
        MoveKind::Remove => match before {
            State::Installed { version, .. } => State::ConfigFiles { version: version.clone() },
            other @ (State::Absent
            | State::Present
            | State::ConfigFiles { .. }
            | State::Broken { .. }
            | State::File { .. }
            | State::Directory { .. }
            | State::Permissions { .. }
            | State::Link { .. }) => other.clone(),
        },
    }
}

fn manual(before: &State) -> State {
    match before {
        State::Installed { version, .. } => {
            State::Installed { version: version.clone(), automatic: false }
        }
        other @ (State::Absent
        | State::Present
        | State::ConfigFiles { .. }
        | State::Broken { .. }
        | State::File { .. }
        | State::Directory { .. }
        | State::Permissions { .. }
        | State::Link { .. }) => other.clone(),
    }
}

/// Packages that would go from one version to another: `libssl3 3.0.19 → 3.0.20`.
fn upgrades(moves: &[Move]) -> Vec<String> {
    let told = |m: &Move| match &m.kind {
        MoveKind::Install { from: Some(from), to } => Some(format!("{} {from} → {to}", m.name)),
        MoveKind::Install { from: None, .. } | MoveKind::Remove | MoveKind::Purge => None,
    };
    moves.iter().filter_map(told).collect()
}

pub(super) fn warnings(moves: &[Move], operation: PackageOperation) -> Vec<String> {
    let mut warnings = Vec::new();
    let upgraded = upgrades(moves);
    if !upgraded.is_empty() {
        warnings.push(format!("changes packages that are already there: {}", shorten(&upgraded)));
    }
    let arrives = |m: &&Move| !m.is_removal();
    if operation == PackageOperation::Remove && moves.iter().any(|m| arrives(&m)) {
        let names: Vec<String> = moves.iter().filter(arrives).map(|m| m.name.to_string()).collect();
        warnings.push(format!("brings other packages in their place: {}", shorten(&names)));
    }
    warnings
}

pub(super) fn undo_of(operation: PackageOperation, moves: &[Move], now: &Installed) -> Undo {
    let upgraded = upgrades(moves);
    let reused: Vec<String> = moves
        .iter()
        .filter(|m| matches!(now.snapshot.state(&m.name), State::ConfigFiles { .. }))
        .map(|m| m.name.to_string())
        .collect();
    match operation {
        PackageOperation::Remove => Undo::Partial(
            "the packages come back, configuration that was changed by hand does not".into(),
        ),
        PackageOperation::Install if !upgraded.is_empty() => Undo::Partial(
            "packages that change their version go back only while a mirror has the old one".into(),
        ),
        PackageOperation::Install if !reused.is_empty() => Undo::Partial(format!(
            "configuration left by an earlier installation may be brought up to date: {}",
            shorten(&reused)
        )),
        PackageOperation::Install => Undo::Exact,
    }
}
