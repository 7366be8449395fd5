//! An orchestrator whose time is over changes nothing any more.

use crate::rig::{Rig, an_order, carried_out, code, epoch, finished, received, rest, started};
use d1_core::{Journal, Outcome, StopMode, TaskCommand, memory::MemoryJournal};
use d1_executor::SqliteJournal;
use std::{path::Path, sync::Arc};

/// Another task of the same setup.
fn sibling(order: &TaskCommand) -> TaskCommand {
    TaskCommand { setup: order.setup, ..an_order() }
}

#[tokio::test(start_paused = true)]
async fn an_order_of_an_older_epoch_is_refused_and_leaves_no_trace() {
    let rig = Rig::new();
    let order = epoch(&an_order(), 5);
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;

    let stale = epoch(&sibling(&order), 4);
    desk.order(&stale).await;
    let heard = desk.heard().await;
    assert_eq!((heard.len(), code(heard.first())), (1, "D1-DEVICE-003"));
    assert_eq!(rig.stage(&stale).await, None);
    assert_eq!(rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn the_same_order_of_an_older_epoch_is_not_even_answered_from_the_journal() {
    let rig = Rig::new();
    let order = epoch(&an_order(), 5);
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    desk.order(&epoch(&order, 4)).await;
    let heard = desk.heard().await;
    assert_eq!((heard.len(), code(heard.first())), (1, "D1-DEVICE-003"));
}

#[tokio::test(start_paused = true)]
async fn the_same_and_every_higher_epoch_is_accepted() {
    let rig = Rig::new();
    let first = epoch(&an_order(), 5);
    let mut desk = rig.link();
    for order in [first.clone(), epoch(&sibling(&first), 5), epoch(&sibling(&first), 9)] {
        desk.order(&order).await;
        let result = carried_out(&order, Outcome::Succeeded);
        assert_eq!(desk.heard().await, [received(&order), started(&order), finished(result)]);
    }
}

#[tokio::test(start_paused = true)]
async fn every_setup_has_epochs_of_its_own() {
    let rig = Rig::new();
    let mut desk = rig.link();
    for order in [epoch(&an_order(), 5), epoch(&an_order(), 1)] {
        desk.order(&order).await;
        assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_to_stop_of_an_older_epoch_stops_nothing() {
    let rig = Rig::holding();
    let order = epoch(&an_order(), 5);
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    desk.cancel(&epoch(&order, 4), StopMode::Kill).await;
    let heard = desk.heard().await;
    assert_eq!((heard.len(), code(heard.first())), (1, "D1-DEVICE-003"));
    assert_eq!(rig.agent.load(), (1, 0));
    rig.puppet.release(order.task);
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_call_to_stop_counts_as_a_sign_of_its_epoch() {
    let rig = Rig::holding();
    let order = epoch(&an_order(), 5);
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    desk.cancel(&epoch(&order, 6), StopMode::Now).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Cancelled));
    let stale = sibling(&order);
    desk.order(&epoch(&stale, 5)).await;
    assert_eq!(code(desk.hear().await.as_ref()), "D1-DEVICE-003");
    assert_eq!(rig.stage(&stale).await, None);
}

#[tokio::test(start_paused = true)]
async fn an_agent_says_which_epochs_it_has_seen() {
    let rig = Rig::new();
    let order = epoch(&an_order(), 5);
    let mut desk = rig.link();
    assert_eq!(desk.hello().await.epochs, []);
    desk.order(&order).await;
    desk.order(&epoch(&sibling(&order), 7)).await;
    desk.heard().await;
    assert_eq!(rig.link().hello().await.epochs, [(order.setup, 7)]);
}

#[tokio::test(start_paused = true)]
async fn an_epoch_outlives_the_agent() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let order = epoch(&an_order(), 5);
    let rig = Rig::on(Arc::clone(&journal));
    let desk = rig.link();
    desk.order(&order).await;
    rest().await;
    drop((rig, desk));
    is_fenced(&Rig::on(journal), &order).await;
}

#[tokio::test]
async fn an_epoch_outlives_the_process_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let order = epoch(&an_order(), 5);
    let open = |path: &Path| Arc::new(SqliteJournal::open(path).unwrap());
    let rig = Rig::on(open(&path));
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
    drop((rig, desk));
    is_fenced(&Rig::on(open(&path)), &order).await;
}

/// Epoch 4 of the setup is refused, epoch 5 is not.
async fn is_fenced(rig: &Rig, order: &TaskCommand) {
    let (stale, next) = (epoch(&sibling(order), 4), epoch(&sibling(order), 5));
    let mut desk = rig.link();
    desk.order(&stale).await;
    assert_eq!(code(desk.hear().await.as_ref()), "D1-DEVICE-003");
    assert_eq!(rig.stage(&stale).await, None);
    desk.order(&next).await;
    assert_eq!(desk.result().await, carried_out(&next, Outcome::Succeeded));
}
