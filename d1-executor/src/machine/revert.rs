//! Takes back what a receipt says was changed: the last change first, each only if it is still
//! as the receipt left it.

use super::{
    core::Machine,
    stateful::{compare, reach, reached, save},
};
use crate::{
    actions::Goal,
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
    for change in others.iter().rev() {
        let now = machine.looker.look(&change.resource).await?;
        if reached(&change.before, &now) {
            continue;
        }
        if now == change.after {
            preview.presence = Presence::Absent;
            let (resource, after) = (change.resource.clone(), change.before.clone());
            preview.changes.push(Change { resource, before: now, after });
        } else {
            preview.warnings.push(kept(change));
        }
    }
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
    let mut goals = Vec::new();
    let mut kept_back = Vec::new();
    for change in others.iter().rev() {
        let now = machine.looker.look(&change.resource).await?;
        if reached(&change.before, &now) {
            continue;
        }
        if job.needed_elsewhere.contains(&change.resource) {
            kept_back.push(format!("{}: another setup relies on it", change.resource));
        } else if now == change.after || is_folder(change, &now) {
            let (resource, state) = (change.resource.clone(), change.before.clone());
            goals.push(Goal { resource, state, content: None });
        } else {
            kept_back.push(kept(change));
        }
    }
    let ended = reach(machine, goals, Outcome::Succeeded).await?;
    let ended = Ended { kept: kept_back, duration: began.elapsed(), ..ended };
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

/// A folder that we made is removed when it is empty, whoever changed its mode meanwhile.
fn is_folder(change: &Change, now: &State) -> bool {
    matches!((&change.after, now), (State::Directory { .. }, State::Directory { .. }))
}

fn kept(change: &Change) -> String {
    format!("{}: it has changed since, and is left as it is", change.resource)
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
