//! Results, what is known of a task, and forgetting it.

use super::{
    output::{all, chunks},
    *,
};
use crate::{Entry, JournalError, Stage, Timestamp};
use tokio::task::JoinSet;

pub(super) async fn finishes<F, J>(laws: &mut Laws, make: &F)
where
    F: Fn() -> J,
    J: Future<Output = Port>,
{
    laws.check("a_result_is_kept_whole", result_is_kept(make().await)).await;
    laws.check("of_racing_results_the_first_stays", first_stays(make().await)).await;
    laws.check("a_result_of_an_earlier_attempt_is_late", earlier_is_late(make().await)).await;
    laws.check("a_result_nobody_waits_for_is_refused", unknown_result(make().await)).await;
}

async fn result_is_kept(journal: Port) {
    for order in [received(&journal).await, started(&journal).await] {
        let result = ended(&order, Outcome::TimedOut);
        journal.finish(&result, Timestamp(9)).await.unwrap();
        let stage = Stage::Finished(Box::new(result));
        let entry = Entry { command: order.clone(), stage, at: Timestamp(9) };
        assert_eq!(journal.entry(order.task).await.unwrap(), Some(entry));
    }
}

async fn first_stays(journal: Port) {
    let order = started(&journal).await;
    let mut racers = JoinSet::new();
    for code in 0..RACERS {
        let (journal, mut result) = (Arc::clone(&journal), ended(&order, Outcome::Failed));
        result.exit_code = i32::try_from(code).ok();
        if let Some(receipt) = &mut result.receipt {
            receipt.kept = vec![code.to_string()];
        }
        racers.spawn(async move { journal.finish(&result, NOW).await.unwrap() });
    }
    racers.join_all().await;
    let entry = journal.entry(order.task).await.unwrap();
    let kept = result_in(entry.as_ref());
    assert_eq!(journal.receipts().await.unwrap(), Vec::from_iter(kept.receipt.clone()));

    journal.finish(&ended(&order, Outcome::Succeeded), Timestamp(9)).await.unwrap();
    assert_eq!(journal.entry(order.task).await.unwrap(), entry);
    assert_eq!(journal.receipts().await.unwrap(), Vec::from_iter(kept.receipt.clone()));
    journal.forget(order.task, order.attempt, NOW).await.unwrap();
    let tombstone = journal.entry(order.task).await.unwrap();
    journal.finish(&ended(&order, Outcome::Succeeded), Timestamp(9)).await.unwrap();
    assert_eq!(journal.entry(order.task).await.unwrap(), tombstone);
    assert_eq!(journal.receipts().await.unwrap().len(), 1);
}

fn result_in(entry: Option<&Entry>) -> TaskResult {
    match entry.map(|entry| &entry.stage) {
        Some(Stage::Finished(result)) => (**result).clone(),
        Some(Stage::Received | Stage::Started(_) | Stage::Forgotten(_)) | None => {
            panic!("there is no result")
        }
    }
}

async fn earlier_is_late(journal: Port) {
    let (order, result) = finished(&journal, Outcome::Interrupted).await;
    receive_new(&journal, &attempt(&order, 2)).await;
    let before = journal.entry(order.task).await.unwrap();
    journal.finish(&result, Timestamp(9)).await.unwrap();
    assert_eq!(journal.entry(order.task).await.unwrap(), before);
    assert_eq!(journal.receipts().await.unwrap().len(), 1);
}

async fn unknown_result(journal: Port) {
    let order = received(&journal).await;
    for never in [an_order(), attempt(&order, 2)] {
        let refused = journal.finish(&ended(&never, Outcome::Succeeded), NOW).await;
        assert!(matches!(refused, Err(JournalError::Unknown(task)) if task == never.task));
    }
    assert_eq!(journal.receipts().await.unwrap(), []);
    let entry = journal.entry(order.task).await.unwrap().unwrap();
    assert_eq!(entry.stage, Stage::Received);
}

pub(super) async fn lookups<F, J>(laws: &mut Laws, make: &F)
where
    F: Fn() -> J,
    J: Future<Output = Port>,
{
    laws.check("nothing_is_known_of_an_unknown_task", unknown_is_unknown(make().await)).await;
    laws.check("entries_are_oldest_first", oldest_first(make().await)).await;
}

async fn unknown_is_unknown(journal: Port) {
    received(&journal).await;
    assert_eq!(journal.entry(an_order().task).await.unwrap(), None);
}

async fn oldest_first(journal: Port) {
    let mut orders = Vec::new();
    for _ in 0..9 {
        orders.push(received(&journal).await);
    }
    // What happens later to a task does not make it younger.
    for order in orders.iter().rev().step_by(2) {
        journal.start(order.task, 1, &a_baseline(), NOW).await.unwrap();
        journal.finish(&ended(order, Outcome::Failed), NOW).await.unwrap();
    }
    journal.forget(orders.remove(4).task, 1, NOW).await.unwrap();
    let entries = journal.entries().await.unwrap();
    assert_eq!(
        entries.iter().map(|entry| &entry.command).collect::<Vec<_>>(),
        orders.iter().collect::<Vec<_>>()
    );
    for entry in entries {
        assert_eq!(journal.entry(entry.command.task).await.unwrap(), Some(entry));
    }
}

