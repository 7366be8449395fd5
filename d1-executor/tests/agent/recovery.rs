//! What was begun when the agent died is looked after, and never blindly begun again.

use crate::{
    puppet::{the_baseline, the_change},
    rig::{
        Desk, NOW, Rig, an_order, an_order_for, attempt, carried_out, finished, received, rest,
        started, why, without_beginning,
    },
};
use d1_core::{
    FromDevice, Journal, Outcome, Output, OutputChunk, ProbeAnswer, Receipt, Stage, StopMode,
    TOMBSTONE_AGE, TaskCommand, TaskResult, Timestamp, memory::MemoryJournal,
};
use std::{sync::Arc, time::Duration};

/// An agent that finds `order` begun and cut off, and a desk that orders it again.
async fn after_a_cut(order: &TaskCommand, finds: Option<ProbeAnswer>) -> (Rig, Desk) {
    let journal = Arc::new(MemoryJournal::new());
    begin(&*journal, order).await;
    let rig = Rig::on(journal);
    rig.puppet.script().finds = finds;
    assert_eq!(rig.agent.recover().await.unwrap(), 1);
    let desk = rig.link();
    desk.order(order).await;
    (rig, desk)
}

async fn begin(journal: &dyn Journal, order: &TaskCommand) {
    journal.receive(order, NOW).await.unwrap();
    journal.start(order.task, order.attempt, &the_baseline(), NOW).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_turns_out_done_has_succeeded() {
    let order = an_order();
    let (rig, mut desk) = after_a_cut(&order, Some(ProbeAnswer::Done)).await;
    let probe = Some(ProbeAnswer::Done);
    let result = TaskResult { probe, ..carried_out(&order, Outcome::Succeeded) };
    assert_eq!(desk.result().await, result);
    assert_eq!(rig.puppet.acts().begun, []);
    assert_eq!(rig.stage(&order).await, Some(Stage::Finished(Box::new(result))));
}

#[tokio::test(start_paused = true)]
async fn what_turns_out_to_have_been_so_before_has_changed_nothing() {
    let (order, journal) = (an_order(), Arc::new(MemoryJournal::new()));
    begin(&*journal, &order).await;
    let rig = Rig::on(journal);
    rig.puppet.script().finds = Some(ProbeAnswer::Done);
    rig.puppet.script().was_so = true;
    let mut desk = rig.link();
    desk.order(&order).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, rig.puppet.acts().begun.len()), (Outcome::NoChange, 0));
    assert_eq!(result.receipt.unwrap().changes, []);
}

