//! No acknowledged result is lost.

use super::{super::history::Event, AtRest, Invariant};
use d1_core::{Setup, TaskId};

/// What a device was told is kept, is kept; and so is every receipt it wrote.
pub(super) const NO_ACKNOWLEDGED_RESULT_IS_LOST: Invariant =
    Invariant { promise: "no acknowledged result is lost", check };

fn check(world: &AtRest) -> Result<(), String> {
    let receipts: Vec<(TaskId, u32)> = world.events().filter_map(with_receipt).collect();
    for event in world.events() {
        let Event::Acknowledged { task, attempt } = *event else { continue };
        let Some(setup) = world.setups.iter().find(|setup| setup.task(task).is_some()) else {
            return Err(format!("task {task} was acknowledged and belongs to no setup"));
        };
        if !is_kept(setup, task, attempt) {
            return Err(format!("the result of attempt {attempt} of task {task} is gone"));
        }
        if receipts.contains(&(task, attempt)) && !has_receipt(setup, task, attempt) {
            return Err(format!("the receipt of attempt {attempt} of task {task} is gone"));
        }
    }
    Ok(())
}

fn with_receipt(event: &Event) -> Option<(TaskId, u32)> {
    match event {
        Event::Recorded { task, attempt, has_receipt: true, .. } => Some((*task, *attempt)),
        Event::Recorded { .. }
        | Event::Accepted { .. }
        | Event::Began { .. }
        | Event::Ended { .. }
        | Event::Acknowledged { .. }
        | Event::Befell(_) => None,
    }
}

/// Whether the setup knows how the attempt ended, or has gone on to a later one.
fn is_kept(setup: &Setup, task: TaskId, attempt: u32) -> bool {
    let Some(task) = setup.task(task) else { return false };
    task.attempt > attempt || task.result().is_some_and(|result| result.attempt >= attempt)
}

fn has_receipt(setup: &Setup, task: TaskId, attempt: u32) -> bool {
    setup.receipts.iter().any(|receipt| (receipt.task, receipt.attempt) == (task, attempt))
}
