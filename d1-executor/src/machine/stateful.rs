//! Actions whose goal is a state: files, services, groups.

use super::core::Machine;
use crate::actions::{Goal, bring::bring, goal::goals, trouble};
use d1_core::{
    Action, Baseline, Change, Ended, ExecutorError, Job, Outcome, Preview, ProbeAnswer, Probed,
    Resource, State, Undo,
};
use tokio::time::Instant;

/// What would change.
pub(super) async fn preview(machine: &Machine, action: &Action) -> Result<Preview, ExecutorError> {
    match missing(machine, action).await {
        Ok(changes) if changes.is_empty() => Ok(Preview::present()),
        Ok(changes) => Ok(Preview { changes, ..Preview::absent(Undo::Exact) }),
        Err(ExecutorError::Refused(problem)) => Ok(Preview::blocked(*problem)),
        Err(error) => Err(error),
    }
}

/// What is not yet as an action wants it.
async fn missing(machine: &Machine, action: &Action) -> Result<Vec<Change>, ExecutorError> {
    let mut changes = Vec::new();
    for goal in goals(&machine.looker, action).await? {
        let before = machine.looker.look(&goal.resource).await?;
        if !reached(&goal.state, &before) {
            changes.push(Change { resource: goal.resource, before, after: goal.state });
        }
    }
    Ok(changes)
}

/// How everything is that may change; the content of files is saved.
pub(super) async fn prepare(machine: &Machine, action: &Action) -> Result<Baseline, ExecutorError> {
    let mut states = Vec::new();
    for goal in goals(&machine.looker, action).await? {
        let state = save(machine, &goal.resource).await?;
        states.push((goal.resource, state));
    }
    Ok(Baseline { states, complete_for: None })
}

/// How one thing is; the content of a file is saved by its digest.
pub(super) async fn save(machine: &Machine, resource: &Resource) -> Result<State, ExecutorError> {
    let state = machine.looker.look(resource).await?;
    if let (Resource::File(path), State::File { .. }) = (resource, &state) {
        let content = machine.looker.content(path)?.unwrap_or_default();
        let kept = machine.originals.keep(&content);
        kept.map_err(|e| trouble::refused(trouble::file("save", path.as_str(), &e)))?;
    }
    Ok(state)
}

/// Brings what differs to where it should be.
pub(super) async fn run(machine: &Machine, job: &Job) -> Result<Ended, ExecutorError> {
    let began = Instant::now();
    let goals = goals(&machine.looker, &job.step.action).await?;
    let relies_on: Vec<Resource> = goals.iter().map(|goal| goal.resource.clone()).collect();
    let ended = reach(machine, goals, Outcome::Succeeded).await?;
    let no_change = ended.outcome == Outcome::NoChange;
    let relies_on = if no_change { relies_on } else { Vec::new() };
    Ok(Ended { relies_on, duration: began.elapsed(), ..ended })
}

/// Reaches the goals in order, and stops at the first that cannot be reached.
pub(super) async fn reach(
    machine: &Machine,
    goals: Vec<Goal>,
    success: Outcome,
) -> Result<Ended, ExecutorError> {
    let mut changes = Vec::new();
    for goal in goals {
        let before = machine.looker.look(&goal.resource).await?;
        if reached(&goal.state, &before) {
            continue;
        }
        if needs_root(&goal.resource) && !machine.looker.host.is_root {
            let problem = trouble::needs_root(&goal.resource);
            return Ok(Ended { changes, ..Ended::quietly(Outcome::Failed).because(problem) });
        }
        let brought = bring(&machine.looker, &machine.originals, &goal).await;
        let after = machine.looker.look(&goal.resource).await?;
        if after != before {
            let (resource, after) = (goal.resource.clone(), after.clone());
            changes.push(Change { resource, before, after });
        }
        let problem = match brought {
            Ok(()) if reached(&goal.state, &after) => continue,
            Ok(()) => not_there(&goal.resource),
            Err(problem) => problem,
        };
        return Ok(Ended { changes, ..Ended::quietly(Outcome::Failed).because(problem) });
    }
    let outcome = if changes.is_empty() { Outcome::NoChange } else { success };
    Ok(Ended { changes, ..Ended::quietly(outcome) })
}

/// What became of a job that was cut off: every one of its changes is whole or not there.
pub(super) async fn probe(machine: &Machine, job: &Job) -> Result<Probed, ExecutorError> {
    let goals = goals(&machine.looker, &job.step.action).await?;
    let wanted = goals.into_iter().map(|goal| (goal.resource, goal.state)).collect();
    compare(machine, &job.baseline, wanted).await
}

/// Compares the present with how it was and how it should be.
pub(super) async fn compare(
    machine: &Machine,
    baseline: &Baseline,
    wanted: Vec<(Resource, State)>,
) -> Result<Probed, ExecutorError> {
    let mut changes = Vec::new();
    let mut all_there = true;
    for (resource, goal) in wanted {
        let now = machine.looker.look(&resource).await?;
        all_there &= reached(&goal, &now);
        let before = baseline.state_of(&resource).cloned().unwrap_or(State::Absent);
        if now != before {
            changes.push(Change { resource, before, after: now });
        }
    }
    // Something that a baseline names and that is no longer wanted was made on the way.
    for (resource, before) in &baseline.states {
        let now = machine.looker.look(resource).await?;
        if now != *before && !changes.iter().any(|change| change.resource == *resource) {
            let (resource, before) = (resource.clone(), before.clone());
            changes.push(Change { resource, before, after: now });
        }
    }
    let answer = match (all_there, changes.is_empty()) {
        (true, _) => ProbeAnswer::Done,
        (false, true) => ProbeAnswer::NotDone,
        (false, false) => ProbeAnswer::Unknown("some of it is done, and some is not".into()),
    };
    Ok(Probed { answer, changes })
}

/// Whether `now` is what was wanted. A folder that is there is there, whatever its mode.
pub(super) fn reached(wanted: &State, now: &State) -> bool {
    match (wanted, now) {
        (State::Directory { .. }, State::Directory { .. }) => true,
        (wanted, now) => wanted == now,
    }
}

fn needs_root(resource: &Resource) -> bool {
    match resource {
        Resource::ServiceEnabled(_) | Resource::ServiceActive(_) | Resource::GroupMember { .. } => {
            true
        }
        Resource::File(_) | Resource::Permissions(_) | Resource::Package { .. } => false,
    }
}

fn not_there(resource: &Resource) -> d1_core::Problem {
    let title = format!("the {resource} is not as it should be, though nothing complained");
    d1_core::Problem::new("D1-EXEC-008", d1_core::Category::Task, title)
        .because("something else may be changing it back")
        .leaving("it is as it is now; the receipt tells what changed")
}