#[tokio::test(start_paused = true)]
async fn what_turns_out_not_done_was_interrupted_and_may_be_tried_again() {
    let order = an_order();
    let (rig, mut desk) = after_a_cut(&order, Some(ProbeAnswer::NotDone)).await;
    let ended = carried_out(&order, Outcome::Interrupted);
    let receipt = ended.receipt.clone().map(|whole| Receipt { changes: Vec::new(), ..whole });
    let result = TaskResult { probe: Some(ProbeAnswer::NotDone), receipt, ..ended };
    assert_eq!(desk.result().await, result);
    assert_eq!(rig.puppet.acts().begun, []);

    let next = attempt(&order, 2);
    desk.order(&next).await;
    assert_eq!(desk.result().await, carried_out(&next, Outcome::Succeeded));
    assert_eq!(rig.puppet.acts().begun, [(order.task, 2)]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_is_left_to_a_person() {
    let order = an_order();
    let unknown = ProbeAnswer::Unknown("half of it is there".into());
    let (rig, mut desk) = after_a_cut(&order, Some(unknown.clone())).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::Interrupted, Some("D1-TASK-010")));
    assert_eq!(result.probe, Some(unknown));
    let receipt = result.receipt.unwrap();
    assert_eq!((receipt.changes, receipt.opaque), (vec![the_change()], true));
    assert_eq!(rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_looked_at_is_never_said_to_have_changed_nothing() {
    let order = an_order();
    let (rig, mut desk) = after_a_cut(&order, None).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::Interrupted, Some("D1-TASK-010")));
    assert!(matches!(&result.probe, Some(ProbeAnswer::Unknown(why)) if why.contains("disk")));
    assert!(result.receipt.is_some_and(|receipt| receipt.opaque));
    assert_eq!(rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_told_with_a_note_behind_the_output_of_before() {
    let order = an_order();
    let journal = Arc::new(MemoryJournal::new());
    begin(&*journal, &order).await;
    let (task, attempt) = (order.task, order.attempt);
    let chunk = |seq, text: &str| {
        let output = Output::note(text);
        OutputChunk { task, attempt, seq, output }
    };
    journal.append(&[chunk(1, "half a li")]).await.unwrap();
    let rig = Rig::on(journal);
    rig.agent.recover().await.unwrap();
    let mut desk = rig.link();
    desk.order(&order).await;
    let note = "this step was cut off; finding out what became of it";
    let told = [
        received(&order),
        started(&order),
        FromDevice::Output(chunk(1, "half a li")),
        FromDevice::Output(chunk(2, note)),
    ];
    assert_eq!(desk.heard().await[..4], told);
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_off_is_looked_after_before_anybody_asks() {
    let order = an_order();
    let journal = Arc::new(MemoryJournal::new());
    begin(&*journal, &order).await;
    let rig = Rig::on(journal);
    rig.puppet.script().finds = Some(ProbeAnswer::Done);
    assert_eq!(rig.agent.recover().await.unwrap(), 1);
    rest().await;
    assert_eq!(rig.puppet.acts().probed, [order.task]);
    assert!(matches!(rig.stage(&order).await, Some(Stage::Finished(_))));
}

#[tokio::test(start_paused = true)]
async fn what_was_only_received_waits_for_its_orchestrator() {
    let order = an_order();
    let rig = Rig::new();
    rig.journal.receive(&order, NOW).await.unwrap();
    assert_eq!(rig.agent.recover().await.unwrap(), 0);
    rest().await;
    assert_eq!(rig.puppet.acts(), Default::default());
    assert_eq!(rig.agent.load(), (0, 0));
    let mut desk = rig.link();
    desk.order(&order).await;
    let result = carried_out(&order, Outcome::Succeeded);
    assert_eq!(desk.heard().await, [received(&order), started(&order), finished(result)]);
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_not_looked_after() {
    let order = an_order();
    let rig = Rig::new();
    begin(&*rig.journal, &order).await;
    let result = carried_out(&order, Outcome::Failed);
    rig.journal.finish(&result, NOW).await.unwrap();
    assert_eq!(rig.agent.recover().await.unwrap(), 0);
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.heard().await, [received(&order), started(&order), finished(result)]);
    assert_eq!(rig.puppet.acts(), Default::default());
}

/// A cut-off task that waits for its turn was begun, whatever is said about it meanwhile.
#[tokio::test(start_paused = true)]
async fn a_call_to_stop_does_not_make_a_cut_off_task_one_that_never_began() {
    let rig = Rig::holding();
    let (first, cut) = (an_order_for("apt"), an_order_for("apt"));
    let mut desk = rig.link();
    desk.order(&first).await;
    desk.heard().await;
    begin(&*rig.journal, &cut).await;
    rig.puppet.script().finds = Some(ProbeAnswer::Done);
    desk.order(&cut).await;
    desk.heard().await;
    assert_eq!(rig.agent.load(), (1, 1));
    desk.cancel(&cut, StopMode::Now).await;
    assert_eq!(desk.heard().await, []);
    rig.puppet.release(first.task);
    desk.result().await;
    assert_eq!(desk.result().await.probe, Some(ProbeAnswer::Done));
}

/// Work that dies in the middle leaves a task that was begun; the next word about it
/// finds out what became of it, in the same conversation.
#[tokio::test(start_paused = true)]
async fn work_that_dies_is_looked_after_when_it_is_ordered_again() {
    let (rig, order) = (Rig::new(), an_order());
    rig.puppet.script().panics = true;
    rig.puppet.script().finds = Some(ProbeAnswer::Done);
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.heard().await, [received(&order), started(&order)]);
    assert_eq!(rig.agent.load(), (0, 0));
    desk.order(&order).await;
    let probe = Some(ProbeAnswer::Done);
    let result = TaskResult { probe, ..carried_out(&order, Outcome::Succeeded) };
    assert_eq!(desk.result().await, result);
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn only_what_was_forgotten_long_ago_is_let_go_of() {
    let (old, new) = (an_order(), an_order());
    let rig = Rig::new();
    let later = Timestamp(1).after(TOMBSTONE_AGE);
    for (order, at) in [(&old, NOW), (&new, NOW.after(Duration::from_secs(1)))] {
        let result = without_beginning(order, Outcome::Cancelled);
        rig.journal.receive(order, at).await.unwrap();
        rig.journal.finish(&result, at).await.unwrap();
        rig.journal.forget(order.task, order.attempt, at).await.unwrap();
    }
    rig.clock.advance_to(later.after(Duration::from_secs(1)));
    rig.agent.recover().await.unwrap();
    assert_eq!(rig.stage(&old).await, None);
    assert_eq!(rig.stage(&new).await, Some(Stage::Forgotten(Outcome::Cancelled)));
}
