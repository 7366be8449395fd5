//! Who runs when: one at a time for each resource, ten in all, and nobody too late.

use crate::rig::{
    Rig, an_order, an_order_for, carried_out, finished, received, rest, started, why,
    without_beginning,
};
use d1_core::{Outcome, Stage, TaskCommand, TaskResult};
use std::time::Duration;

/// How many tasks run at once.
const AT_ONCE: usize = 10;
/// How many tasks wait.
const WAITING: usize = 1_024;

fn begun(rig: &Rig) -> Vec<d1_core::TaskId> {
    rig.puppet.acts().begun.iter().map(|(task, _)| *task).collect()
}

#[tokio::test(start_paused = true)]
async fn tasks_that_share_a_resource_run_one_after_the_other_and_others_beside_them() {
    let rig = Rig::holding();
    let (first, second, other) = (an_order_for("apt"), an_order_for("apt"), an_order_for("npm"));
    let mut desk = rig.link();
    for order in [&first, &second, &other] {
        desk.order(order).await;
    }
    desk.heard().await;
    assert_eq!((begun(&rig), rig.agent.load()), (vec![first.task, other.task], (2, 1)));

    rig.puppet.release(first.task);
    let result = carried_out(&first, Outcome::Succeeded);
    let mut heard = desk.heard().await;
    heard.sort_by_key(|message| *message == started(&second));
    assert_eq!(heard, [finished(result), started(&second)]);
    assert_eq!(begun(&rig), [first.task, other.task, second.task]);
}

#[tokio::test(start_paused = true)]
async fn ten_run_at_once_and_each_end_lets_the_next_begin() {
    let rig = Rig::holding();
    let orders: Vec<TaskCommand> = (0..AT_ONCE + 2).map(|_| an_order()).collect();
    let tasks: Vec<_> = orders.iter().map(|order| order.task).collect();
    let mut desk = rig.link();
    for order in &orders {
        desk.order(order).await;
    }
    desk.heard().await;
    assert_eq!((begun(&rig), rig.agent.load()), (tasks[..AT_ONCE].to_vec(), (AT_ONCE, 2)));
    rig.puppet.release(tasks[3]);
    desk.heard().await;
    assert_eq!((begun(&rig), rig.agent.load()), (tasks[..=AT_ONCE].to_vec(), (AT_ONCE, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_finds_no_place_ends_at_once_and_says_why() {
    let rig = Rig::holding();
    let mut desk = rig.link();
    for _ in 0..AT_ONCE + WAITING {
        desk.order(&an_order()).await;
        desk.heard().await;
    }
    assert_eq!(rig.agent.load(), (AT_ONCE, WAITING));

    let late = an_order();
    desk.order(&late).await;
    let heard = desk.heard().await;
    assert_eq!((heard.len(), &heard[0]), (2, &received(&late)));
    desk.order(&late).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::Undeliverable, Some("D1-TASK-004")));
    assert_eq!(heard[1], finished(result.clone()));
    assert_eq!(rig.stage(&late).await, Some(Stage::Finished(Box::new(result))));
    assert_eq!(rig.agent.load(), (AT_ONCE, WAITING));
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_deadline_passes_while_it_waits_is_never_begun() {
    let rig = Rig::holding();
    let (first, mut late, next) = (an_order_for("apt"), an_order_for("apt"), an_order_for("apt"));
    late.deliver_by = Some(crate::rig::NOW.after(Duration::from_secs(5)));
    let mut desk = rig.link();
    for order in [&first, &late, &next] {
        desk.order(order).await;
    }
    desk.heard().await;
    rig.clock.advance(Duration::from_millis(5_001));
    rig.puppet.release(first.task);
    desk.result().await;

    let result = desk.result().await;
    assert_eq!((result.task, why(&result)), (late.task, Some("D1-TASK-002")));
    let problem = result.problem.clone();
    let never = without_beginning(&late, Outcome::Undeliverable);
    assert_eq!(result, TaskResult { problem, ..never });
    rest().await;
    assert_eq!(begun(&rig), [first.task, next.task]);
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_time_is_over_when_it_comes_is_never_begun() {
    let rig = Rig::new();
    let (mut late, in_time) = (an_order(), an_order());
    late.deliver_by = Some(crate::rig::NOW);
    rig.clock.advance(Duration::from_millis(1));
    let mut desk = rig.link();
    desk.order(&late).await;
    let result = desk.result().await;
    assert_eq!((result.task, why(&result)), (late.task, Some("D1-TASK-002")));
    let problem = result.problem.clone();
    let never = without_beginning(&late, Outcome::Undeliverable);
    assert_eq!(result, TaskResult { problem, ..never });
    desk.order(&in_time).await;
    desk.result().await;
    assert_eq!(begun(&rig), [in_time.task]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_kept_to_the_moment() {
    let rig = Rig::new();
    let mut order = an_order();
    order.deliver_by = Some(crate::rig::NOW);
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn work_that_dies_frees_its_place() {
    let rig = Rig::new();
    let (doomed, next) = (an_order_for("apt"), an_order_for("apt"));
    rig.puppet.script().panics = true;
    let mut desk = rig.link();
    desk.order(&doomed).await;
    desk.heard().await;
    rig.puppet.script().panics = false;
    desk.order(&next).await;
    assert_eq!(desk.result().await, carried_out(&next, Outcome::Succeeded));
}
