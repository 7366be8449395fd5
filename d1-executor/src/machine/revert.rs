//! Takes back what a receipt says was changed: the last change first, each only if it is still
//! as the receipt left it.

use super::{
    core::Machine,
    stateful::{compare, reach, reached, save},
};
use crate::{
    actions::{Goal, tree::resolve},
    packages::{Goal as PackageGoal, Run},
};
use d1_core::{
    Baseline, Change, Ended, ExecutorError, Job, Manager, Outcome, Presence, Preview, ProbeAnswer,
    Probed, Resource, State, Undo,
};
use tokio::time::Instant;

/// The changes of one receipt, by who takes them back.
struct Sorted {
    packages: Option<(Manager, Vec<Change>)>,
    others: Vec<Change>,
}

fn sort(changes: &[Change]) -> Sorted {
    let manager = |change: &Change| match change.resource {
        Resource::Package { manager, .. } => Some(manager),
        Resource::File(_)
        | Resource::Permissions(_)
        | Resource::ServiceEnabled(_)
        | Resource::ServiceActive(_)
        | Resource::GroupMember { .. } => None,
    };
    let (packages, others): (Vec<_>, Vec<_>) =
        changes.iter().cloned().partition(|change| manager(change).is_some());
    let kind = packages.first().and_then(manager);
    Sorted { packages: kind.map(|kind| (kind, packages)), others }
}

/// What taking it back would change.
pub(super) async fn preview(
    machine: &Machine,
    changes: &[Change],
) -> Result<Preview, ExecutorError> {
    let Sorted { packages, others } = sort(changes);
    let mut preview = match &packages {
        Some((manager, packages)) => {
            machine.manager(*manager)?.preview_revert(packages, &[]).await?
        }
        None => Preview::present(),
    };
    let back = way_back(machine, &others, &[]).await?;
    if !back.changes.is_empty() {
        preview.presence = Presence::Absent;
    }
    preview.changes.extend(back.changes);
    preview.warnings.extend(back.kept);
    preview.undo = Undo::None("an undo is not undone; do it again instead".into());
    Ok(preview)
}

/// How everything is that would change.
pub(super) async fn prepare(
    machine: &Machine,
    changes: &[Change],
) -> Result<Baseline, ExecutorError> {
    let Sorted { packages, others } = sort(changes);
    let mut baseline = match &packages {
        Some((manager, _)) => machine.manager(*manager)?.prepare().await?,
        None => Baseline::default(),
    };
    for change in &others {
        let state = save(machine, &change.resource).await?;
        baseline.states.push((change.resource.clone(), state));
    }
    Ok(baseline)
}

/// Takes it back.
pub(super) async fn run(
    machine: &Machine,
    changes: &[Change],
    job: &Job,
    run: &Run<'_>,
) -> Result<Ended, ExecutorError> {
    let began = Instant::now();
    let Sorted { packages, others } = sort(changes);
    let WayBack { changes, kept } = way_back(machine, &others, &job.needed_elsewhere).await?;
    let goal =
        |change: Change| Goal { resource: change.resource, state: change.after, content: None };
    let goals = changes.into_iter().map(goal).collect();
    let ended = reach(machine, goals, Outcome::Succeeded).await?;
    let ended = Ended { kept, duration: began.elapsed(), ..ended };
    let Some((manager, packages)) = packages.filter(|_| ended.outcome.is_success()) else {
        return Ok(ended);
    };
    let manager = machine.manager(manager)?;
    let theirs = manager.revert(&packages, &job.needed_elsewhere, run).await?;
    Ok(join(ended, theirs))
}

/// What became of an undo that was cut off.
pub(super) async fn probe(
    machine: &Machine,
    changes: &[Change],
    job: &Job,
    run: &Run<'_>,
) -> Result<Probed, ExecutorError> {
    let Sorted { packages, others } = sort(changes);
    let wanted = others.iter().map(|c| (c.resource.clone(), c.before.clone())).collect();
    let is_ours =
        |(resource, _): &&(Resource, State)| !matches!(resource, Resource::Package { .. });
    let states = job.baseline.states.iter().filter(is_ours).cloned().collect();
    let ours = compare(machine, &Baseline { states, complete_for: None }, wanted).await?;
    let Some((manager, packages)) = packages else { return Ok(ours) };
    let goal = PackageGoal::Revert { changes: &packages, needed_elsewhere: &job.needed_elsewhere };
    let theirs = machine.manager(manager)?.probe(goal, &job.baseline, run).await?;
    let answer = match (ours.answer, theirs.answer) {
        (ProbeAnswer::Done, answer) | (answer, ProbeAnswer::Done) if others.is_empty() => answer,
        (ProbeAnswer::Done, ProbeAnswer::Done) => ProbeAnswer::Done,
        (ProbeAnswer::NotDone, ProbeAnswer::NotDone) => ProbeAnswer::NotDone,
        _ => ProbeAnswer::Unknown("some of it is taken back, and some is not".into()),
    };
    Ok(Probed { answer, changes: ours.changes.into_iter().chain(theirs.changes).collect() })
}

/// The way back to how things were, as far as it is open.
struct WayBack {
    /// In the order in which they are to be made.
    changes: Vec<Change>,
    /// What stays, and why.
    kept: Vec<String>,
}

/// From the last change to the first: each that is still as its receipt left it.
async fn way_back(
    machine: &Machine,
    changes: &[Change],
    needed_elsewhere: &[Resource],
) -> Result<WayBack, ExecutorError> {
    let mut back = WayBack { changes: Vec::new(), kept: Vec::new() };
    for Change { resource, before, after } in changes.iter().rev() {
        let now = machine.looker.look(resource).await?;
        if reached(before, &now) {
            continue;
        }
        // A folder that we made is removed whoever changed its mode meanwhile.
        let is_folder = matches!((after, &now), (State::Directory { .. }, State::Directory { .. }));
        let why = if needed_elsewhere.contains(resource) {
            "another setup relies on it"
        } else if now != *after && !is_folder {
            "it has changed since, and is left as it is"
        } else if is_folder && holds_more(machine, resource, &back.changes) {
            "it holds other things by now, and stays"
        } else {
            let (resource, after) = (resource.clone(), before.clone());
            back.changes.push(Change { resource, before: now, after });
            continue;
        };
        back.kept.push(format!("{resource}: {why}"));
    }
    Ok(back)
}

/// Whether a folder has something in it that does not go away with these changes.
fn holds_more(machine: &Machine, folder: &Resource, going: &[Change]) -> bool {
    let Resource::File(path) = folder else { return false };
    let looker = &machine.looker;
    // What cannot be listed cannot be removed either, and the attempt says why.
    let Ok(entries) = std::fs::read_dir(resolve(&looker.root, &looker.home, path)) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let inside = format!("{path}/{}", entry.file_name().to_string_lossy());
        let goes = |change: &Change| {
            change.after == State::Absent
                && matches!(&change.resource, Resource::File(path) if path.as_str() == inside)
        };
        !going.iter().any(goes)
    })
}

fn join(ours: Ended, theirs: Ended) -> Ended {
    let outcome = match (ours.outcome, theirs.outcome) {
        (Outcome::Succeeded, Outcome::NoChange) => Outcome::Succeeded,
        (_, theirs) => theirs,
    };
    Ended {
        outcome,
        changes: ours.changes.into_iter().chain(theirs.changes).collect(),
        kept: ours.kept.into_iter().chain(theirs.kept).collect(),
        duration: ours.duration + theirs.duration,
        ..theirs
    }
}
