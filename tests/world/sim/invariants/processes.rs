//! No process outlives its task.

use super::{super::history::Event, AtRest, Invariant};

/// When a device writes down how a task ended, nothing of it runs any more.
pub(super) const NO_PROCESS_OUTLIVES_ITS_TASK: Invariant =
    Invariant { promise: "no process of a finished task is alive", check };

fn check(world: &AtRest) -> Result<(), String> {
    for event in world.events() {
        if let Event::Recorded { task, attempt, alive: true, .. } = *event {
            return Err(format!("attempt {attempt} of task {task} ended, and went on running"));
        }
    }
    Ok(())
}