pub(super) async fn forgets<F, J>(laws: &mut Laws, make: &F)
where
    F: Fn() -> J,
    J: Future<Output = Port>,
{
    laws.check("forgetting_leaves_a_tombstone_alone", leaves_tombstone(make().await)).await;
    laws.check("forgetting_twice_is_fine", twice_is_fine(make().await)).await;
    laws.check("a_late_word_forgets_no_later_attempt", late_is_harmless(make().await)).await;
    laws.check("what_has_not_ended_is_not_forgotten", unended_stays(make().await)).await;
    laws.check("only_old_tombstones_are_purged", purges_old_tombstones(make().await)).await;
}

async fn leaves_tombstone(journal: Port) {
    let (first, _) = finished(&journal, Outcome::Failed).await;
    journal.append(&chunks(first.task, 1, 1..=3, "first")).await.unwrap();
    let second = attempt(&first, 2);
    receive_new(&journal, &second).await;
    journal.append(&chunks(first.task, 2, 1..=3, "second")).await.unwrap();
    journal.finish(&ended(&second, Outcome::NoChange), NOW).await.unwrap();
    let (receipts, other) = (journal.receipts().await.unwrap(), started(&journal).await);
    journal.append(&chunks(other.task, 1, 1..=1, "other")).await.unwrap();

    journal.forget(first.task, 2, Timestamp(33)).await.unwrap();

    let stage = Stage::Forgotten(Outcome::NoChange);
    let tombstone = Entry { command: second, stage, at: Timestamp(33) };
    assert_eq!(journal.entry(first.task).await.unwrap(), Some(tombstone));
    for attempt in [1, 2] {
        assert_eq!(all(&journal, first.task, attempt).await, []);
    }
    assert_eq!(journal.receipts().await.unwrap(), receipts);
    assert_eq!(all(&journal, other.task, 1).await.len(), 1);
    let left: Vec<_> = journal.entries().await.unwrap();
    assert_eq!(left.into_iter().map(|entry| entry.command).collect::<Vec<_>>(), [other]);
}

async fn twice_is_fine(journal: Port) {
    let order = forgotten(&journal, Outcome::Killed).await;
    let tombstone = journal.entry(order.task).await.unwrap();
    journal.forget(order.task, order.attempt, Timestamp(NOW.0 + 1)).await.unwrap();
    assert_eq!(journal.entry(order.task).await.unwrap(), tombstone);
    let never_here = an_order().task;
    journal.forget(never_here, 1, NOW).await.unwrap();
    assert_eq!(journal.entry(never_here).await.unwrap(), None);
}

async fn late_is_harmless(journal: Port) {
    let (first, _) = finished(&journal, Outcome::Failed).await;
    let second = attempt(&first, 2);
    receive_new(&journal, &second).await;
    let result = ended(&second, Outcome::Succeeded);
    for is_over in [false, true] {
        if is_over {
            journal.finish(&result, NOW).await.unwrap();
        }
        let before = journal.entry(first.task).await.unwrap();
        journal.forget(first.task, 1, NOW).await.unwrap();
        assert_eq!(journal.entry(first.task).await.unwrap(), before);
    }
}

async fn unended_stays(journal: Port) {
    for order in [received(&journal).await, started(&journal).await] {
        let before = journal.entry(order.task).await.unwrap();
        let refused = journal.forget(order.task, order.attempt, NOW).await;
        assert!(matches!(refused, Err(JournalError::NotFinished(task)) if task == order.task));
        assert_eq!(journal.entry(order.task).await.unwrap(), before);
    }
}

async fn purges_old_tombstones(journal: Port) {
    let unforgotten = [
        received(&journal).await,
        started(&journal).await,
        finished(&journal, Outcome::Failed).await.0,
    ];
    let mut gone = Vec::new();
    for at in [10, 19, 20, 21] {
        let (order, _) = finished(&journal, Outcome::Succeeded).await;
        journal.forget(order.task, order.attempt, Timestamp(at)).await.unwrap();
        gone.push(order);
    }
    let receipts = journal.receipts().await.unwrap();

    assert_eq!(journal.purge(Timestamp(20)).await.unwrap(), 2);
    assert_eq!(journal.purge(Timestamp(20)).await.unwrap(), 0);

    for (order, is_kept) in gone.iter().zip([false, false, true, true]) {
        assert_eq!(journal.entry(order.task).await.unwrap().is_some(), is_kept);
    }
    assert_eq!(journal.entries().await.unwrap().len(), unforgotten.len());
    assert_eq!(journal.receipts().await.unwrap(), receipts);
    let repeated = journal.fence(gone[0].setup, 0).await;
    assert!(matches!(repeated, Err(JournalError::StaleEpoch { seen: 1, .. })));
    journal.forget(gone[0].task, 1, NOW).await.unwrap();
    receive_new(&journal, &gone[0]).await;
    assert_eq!(journal.purge(Timestamp(u64::MAX)).await.unwrap(), 2);
}
