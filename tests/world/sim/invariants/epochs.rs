//! Nobody acts who was fenced off.

use super::{super::history::Event, AtRest, Invariant};

/// A device that has heard of an epoch accepts nothing new of an older one.
pub(super) const NOBODY_ACTS_WHO_WAS_FENCED_OFF: Invariant =
    Invariant { promise: "nothing is accepted after a higher epoch was seen", check };

fn check(world: &AtRest) -> Result<(), String> {
    for event in world.events() {
        if let Event::Accepted { task, epoch, seen, .. } = *event
            && epoch < seen
        {
            return Err(format!("task {task} was accepted under epoch {epoch}, after {seen}"));
        }
    }
    Ok(())
}
