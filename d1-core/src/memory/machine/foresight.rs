//! What an action would change, found out on a copy of the machine.

use super::{MemoryMachine, goal, goal::Goal, revert, trouble, world::World};
use crate::{
    Action, Change, ExecutorError, PackageOperation, Presence, Preview, Problem, Resource, Revert,
    State, Undo,
};

/// What an action would change.
pub(super) fn preview(machine: &MemoryMachine, action: &Action) -> Result<Preview, ExecutorError> {
    if let Some(problem) = goal::beyond_rights(&machine.world(), action) {
        return Ok(Preview::blocked(problem));
    }
    match action {
        Action::Exec(_) | Action::Shell(_) => Ok(of_program(machine, action)),
        Action::Revert(revert) => Ok(of_revert(&machine.world(), revert)),
        Action::RefreshIndex(manager) => {
            let nothing = "an index has nothing to go back to, and needs nothing";
            let possible = goal::goals(&machine.world(), action);
            Ok(match possible {
                Err(problem) => Preview::blocked(problem),
                Ok(_) if machine.is_fresh(*manager) => Preview::present(),
                Ok(_) => Preview::absent(Undo::None(nothing.into())),
            })
        }
        Action::Packages(_) | Action::Service(_) | Action::GroupMember(_) | Action::File(_) => {
            Ok(of_goals(&machine.world(), action))
        }
    }
}

fn of_goals(world: &World, action: &Action) -> Preview {
    let goals = match goal::goals(world, action) {
        Ok(goals) => goals,
        Err(problem) => return Preview::blocked(problem),
    };
    let changes = foresee(world, goals);
    let (download, disk) = sizes(world, &changes);
    let mut preview = told(changes, Undo::Exact);
    if let Action::Packages(packages) = action {
        (preview.download_bytes, preview.disk_bytes) = (Some(download), Some(disk));
        let asked = |change: &&Change| match &change.resource {
            Resource::Package { name, .. } => packages.names.contains(name),
            Resource::File(_)
            | Resource::Permissions(_)
            | Resource::ServiceEnabled(_)
            | Resource::ServiceActive(_)
            | Resource::GroupMember { .. } => false,
        };
        if packages.operation == PackageOperation::Remove {
            let more = preview.changes.iter().filter(|change| !asked(change));
            let also = more.map(|change| format!("{} goes with it", change.resource));
            preview.warnings.extend(also.collect::<Vec<_>>());
        }
    }
    preview
}

fn of_revert(world: &World, revert: &Revert) -> Preview {
    let way = revert::way_back(world, &revert.changes, &[]);
    let undo = Undo::None("an undo is not undone; do it again instead".into());
    let mut preview = told(foresee(world, way.goals), undo);
    preview.warnings.extend(way.kept);
    preview
}

/// A program tells only by running; one that is not there may be brought by an earlier step.
fn of_program(machine: &MemoryMachine, action: &Action) -> Preview {
    if matches!(action, Action::Shell(_)) && !machine.world().shell_allowed {
        return Preview::blocked(trouble::shell_denied());
    }
    let unknown = Presence::Unknown("a program tells only by running".into());
    Preview {
        presence: unknown,
        ..Preview::absent(Undo::None("a program leaves no receipt".into()))
    }
}

fn told(mut changes: Vec<Change>, undo: Undo) -> Preview {
    if changes.is_empty() {
        return Preview { undo, ..Preview::present() };
    }
    let more = changes.len().saturating_sub(Preview::MAX_CHANGES);
    changes.truncate(Preview::MAX_CHANGES);
    let warnings = if more > 0 { vec![format!("{more} more changes")] } else { Vec::new() };
    Preview { changes, warnings, ..Preview::absent(undo) }
}

/// What would be different, one after the other.
fn foresee(world: &World, goals: Vec<Goal>) -> Vec<Change> {
    let (mut copy, mut changes) = (world.clone(), Vec::new());
    copy.faults.clear();
    for goal in goals {
        if goal.is_reached(&copy) {
            continue;
        }
        let before = copy.look(&goal.resource);
        if copy.bring(&goal).is_ok() {
            changes.push(Change { resource: goal.resource, before, after: goal.state });
        }
    }
    changes
}

/// Bytes to fetch, and bytes on disk afterwards.
fn sizes(world: &World, changes: &[Change]) -> (u64, i64) {
    let (mut download, mut disk) = (0_u64, 0_i64);
    for change in changes {
        let Resource::Package { manager, name } = &change.resource else { continue };
        let Some(offer) = world.offers.get(&(*manager, name.clone())) else { continue };
        let size = i64::try_from(offer.disk_bytes).unwrap_or(i64::MAX);
        if change.before == State::Absent {
            download = download.saturating_add(offer.download_bytes);
            disk = disk.saturating_add(size);
        } else if change.after == State::Absent {
            disk = disk.saturating_sub(size);
        }
    }
    (download, disk)
}

/// The same problem, as a refusal.
pub(super) fn refuse(problem: Option<Problem>) -> Result<(), ExecutorError> {
    problem.map_or(Ok(()), |problem| Err(trouble::refused(problem)))
}
