//! What becomes of work while nobody who ordered it is on the link, as was agreed on.

use crate::rig::{Rig, an_order, an_order_for, finished, received, rest, started, why};
use d1_core::{OnDisconnect, Outcome, Stage, TaskCommand};
use std::time::Duration;

/// Longer than anything waits for a link.
const LONG: Duration = Duration::from_secs(60);
/// Shorter than that.
const SHORT: Duration = Duration::from_secs(25);

fn agreed(on_disconnect: OnDisconnect, order: TaskCommand) -> TaskCommand {
    TaskCommand { on_disconnect, ..order }
}

async fn ended(rig: &Rig, order: &TaskCommand) -> Option<Outcome> {
    match rig.stage(order).await? {
        Stage::Finished(result) => Some(result.outcome),
        Stage::Received | Stage::Started(_) | Stage::Forgotten(_) => None,
    }
}

fn begun(rig: &Rig) -> Vec<d1_core::TaskId> {
    rig.puppet.acts().begun.iter().map(|(task, _)| *task).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_to_pause_ends_what_it_began_and_begins_nothing_more_until_somebody_comes() {
    let rig = Rig::holding();
    let first = agreed(OnDisconnect::Pause, an_order_for("apt"));
    let next = agreed(OnDisconnect::Pause, an_order_for("apt"));
    let other = an_order_for("apt");
    let mut desk = rig.link();
    for order in [&first, &next, &other] {
        desk.order(order).await;
    }
    desk.heard().await;
    drop(desk);
    tokio::time::sleep(LONG).await;
    assert_eq!(begun(&rig), [first.task]);
    rig.puppet.release(first.task);
    rest().await;
    assert_eq!(ended(&rig, &first).await, Some(Outcome::Succeeded));
    // What goes on by itself is not kept waiting by what does not.
    assert_eq!(begun(&rig), [first.task, other.task]);
    rig.puppet.release(other.task);
    tokio::time::sleep(LONG).await;
    assert_eq!((begun(&rig).len(), rig.agent.load()), (2, (0, 1)));
    let mut desk = rig.link();
    desk.order(&next).await;
    assert_eq!(desk.heard().await, [received(&next), started(&next)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_to_end_without_its_link_is_called_off_when_nobody_comes_back() {
    let rig = Rig::holding();
    let first = agreed(OnDisconnect::Cancel, an_order_for("apt"));
    let next = agreed(OnDisconnect::Cancel, an_order_for("apt"));
    let other = an_order();
    let mut desk = rig.link();
    for order in [&first, &next, &other] {
        desk.order(order).await;
    }
    desk.heard().await;
    drop(desk);
    tokio::time::sleep(SHORT).await;
    assert_eq!(ended(&rig, &first).await, None);
    tokio::time::sleep(LONG).await;
    assert_eq!(ended(&rig, &first).await, Some(Outcome::Cancelled));
    assert_eq!(ended(&rig, &other).await, None);
    assert_eq!(begun(&rig), [first.task, other.task]);
    let mut desk = rig.link();
    desk.order(&next).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::Cancelled, Some("D1-TASK-006")));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_back_in_time_calls_nothing_off() {
    let rig = Rig::holding();
    let order = agreed(OnDisconnect::Cancel, an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    // It breaks again and again, and each time somebody comes back.
    for _ in 0..4 {
        drop(desk);
        tokio::time::sleep(SHORT).await;
        desk = rig.link();
        desk.order(&order).await;
        desk.heard().await;
    }
    tokio::time::sleep(LONG).await;
    assert_eq!(ended(&rig, &order).await, None);
    rig.puppet.release(order.task);
    let heard = desk.heard().await;
    let result = crate::rig::carried_out(&order, Outcome::Succeeded);
    assert_eq!(heard.last(), Some(&finished(result)));
}

#[tokio::test(start_paused = true)]
async fn one_of_two_who_ordered_it_is_enough() {
    let rig = Rig::holding();
    let order = agreed(OnDisconnect::Cancel, an_order());
    let (mut here, mut there) = (rig.link(), rig.link());
    here.order(&order).await;
    there.order(&order).await;
    here.heard().await;
    there.heard().await;
    drop(here);
    tokio::time::sleep(LONG).await;
    assert_eq!(ended(&rig, &order).await, None);
    drop(there);
    tokio::time::sleep(LONG).await;
    assert_eq!(ended(&rig, &order).await, Some(Outcome::Cancelled));
}
