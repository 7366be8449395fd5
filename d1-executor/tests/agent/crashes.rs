//! The agent may die around every write: nothing was told that was not written, and
//! nothing is done twice by the next one.

use crate::{
    frail::{Frail, MOMENTS, Moment},
    rig::{Rig, an_order, attempt, carried_out, received, started},
};
use d1_core::{
    FromDevice, Journal, Outcome, ProbeAnswer, Stage, TaskCommand, TaskResult,
    memory::MemoryJournal,
};
use d1_executor::SqliteJournal;
use std::sync::Arc;

/// What the first life told and did, and how the second one ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Story {
    told: Vec<&'static str>,
    begun_before: usize,
    probed: usize,
    outcome: Outcome,
    begun_in_all: usize,
}

fn story(moment: Moment) -> Story {
    let told: &[_] = match moment {
        "before receive" | "after receive" => &[],
        "before start" | "after start" => &["received"],
        _ => &["received", "started"],
    };
    let (begun_before, probed, outcome, begun_in_all) = match moment {
        "before receive" | "after receive" | "before start" => (0, 0, Outcome::Succeeded, 1),
        // Written down as begun, and nothing was done: the probe sees that.
        "after start" => (0, 1, Outcome::Interrupted, 0),
        // Done, and nobody has written that down: the probe sees that, too.
        "before finish" => (1, 1, Outcome::Succeeded, 1),
        _ => (1, 0, Outcome::Succeeded, 1),
    };
    Story { told: told.to_vec(), begun_before, probed, outcome, begun_in_all }
}

#[test]
fn a_death_at_any_moment_loses_nothing_and_repeats_nothing() {
    for moment in MOMENTS {
        let journal = Arc::new(MemoryJournal::new());
        let lived = lives(moment, true, || Arc::clone(&journal) as _);
        assert_eq!(lived, story(moment), "{moment}");
    }
}

#[test]
fn a_death_at_any_moment_loses_nothing_and_repeats_nothing_on_disk() {
    for moment in MOMENTS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let lived = lives(moment, false, || Arc::new(SqliteJournal::open(&path).unwrap()));
        assert_eq!(lived, story(moment), "{moment}");
    }
}

/// One life that ends at `moment`, and the next one. Each has a runtime of its own, and
/// everything that was on its way ends with it.
fn lives(moment: Moment, paused: bool, open: impl Fn() -> Arc<dyn Journal>) -> Story {
    let order = an_order();
    let life = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(paused).build().unwrap()
    };
    let (told, begun_before) = life().block_on(first_life(moment, &order, open()));
    let (probed, result, again) = life().block_on(second_life(&order, open(), begun_before));
    let result = result.outcome;
    Story { told, begun_before, probed, outcome: result, begun_in_all: begun_before + again }
}

async fn first_life(
    moment: Moment,
    order: &TaskCommand,
    journal: Arc<dyn Journal>,
) -> (Vec<&'static str>, usize) {
    let frail = Arc::new(Frail::over(journal));
    frail.hold(moment);
    let rig = Rig::on(Arc::clone(&frail) as _);
    let mut desk = rig.link();
    desk.order(order).await;
    let mut told = Vec::new();
    loop {
        tokio::select! {
            // What was said before the moment is heard before it.
            biased;
            message = desk.hear() => told.push(kind(message, order)),
            () = frail.reached() => return (told, rig.puppet.acts().begun.len()),
        }
    }
}

fn kind(message: Option<FromDevice>, order: &TaskCommand) -> &'static str {
    match message {
        Some(message) if message == received(order) => "received",
        Some(message) if message == started(order) => "started",
        other => panic!("`{other:?}` should not be told yet"),
    }
}

/// Takes the journal up, hears of the order again, and then of its next attempt.
async fn second_life(
    order: &TaskCommand,
    journal: Arc<dyn Journal>,
    begun_before: usize,
) -> (usize, TaskResult, usize) {
    let rig = Rig::on(journal);
    let is_done = begun_before > 0;
    let found = if is_done { ProbeAnswer::Done } else { ProbeAnswer::NotDone };
    rig.puppet.script().finds = Some(found);
    let probing = rig.agent.recover().await.unwrap();
    let mut desk = rig.link();
    desk.order(order).await;
    let result = desk.result().await;
    assert_eq!(rig.puppet.acts().probed, vec![order.task; probing]);
    assert_eq!(rig.stage(order).await, Some(Stage::Finished(Box::new(result.clone()))));
    let begun = rig.puppet.acts().begun.len();

    // What succeeded stays so; what did not is tried again when that is ordered.
    let next = attempt(order, 2);
    desk.order(&next).await;
    let last = desk.result().await;
    if result.outcome.is_success() {
        assert_eq!((last, rig.puppet.acts().begun.len()), (result.clone(), begun));
    } else {
        assert_eq!(last, carried_out(&next, Outcome::Succeeded));
    }
    (probing, result, begun)
}
