//! Without its journal the agent does nothing new, and says so.

use crate::{
    frail::{Frail, Moment},
    rig::{Rig, an_order, an_order_for, carried_out, code, finished, received, rest, started},
};
use d1_core::{Journal, Outcome, Stage, memory::MemoryJournal};
use d1_executor::SqliteJournal;
use std::{sync::Arc, time::Duration};

/// An agent whose journal will fail at this moment.
fn frail_at(moment: Moment) -> (Arc<Frail>, Rig) {
    let frail = Arc::new(Frail::over(Arc::new(MemoryJournal::new())));
    frail.fail(moment);
    let rig = Rig::on(Arc::clone(&frail) as Arc<dyn Journal>);
    (frail, rig)
}

fn ended_with(ended: Result<(), d1_core::Problem>) -> String {
    ended.unwrap_err().code
}

#[tokio::test(start_paused = true)]
async fn an_order_that_cannot_be_written_down_is_not_received() {
    let ((_frail, rig), order) = (frail_at("before receive"), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    let heard = desk.heard().await;
    assert_eq!((heard.len(), code(heard.first())), (1, "D1-DEVICE-004"));
    assert_eq!(ended_with(desk.ended().await), "D1-DEVICE-004");
    assert_eq!(rig.puppet.acts(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn a_beginning_that_cannot_be_written_down_does_not_begin() {
    let ((_frail, rig), order) = (frail_at("before start"), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    let heard = desk.heard().await;
    assert_eq!(
        (heard.len(), &heard[0], code(heard.get(1))),
        (2, &received(&order), "D1-DEVICE-004")
    );
    assert_eq!(ended_with(desk.ended().await), "D1-DEVICE-004");
    assert_eq!(rig.puppet.acts(), Default::default());
    assert_eq!(rig.stage(&order).await, Some(Stage::Received));
}

#[tokio::test(start_paused = true)]
async fn one_failure_ends_every_conversation_with_the_reason() {
    let ((_frail, rig), order) = (frail_at("before start"), an_order());
    let (here, mut there) = (rig.link(), rig.link());
    there.heard().await;
    here.order(&order).await;
    assert_eq!(code(there.hear().await.as_ref()), "D1-DEVICE-004");
    assert_eq!(ended_with(there.ended().await), "D1-DEVICE-004");
}

#[tokio::test(start_paused = true)]
async fn nothing_that_waits_begins_after_a_failure() {
    let frail = Arc::new(Frail::over(Arc::new(MemoryJournal::new())));
    let rig = Rig::on(Arc::clone(&frail) as Arc<dyn Journal>);
    rig.puppet.script().holds = true;
    let (first, second, other) = (an_order_for("apt"), an_order_for("apt"), an_order());
    let mut desk = rig.link();
    desk.order(&first).await;
    desk.order(&second).await;
    desk.heard().await;
    frail.fail("before start");
    desk.order(&other).await;
    desk.ended().await.unwrap_err();
    frail.mend();
    rig.puppet.release(first.task);
    rest().await;
    assert_eq!(rig.puppet.acts().begun, [(first.task, 1)]);
    // What ran has ended, and that is written down.
    let result = carried_out(&first, Outcome::Succeeded);
    assert_eq!(rig.stage(&first).await, Some(Stage::Finished(Box::new(result))));
}

#[tokio::test(start_paused = true)]
async fn a_result_is_told_once_it_is_written_down_however_long_that_takes() {
    let ((frail, rig), order) = (frail_at("before finish"), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.heard().await, [received(&order), started(&order)]);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(desk.heard().await, []);
    frail.mend();
    let result = carried_out(&order, Outcome::Succeeded);
    assert_eq!(desk.hear().await, Some(finished(result)));
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_can_never_be_written_down_is_never_told() {
    let ((_frail, rig), order) = (frail_at("before finish"), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.hear().await, Some(received(&order)));
    assert_eq!(desk.hear().await, Some(started(&order)));
    assert_eq!(code(desk.hear().await.as_ref()), "D1-DEVICE-004");
    assert_eq!(desk.hear().await, None);
    assert_eq!(ended_with(desk.ended().await), "D1-DEVICE-004");
    assert!(matches!(rig.stage(&order).await, Some(Stage::Started(_))));
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_journal_has_failed_says_so_to_whoever_comes() {
    let ((frail, rig), order) = (frail_at("before receive"), an_order());
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.ended().await.unwrap_err();
    frail.mend();
    let mut desk = rig.link();
    desk.hello().await;
    assert_eq!(code(desk.hear().await.as_ref()), "D1-DEVICE-004");
    assert_eq!(ended_with(desk.ended().await), "D1-DEVICE-004");
    // The next agent on the same journal is well.
    let next = Rig::on(rig.journal);
    let mut desk = next.link();
    desk.order(&order).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_begins() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(SqliteJournal::open(&folder.path().join("journal.db")).unwrap());
    let rig = Rig::on(Arc::clone(&journal) as Arc<dyn Journal>);
    let order = an_order();
    let mut desk = rig.link();
    desk.order(&order).await;
    let result = desk.result().await;

    journal.fill_up().await.unwrap();
    let mut large = an_order();
    large.step.warning = "x".repeat(100_000);
    desk.order(&large).await;
    assert_eq!(code(desk.hear().await.as_ref()), "D1-DEVICE-004");
    assert_eq!(ended_with(desk.ended().await), "D1-DEVICE-004");
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);

    // What was kept before is still there for the next agent.
    journal.make_room().await.unwrap();
    let next = Rig::on(rig.journal);
    next.agent.recover().await.unwrap();
    let mut desk = next.link();
    desk.order(&order).await;
    assert_eq!(desk.result().await, result);
    desk.order(&large).await;
    assert_eq!(desk.result().await, carried_out(&large, Outcome::Succeeded));
}
