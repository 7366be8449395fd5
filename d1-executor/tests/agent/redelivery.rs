//! An order that comes again is answered from the journal, and carried out once.

use crate::{
    frail::Frail,
    rig::{
        Rig, an_order, an_order_for, attempt, carried_out, finished, received, rest, started,
        without_beginning,
    },
};
use d1_core::{Journal, Outcome, Stage, StopMode, TaskCommand, ToDevice, memory::MemoryJournal};
use std::sync::Arc;

#[tokio::test(start_paused = true)]
async fn an_order_is_received_begun_and_ended_in_this_order() {
    let (rig, order) = (Rig::new(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    let result = carried_out(&order, Outcome::Succeeded);
    let all = [received(&order), started(&order), finished(result.clone())];
    assert_eq!(desk.heard().await, all);
    assert_eq!(rig.stage(&order).await, Some(Stage::Finished(Box::new(result))));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_comes_twice_is_carried_out_once_and_told_once() {
    let (rig, order) = (Rig::holding(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.order(&order).await;
    let begun = [received(&order), received(&order), started(&order)];
    let mut heard = desk.heard().await;
    heard.sort_by_key(|message| *message == started(&order));
    assert_eq!(heard, begun);
    rig.puppet.release(order.task);
    let result = carried_out(&order, Outcome::Succeeded);
    assert_eq!(desk.heard().await, [finished(result)]);
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_comes_after_its_end_is_answered_with_the_kept_result() {
    let (rig, order) = (Rig::new(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    let first = desk.heard().await;
    desk.order(&order).await;
    assert_eq!(desk.heard().await, first);
    desk.order(&order).await;
    assert_eq!(desk.heard().await, first);
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_task_is_still_not_carried_out_again() {
    let (rig, order) = (Rig::new(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    desk.say(forget(&order)).await;
    assert_eq!(desk.heard().await, []);
    assert_eq!(rig.stage(&order).await, Some(Stage::Forgotten(Outcome::Succeeded)));

    desk.order(&order).await;
    let all_that_is_known = without_beginning(&order, Outcome::Succeeded);
    assert_eq!(desk.heard().await, [received(&order), finished(all_that_is_known)]);
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_has_not_ended_is_not_forgotten() {
    let (rig, order) = (Rig::holding(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    desk.say(forget(&order)).await;
    assert_eq!(desk.heard().await, []);
    assert!(matches!(rig.stage(&order).await, Some(Stage::Started(_))));
    rig.puppet.release(order.task);
    let result = carried_out(&order, Outcome::Succeeded);
    assert_eq!(desk.heard().await, [finished(result)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_never_here_is_forgotten_without_a_word() {
    let (rig, order) = (Rig::new(), an_order());
    let mut desk = rig.link();
    desk.say(forget(&order)).await;
    assert_eq!(desk.heard().await, []);
    assert_eq!(rig.stage(&order).await, None);
    desk.order(&order).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_higher_attempt_of_what_did_not_succeed_is_carried_out() {
    let (rig, order) = (Rig::holding(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    rest().await;
    desk.cancel(&order, StopMode::Now).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Cancelled));

    let second = attempt(&order, 2);
    desk.order(&second).await;
    rig.puppet.release(order.task);
    assert_eq!(desk.result().await, carried_out(&second, Outcome::Succeeded));
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1), (order.task, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_higher_attempt_of_what_succeeded_is_answered_with_the_success() {
    let (rig, order) = (Rig::new(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    desk.order(&attempt(&order, 2)).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

/// The journal has answered that the task waits, and while that answer is on its way the
/// task is carried out.
#[tokio::test(start_paused = true)]
async fn an_answer_of_the_journal_that_is_old_when_it_comes_harms_nobody() {
    let frail = Arc::new(Frail::over(Arc::new(MemoryJournal::new())));
    let rig = Rig::on(Arc::clone(&frail) as Arc<dyn Journal>);
    rig.puppet.script().holds = true;
    let (first, second) = (an_order_for("apt"), an_order_for("apt"));
    let (mut here, mut there) = (rig.link(), rig.link());
    here.order(&first).await;
    here.order(&second).await;
    here.heard().await;

    frail.hold("after receive");
    there.order(&second).await;
    frail.reached().await;
    rig.puppet.release(first.task);
    rig.puppet.release(second.task);
    let result = carried_out(&second, Outcome::Succeeded);
    assert_eq!(here.heard().await.last(), Some(&finished(result.clone())));
    frail.let_go();

    assert_eq!(there.result().await, result);
    assert_eq!(rig.puppet.acts().begun, [(first.task, 1), (second.task, 1)]);
    assert_eq!(rig.stage(&second).await, Some(Stage::Finished(Box::new(result))));
    let third = an_order();
    here.order(&third).await;
    rig.puppet.release(third.task);
    assert_eq!(here.result().await, carried_out(&third, Outcome::Succeeded));
}

fn forget(order: &TaskCommand) -> ToDevice {
    ToDevice::Forget { task: order.task, attempt: order.attempt }
}
