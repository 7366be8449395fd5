//! Nothing is done twice.

use super::{super::history::Event, AtRest, Invariant};
use std::collections::BTreeSet;

/// A machine begins an attempt at most once.
pub(super) const NOTHING_IS_DONE_TWICE: Invariant =
    Invariant { promise: "no attempt has its effect twice", check };

fn check(world: &AtRest) -> Result<(), String> {
    let mut begun = BTreeSet::new();
    for event in world.events() {
        if let Event::Began { task, attempt } = *event
            && !begun.insert((task, attempt))
        {
            return Err(format!("attempt {attempt} of task {task} began twice"));
        }
    }
    Ok(())
}
