//! Takes back what a receipt says was changed: the last change first, each only if it is
//! still as the receipt left it. Tried on a copy of the machine before anything is touched.

use super::{goal, goal::Goal, packages, world::World};
use crate::{Change, Manager, PackageName, Resource, State};

/// What is to be done, and what is left as it is.
#[derive(Debug, Default)]
pub(super) struct Way {
    pub(super) goals: Vec<Goal>,
    pub(super) kept: Vec<String>,
}

/// The way back over `changes`, keeping what is `needed` elsewhere.
pub(super) fn way_back(world: &World, changes: &[Change], needed: &[Resource]) -> Way {
    let (mut copy, mut way) = (world.clone(), Way::default());
    // What goes wrong on purpose goes wrong when it is done, not when it is thought of.
    copy.faults.clear();
    for change in changes.iter().rev() {
        let goals = match goals_of(&copy, change, needed) {
            Ok(goals) => goals,
            Err(why) => {
                way.kept.push(format!("{}: {why}", change.resource));
                continue;
            }
        };
        for goal in goals {
            if goal.is_reached(&copy) {
                continue;
            }
            // An original that is lost is told when it is missed.
            let _told_when_done = copy.bring(&goal);
            way.goals.push(goal);
        }
    }
    way
}

/// The goals that take one change back, or the reason why it is left.
fn goals_of(world: &World, change: &Change, needed: &[Resource]) -> Result<Vec<Goal>, String> {
    let back = Goal::new(change.resource.clone(), change.before.clone());
    if back.is_reached(world) {
        return Ok(Vec::new());
    }
    if needed.contains(&change.resource) {
        return Err("another setup relies on it".to_owned());
    }
    let now = world.look(&change.resource);
    let folders =
        matches!((&change.after, &now), (State::Directory { .. }, State::Directory { .. }));
    if now != change.after && !folders {
        return Err("it has changed since, and is left as it is".to_owned());
    }
    match &change.resource {
        Resource::Package { manager, name } => package(world, *manager, name, back),
        Resource::File(path) if folders && world.holds_something(path) => {
            Err("something else lies in it".to_owned())
        }
        Resource::File(path) if change.before != State::Absent => {
            let folders = goal::missing_folders(world, path).map_err(|problem| problem.title)?;
            Ok(folders.into_iter().chain([back]).collect())
        }
        Resource::File(_)
        | Resource::Permissions(_)
        | Resource::ServiceEnabled(_)
        | Resource::ServiceActive(_)
        | Resource::GroupMember { .. } => Ok(vec![back]),
    }
}

/// A package is not taken from those that need it, and brought back only as it was.
fn package(
    world: &World,
    manager: Manager,
    name: &PackageName,
    back: Goal,
) -> Result<Vec<Goal>, String> {
    if matches!(back.state, State::Installed { .. }) {
        return Ok(vec![back]);
    }
    if let Some(dependent) = world.dependents(manager, name).first() {
        return Err(format!("{dependent} needs it"));
    }
    let mut goals = packages::removal(world, manager, name);
    goals.pop();
    goals.push(back);
    Ok(goals)
}
