//! Receipts: what stands is what was done and not taken back.

use super::*;
use crate::{Receipt, TaskId};

pub(super) async fn laws<F, J>(laws: &mut Laws, make: &F)
where
    F: Fn() -> J,
    J: Future<Output = Port>,
{
    laws.check("receipts_stand_oldest_first", oldest_first(make().await)).await;
    laws.check("a_receipt_taken_back_stands_no_more", taken_back(make().await)).await;
    laws.check("a_failed_taking_back_takes_nothing", failed_takes_nothing(make().await)).await;
    laws.check("only_what_came_before_is_taken_back", later_stands(make().await)).await;
    laws.check("a_late_result_takes_nothing_back", late_takes_nothing(make().await)).await;
    laws.check("receipts_outlive_their_tasks", outlive_tasks(make().await)).await;
}

async fn oldest_first(journal: Port) {
    let (mut orders, mut receipts) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        orders.push(started(&journal).await);
    }
    // Oldest is what ended first, however it ended.
    for (order, outcome) in orders.iter().rev().zip(Outcome::ALL) {
        let result = ended(order, outcome);
        journal.finish(&result, NOW).await.unwrap();
        receipts.extend(result.receipt);
    }
    let unbegun = received(&journal).await;
    let result = TaskResult { receipt: None, ..ended(&unbegun, Outcome::Undeliverable) };
    journal.finish(&result, NOW).await.unwrap();
    assert_eq!(journal.receipts().await.unwrap(), receipts);
}

async fn taken_back(journal: Port) {
    for outcome in [Outcome::Succeeded, Outcome::NoChange] {
        let (first, _) = finished(&journal, Outcome::Failed).await;
        let second = attempt(&first, 2);
        receive_new(&journal, &second).await;
        journal.finish(&ended(&second, Outcome::Succeeded), NOW).await.unwrap();
        let (_, other) = finished(&journal, Outcome::Succeeded).await;
        let mut standing = journal.receipts().await.unwrap();
        standing.retain(|receipt| receipt.task != first.task);
        assert_eq!(standing.last(), other.receipt.as_ref());

        standing.push(take_back(&journal, first.task, outcome).await);
        assert_eq!(journal.receipts().await.unwrap(), standing);
    }
}

async fn failed_takes_nothing(journal: Port) {
    let (order, result) = finished(&journal, Outcome::Succeeded).await;
    let mut standing = Vec::from_iter(result.receipt);
    for outcome in Outcome::ALL.into_iter().filter(|outcome| !outcome.is_success()) {
        standing.push(take_back(&journal, order.task, outcome).await);
    }
    assert_eq!(journal.receipts().await.unwrap(), standing);
}

async fn later_stands(journal: Port) {
    let (first, _) = finished(&journal, Outcome::Failed).await;
    let mut standing = vec![take_back(&journal, first.task, Outcome::Succeeded).await];
    let second = attempt(&first, 2);
    receive_new(&journal, &second).await;
    let result = ended(&second, Outcome::Succeeded);
    journal.finish(&result, NOW).await.unwrap();
    standing.extend(result.receipt);
    assert_eq!(journal.receipts().await.unwrap(), standing);
}

async fn late_takes_nothing(journal: Port) {
    let (done, result) = finished(&journal, Outcome::Succeeded).await;
    let (undo, failed) = finished(&journal, Outcome::Failed).await;
    let late = took_back(&undo, done.task, Outcome::Succeeded);
    journal.finish(&late, NOW).await.unwrap();
    let standing: Vec<_> = result.receipt.into_iter().chain(failed.receipt).collect();
    assert_eq!(journal.receipts().await.unwrap(), standing);
}

async fn outlive_tasks(journal: Port) {
    let (order, result) = finished(&journal, Outcome::Succeeded).await;
    journal.forget(order.task, order.attempt, NOW).await.unwrap();
    assert_eq!(journal.receipts().await.unwrap(), Vec::from_iter(result.receipt.clone()));
    assert_eq!(journal.purge(crate::Timestamp(u64::MAX)).await.unwrap(), 1);
    assert_eq!(journal.receipts().await.unwrap(), Vec::from_iter(result.receipt));
    let undo = take_back(&journal, order.task, Outcome::Succeeded).await;
    assert_eq!(journal.receipts().await.unwrap(), [undo]);
}

/// A fresh task takes `reverted` back, and ends like this.
async fn take_back(journal: &Port, reverted: TaskId, outcome: Outcome) -> Receipt {
    let undo = started(journal).await;
    let result = took_back(&undo, reverted, outcome);
    journal.finish(&result, NOW).await.unwrap();
    result.receipt.unwrap()
}
