//! A daemon's own look at its machine: the same checks, again and again.

use super::{
    acceptance::Accepted,
    examine::{Doctor, Selection},
    sight::Sight,
};
use d1_core::Finding;
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// The areas that are about the machine and not about the person who works at it.
const OF_THE_MACHINE: [&str; 5] = ["sys", "net", "apt", "sec", "d1"];

impl Selection {
    /// The checks that are about the machine and not about a person.
    #[must_use]
    pub fn of_the_machine() -> Self {
        let names = OF_THE_MACHINE.iter().map(|area| (*area).to_owned()).collect();
        Self { names, deep: false }
    }
}

/// Looks for the first time after `first`, then `every` so often, and tells what was found, for
/// as long as it is waited for. What may stay wrong is read anew every time. A look that takes
/// longer than that delays the next.
pub async fn watch(
    sight: &Sight,
    selection: &Selection,
    (first, every): (Duration, Duration),
    mut heard: impl FnMut(Vec<Finding>),
) {
    let mut tick = interval_at(Instant::now() + first, every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let doctor = Doctor::new(sight.clone()).accepting(Accepted::of(sight));
        heard(doctor.examine(selection).collect().await);
    }
}
