//! Where a person at the device must agree, nothing begins without their yes.

use crate::rig::{
    Desk, NOW, Rig, an_order, carried_out, code, epoch, finished, received, rest, started, why,
};
use d1_core::{
    FromDevice, Journal, Outcome, Stage, StopMode, TaskCommand, ToDevice, memory::MemoryJournal,
};
use std::{sync::Arc, time::Duration};

/// How long a person may think, and a bit: the agent looks at its watch now and then.
const TOO_LONG: Duration = Duration::from_secs(16 * 60);
/// The most tasks that may wait for a yes.
const WAITING: usize = 64;

fn a_guarded_order() -> TaskCommand {
    TaskCommand { require_confirmation: true, ..an_order() }
}

fn question(order: &TaskCommand) -> FromDevice {
    FromDevice::Confirm { task: order.task, what: order.step.title.clone(), here: false }
}

async fn answer(desk: &Desk, order: &TaskCommand, yes: bool) {
    desk.say(ToDevice::Confirmed { task: order.task, yes }).await;
}

/// An agent that has asked, and heard nothing yet.
async fn asked(order: &TaskCommand) -> (Rig, Desk) {
    let rig = Rig::new();
    let mut desk = rig.link();
    desk.order(order).await;
    assert_eq!(desk.heard().await, [question(order)]);
    assert_eq!((rig.stage(order).await, rig.agent.load()), (None, (0, 0)));
    (rig, desk)
}

#[tokio::test(start_paused = true)]
async fn a_yes_lets_the_task_begin() {
    let order = a_guarded_order();
    let (rig, mut desk) = asked(&order).await;
    answer(&desk, &order, true).await;
    let result = carried_out(&order, Outcome::Succeeded);
    let all = [received(&order), started(&order), finished(result)];
    assert_eq!(desk.heard().await, all);
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_no_ends_the_task_before_it_began_and_is_remembered() {
    let order = a_guarded_order();
    let (rig, mut desk) = asked(&order).await;
    answer(&desk, &order, false).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::DeniedByUser, Some("D1-TASK-003")));
    assert_eq!(rig.stage(&order).await, Some(Stage::Finished(Box::new(result.clone()))));
    desk.order(&order).await;
    assert_eq!(desk.heard().await, [received(&order), finished(result)]);
    assert_eq!(rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn silence_is_no_yes() {
    let order = a_guarded_order();
    let (rig, mut desk) = asked(&order).await;
    tokio::time::sleep(TOO_LONG).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::DeniedByUser, Some("D1-TASK-003")));
    answer(&desk, &order, true).await;
    assert_eq!(desk.heard().await, []);
    assert_eq!(rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_what_was_not_asked_begins_nothing() {
    let (rig, order) = (Rig::new(), a_guarded_order());
    let mut desk = rig.link();
    answer(&desk, &order, true).await;
    assert_eq!(desk.heard().await, []);
    desk.order(&order).await;
    assert_eq!(desk.heard().await, [question(&order)]);
    assert_eq!(rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_comes_again_asks_again_and_takes_no_question_for_answered() {
    let order = a_guarded_order();
    let (rig, mut desk) = asked(&order).await;
    desk.order(&order).await;
    assert_eq!(desk.heard().await, [question(&order)]);
    assert_eq!(rig.stage(&order).await, None);
    answer(&desk, &order, true).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_lost_link_takes_the_question_with_it_and_answers_nothing() {
    let order = a_guarded_order();
    let (rig, desk) = asked(&order).await;
    drop(desk);
    rest().await;
    assert_eq!(rig.stage(&order).await, None);
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.heard().await, [question(&order)]);
    answer(&desk, &order, true).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_needs_no_second_yes() {
    let order = a_guarded_order();
    let (_rig, mut desk) = asked(&order).await;
    answer(&desk, &order, true).await;
    let all = desk.heard().await;
    desk.order(&order).await;
    assert_eq!(desk.heard().await, all);
}

#[tokio::test(start_paused = true)]
async fn a_no_here_says_nothing_about_what_was_begun_elsewhere() {
    let order = a_guarded_order();
    let (rig, mut here) = asked(&order).await;
    rig.puppet.script().holds = true;
    let mut there = rig.link();
    there.order(&order).await;
    assert_eq!(there.heard().await, [question(&order)]);
    answer(&there, &order, true).await;
    assert_eq!(there.heard().await, [received(&order), started(&order)]);

    answer(&here, &order, false).await;
    assert_eq!(here.heard().await, []);
    assert!(matches!(rig.stage(&order).await, Some(Stage::Started(_))));
    rig.puppet.release(order.task);
    let result = carried_out(&order, Outcome::Succeeded);
    assert_eq!(there.result().await, result);
    assert_eq!(rig.stage(&order).await, Some(Stage::Finished(Box::new(result))));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_a_yes_can_be_called_off() {
    let order = a_guarded_order();
    let (rig, mut desk) = asked(&order).await;
    desk.cancel(&order, StopMode::Now).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::Cancelled, Some("D1-TASK-001")));
    answer(&desk, &order, true).await;
    assert_eq!(desk.heard().await, []);
    assert_eq!(rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn a_stop_right_behind_a_yes_is_not_lost() {
    let order = a_guarded_order();
    let (rig, mut desk) = asked(&order).await;
    rig.puppet.script().holds = true;
    answer(&desk, &order, true).await;
    desk.cancel(&order, StopMode::Kill).await;
    assert!(!desk.result().await.outcome.is_success());
    assert_eq!(rig.agent.load(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_for_an_orchestrator_whose_time_is_over() {
    let rig = Rig::new();
    let order = epoch(&a_guarded_order(), 4);
    rig.journal.fence(order.setup, 5).await.unwrap();
    let mut desk = rig.link();
    desk.order(&order).await;
    let heard = desk.heard().await;
    assert_eq!((heard.len(), code(heard.first())), (1, "D1-DEVICE-003"));
}

/// An agent may die after it wrote an order down, and before it wrote the no down.
#[tokio::test(start_paused = true)]
async fn what_an_earlier_agent_received_is_not_taken_for_a_yes() {
    let journal = Arc::new(MemoryJournal::new());
    let order = a_guarded_order();
    journal.receive(&order, NOW).await.unwrap();
    let rig = Rig::on(journal);
    rig.agent.recover().await.unwrap();
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.heard().await, [question(&order)]);
    assert_eq!(rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn a_person_is_not_buried_in_questions() {
    let rig = Rig::new();
    let mut desk = rig.link();
    let orders: Vec<TaskCommand> = (0..WAITING).map(|_| a_guarded_order()).collect();
    for order in &orders {
        desk.order(order).await;
    }
    assert_eq!(desk.heard().await, orders.iter().map(question).collect::<Vec<_>>());
    let one_more = a_guarded_order();
    desk.order(&one_more).await;
    let heard = desk.heard().await;
    assert_eq!((heard.len(), code(heard.first())), (1, "D1-DEVICE-007"));
    assert_eq!(rig.stage(&one_more).await, None);
    // One of those that were asked can be asked again, and an answer makes room.
    desk.order(&orders[0]).await;
    assert_eq!(desk.heard().await, [question(&orders[0])]);
    answer(&desk, &orders[0], true).await;
    desk.heard().await;
    desk.order(&one_more).await;
    assert_eq!(desk.heard().await, [question(&one_more)]);
}
