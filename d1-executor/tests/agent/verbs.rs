//! Cancel, kill and drain: three verbs, each with an end that is told.

use crate::rig::{
    Rig, an_order, an_order_for, carried_out, code, finished, received, rest, why,
    without_beginning,
};
use d1_core::{FromDevice, Outcome, Stage, StopMode, TaskResult, ToDevice};

#[tokio::test(start_paused = true)]
async fn each_way_to_stop_has_an_end_of_its_own() {
    for (mode, outcome) in [(StopMode::Now, Outcome::Cancelled), (StopMode::Kill, Outcome::Killed)]
    {
        let (rig, order) = (Rig::holding(), an_order());
        let mut desk = rig.link();
        desk.order(&order).await;
        desk.heard().await;
        desk.cancel(&order, mode).await;
        assert_eq!(desk.heard().await, [finished(carried_out(&order, outcome))]);
        assert_eq!(rig.agent.load(), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_after_the_step_lets_the_step_end() {
    let (rig, order) = (Rig::holding(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    desk.cancel(&order, StopMode::AfterStep).await;
    assert_eq!(desk.heard().await, []);
    rig.puppet.release(order.task);
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_is_called_off_and_never_begins() {
    for mode in [StopMode::AfterStep, StopMode::Now, StopMode::Kill] {
        let rig = Rig::holding();
        let (first, second) = (an_order_for("apt"), an_order_for("apt"));
        let mut desk = rig.link();
        desk.order(&first).await;
        desk.order(&second).await;
        desk.heard().await;
        desk.cancel(&second, mode).await;
        let result = desk.result().await;
        assert_eq!((result.outcome, why(&result)), (Outcome::Cancelled, Some("D1-TASK-001")));
        let problem = result.problem.clone();
        let never = without_beginning(&second, Outcome::Cancelled);
        assert_eq!(result, TaskResult { problem, ..never });

        rig.puppet.release(first.task);
        rest().await;
        assert_eq!(rig.puppet.acts().begun, [(first.task, 1)]);
        // Said again, the same is heard again, and no beginning is made up.
        desk.heard().await;
        desk.order(&second).await;
        assert_eq!(desk.heard().await, [received(&second), finished(result)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_to_stop_what_was_never_here_is_told_so() {
    let (rig, order) = (Rig::new(), an_order());
    let mut desk = rig.link();
    desk.cancel(&order, StopMode::Now).await;
    let heard = desk.heard().await;
    assert_eq!((heard.len(), code(heard.first())), (1, "D1-DEVICE-012"));
    assert_eq!(rig.stage(&order).await, None);
    desk.order(&order).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_call_to_stop_what_has_ended_is_answered_with_how_it_ended() {
    let (rig, order) = (Rig::new(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    desk.cancel(&order, StopMode::Kill).await;
    let result = carried_out(&order, Outcome::Succeeded);
    assert_eq!(desk.heard().await, [finished(result)]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_an_earlier_agent_only_received_can_be_called_off() {
    let (rig, order) = (Rig::new(), an_order());
    rig.journal.receive(&order, crate::rig::NOW).await.unwrap();
    rig.agent.recover().await.unwrap();
    let mut desk = rig.link();
    desk.cancel(&order, StopMode::Now).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::Cancelled, Some("D1-TASK-001")));
    assert_eq!(rig.stage(&order).await, Some(Stage::Finished(Box::new(result))));
    desk.order(&order).await;
    desk.heard().await;
    assert_eq!(rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_what_runs_end_and_begins_nothing_more() {
    let rig = Rig::holding();
    let (running, waiting, late) = (an_order_for("apt"), an_order_for("apt"), an_order());
    let mut desk = rig.link();
    desk.order(&running).await;
    desk.order(&waiting).await;
    desk.heard().await;
    desk.say(ToDevice::Drain).await;
    desk.order(&late).await;
    let heard = desk.heard().await;
    assert_eq!((heard.len(), code(heard.first())), (1, "D1-DEVICE-006"));
    assert_eq!(rig.stage(&late).await, None);

    rig.puppet.release(running.task);
    let result = carried_out(&running, Outcome::Succeeded);
    assert_eq!(desk.hear().await, Some(finished(result)));
    // Then it goes, and what only waited is kept for the next one.
    assert_eq!(desk.hear().await, None);
    assert_eq!(desk.ended().await, Ok(()));
    assert_eq!(rig.puppet.acts().begun, [(running.task, 1)]);
    assert_eq!(rig.stage(&waiting).await, Some(Stage::Received));

    let next = Rig::on(rig.journal);
    next.agent.recover().await.unwrap();
    let mut desk = next.link();
    desk.order(&waiting).await;
    assert_eq!(desk.result().await, carried_out(&waiting, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_drain_where_nothing_runs_is_over_at_once() {
    let rig = Rig::new();
    let mut desk = rig.link();
    desk.say(ToDevice::Drain).await;
    assert_eq!(desk.hear().await, None);
    rig.agent.drain().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_does_not_keep_a_task_from_being_stopped() {
    let (rig, order) = (Rig::holding(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    desk.say(ToDevice::Drain).await;
    desk.cancel(&order, StopMode::Kill).await;
    let killed: Option<FromDevice> = Some(finished(carried_out(&order, Outcome::Killed)));
    assert_eq!(desk.hear().await, killed);
    assert_eq!(desk.hear().await, None);
}
