//! Links come and go, and there may be two; the work does not mind.

use crate::rig::{Rig, an_order, attempt, carried_out, finished, received, rest, started};
use d1_core::{Outcome, Stage, StopMode};

#[tokio::test(start_paused = true)]
async fn work_goes_on_without_a_link_and_is_told_after_the_next_one() {
    let (rig, order) = (Rig::holding(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    drop(desk);
    rest().await;
    assert_eq!(rig.agent.load(), (1, 0));
    rig.puppet.release(order.task);
    rest().await;
    let result = carried_out(&order, Outcome::Succeeded);
    assert_eq!(rig.stage(&order).await, Some(Stage::Finished(Box::new(result.clone()))));

    let mut desk = rig.link();
    desk.order(&order).await;
    let all = [received(&order), started(&order), finished(result)];
    assert_eq!(desk.heard().await, all);
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_comes_back_while_the_work_runs_hears_its_end() {
    let (rig, order) = (Rig::holding(), an_order());
    let desk = rig.link();
    desk.order(&order).await;
    rest().await;
    drop(desk);
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.heard().await, [received(&order), started(&order)]);
    rig.puppet.release(order.task);
    assert_eq!(desk.heard().await, [finished(carried_out(&order, Outcome::Succeeded))]);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_lost_ends_its_conversation_well() {
    let (rig, order) = (Rig::holding(), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    assert_eq!(desk.hang_up().await, Ok(()));
    assert_eq!(rig.agent.load(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn each_of_two_links_hears_of_its_own_tasks_only() {
    let rig = Rig::holding();
    let (mine, yours) = (an_order(), an_order());
    let (mut here, mut there) = (rig.link(), rig.link());
    here.order(&mine).await;
    there.order(&yours).await;
    assert_eq!(here.heard().await, [received(&mine), started(&mine)]);
    assert_eq!(there.heard().await, [received(&yours), started(&yours)]);
    assert_eq!(here.lease().await, [mine.task]);
    assert_eq!(there.lease().await, [yours.task]);
    rig.puppet.release(yours.task);
    assert_eq!(here.heard().await, []);
    assert_eq!(there.heard().await, [finished(carried_out(&yours, Outcome::Succeeded))]);
}

#[tokio::test(start_paused = true)]
async fn two_links_that_order_the_same_hear_the_same_and_it_is_done_once() {
    let (rig, order) = (Rig::holding(), an_order());
    let (mut here, mut there) = (rig.link(), rig.link());
    here.order(&order).await;
    there.order(&order).await;
    let begun = [received(&order), started(&order)];
    assert_eq!(here.heard().await, begun);
    assert_eq!(there.heard().await, begun);
    there.cancel(&order, StopMode::Now).await;
    let end = [finished(carried_out(&order, Outcome::Cancelled))];
    assert_eq!(here.heard().await, end);
    assert_eq!(there.heard().await, end);
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_lost_costs_the_other_nothing() {
    let rig = Rig::holding();
    let (mine, yours) = (an_order(), an_order());
    let (here, mut there) = (rig.link(), rig.link());
    here.order(&mine).await;
    there.order(&yours).await;
    there.heard().await;
    drop(here);
    rig.puppet.release(yours.task);
    assert_eq!(there.heard().await, [finished(carried_out(&yours, Outcome::Succeeded))]);
}

#[tokio::test(start_paused = true)]
async fn a_sign_of_life_names_what_runs_and_nothing_that_has_ended() {
    let rig = Rig::holding();
    let (short, long) = (an_order(), an_order());
    let mut desk = rig.link();
    desk.order(&short).await;
    desk.order(&long).await;
    desk.heard().await;
    rig.puppet.release(short.task);
    desk.result().await;
    assert_eq!(desk.lease().await, [long.task]);
    // The next attempt of what has ended counts as running again.
    desk.cancel(&long, StopMode::Now).await;
    desk.result().await;
    desk.order(&attempt(&long, 2)).await;
    assert_eq!(desk.lease().await, [long.task]);
}
