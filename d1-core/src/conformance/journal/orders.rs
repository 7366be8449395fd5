//! Fences, receptions and starts: nobody acts twice, and nobody late.

use super::*;
use crate::{Baseline, Entry, JournalError, SetupId, Stage, TaskId, Timestamp};
use tokio::task::JoinSet;

pub(super) async fn fences<F, J>(laws: &mut Laws, make: &F)
where
    F: Fn() -> J,
    J: Future<Output = Port>,
{
    laws.check("a_lower_epoch_is_refused", lower_epoch_is_refused(make().await)).await;
    laws.check("every_setup_has_its_own_fence", own_fence(make().await)).await;
    laws.check("of_racing_fences_the_highest_stays", highest_stays(make().await)).await;
}

async fn lower_epoch_is_refused(journal: Port) {
    let setup = SetupId::generate();
    for epoch in [0, 3, 3, 7, u64::MAX] {
        journal.fence(setup, epoch).await.unwrap();
    }
    refuses_epoch(&journal, setup, 6, u64::MAX).await;
    journal.fence(setup, u64::MAX).await.unwrap();
}

async fn own_fence(journal: Port) {
    let (one, other) = (SetupId::generate(), SetupId::generate());
    journal.fence(one, 9).await.unwrap();
    journal.fence(other, 2).await.unwrap();
    refuses_epoch(&journal, one, 8, 9).await;
    refuses_epoch(&journal, other, 1, 2).await;
}

async fn highest_stays(journal: Port) {
    let setup = SetupId::generate();
    let mut racers = JoinSet::new();
    for epoch in 1..=u64::from(RACERS) {
        let journal = Arc::clone(&journal);
        racers.spawn(async move { drop(journal.fence(setup, epoch).await) });
    }
    racers.join_all().await;
    refuses_epoch(&journal, setup, 0, u64::from(RACERS)).await;
}

async fn refuses_epoch(journal: &Port, of: SetupId, lower: u64, highest: u64) {
    let refused = journal.fence(of, lower).await;
    assert!(is_stale(refused, of, lower, highest));
}

fn is_stale<T>(refused: Result<T, JournalError>, of: SetupId, lower: u64, highest: u64) -> bool {
    matches!(
        refused,
        Err(JournalError::StaleEpoch { setup, given, seen })
            if (setup, given, seen) == (of, lower, highest)
    )
}

pub(super) async fn receptions<F, J>(laws: &mut Laws, make: &F)
where
    F: Fn() -> J,
    J: Future<Output = Port>,
{
    laws.check("an_unknown_task_is_written_down", written_down(make().await)).await;
    laws.check("receiving_fences_first", fences_first(make().await)).await;
    laws.check("an_order_that_comes_again_is_known", again_is_known(make().await)).await;
    laws.check("an_older_attempt_is_known", older_is_known(make().await)).await;
    laws.check("a_higher_attempt_waits_for_the_end", waits_for_end(make().await)).await;
    laws.check("a_higher_attempt_follows_a_failure", follows_failure(make().await)).await;
    laws.check("no_attempt_follows_a_success", success_is_final(make().await)).await;
    laws.check("of_racing_orders_one_is_new", one_is_new(make().await)).await;
}

async fn written_down(journal: Port) {
    let order = an_order();
    assert_eq!(journal.receive(&order, Timestamp(5)).await.unwrap(), Reception::New);
    let entry = Entry { command: order.clone(), stage: Stage::Received, at: Timestamp(5) };
    assert_eq!(journal.entry(order.task).await.unwrap(), Some(entry));
}

async fn fences_first(journal: Port) {
    let order = received(&journal).await;
    journal.fence(order.setup, 4).await.unwrap();
    let sibling = TaskId::of_step(order.setup, &"sibling".parse().unwrap());
    let late = TaskCommand { task: sibling, ..epoch(&order, 3) };
    assert!(is_stale(journal.receive(&late, NOW).await, order.setup, 3, 4));
    assert_eq!(journal.entry(sibling).await.unwrap(), None);
    assert!(is_stale(journal.receive(&order, NOW).await, order.setup, 1, 4));

    let known = journal.receive(&epoch(&order, 6), NOW).await.unwrap();
    assert!(matches!(known, Reception::Known(entry) if entry.command == order));
    refuses_epoch(&journal, order.setup, 5, 6).await;
}

async fn again_is_known(journal: Port) {
    let orders = [
        received(&journal).await,
        started(&journal).await,
        finished(&journal, Outcome::Failed).await.0,
        finished(&journal, Outcome::Succeeded).await.0,
        forgotten(&journal, Outcome::Failed).await,
        forgotten(&journal, Outcome::NoChange).await,
    ];
    for order in orders {
        stays_known(&journal, &order, &order).await;
    }
}

async fn older_is_known(journal: Port) {
    let order = attempt(&an_order(), 2);
    receive_new(&journal, &order).await;
    stays_known(&journal, &order, &attempt(&order, 1)).await;
    journal.finish(&ended(&order, Outcome::Failed), NOW).await.unwrap();
    stays_known(&journal, &order, &attempt(&order, 1)).await;
    journal.forget(order.task, order.attempt, NOW).await.unwrap();
    stays_known(&journal, &order, &attempt(&order, 1)).await;
}

async fn waits_for_end(journal: Port) {
    for order in [received(&journal).await, started(&journal).await] {
        stays_known(&journal, &order, &attempt(&order, 2)).await;
    }
}

async fn follows_failure(journal: Port) {
    for outcome in Outcome::ALL.into_iter().filter(|outcome| !outcome.is_success()) {
        let orders = [finished(&journal, outcome).await.0, forgotten(&journal, outcome).await];
        for order in orders {
            let next = attempt(&order, 3);
            receive_new(&journal, &next).await;
            let entry = Entry { command: next.clone(), stage: Stage::Received, at: NOW };
            assert_eq!(journal.entry(order.task).await.unwrap(), Some(entry));
            stays_known(&journal, &next, &order).await;
            journal.start(next.task, 3, &a_baseline(), NOW).await.unwrap();
            journal.finish(&ended(&next, Outcome::Succeeded), NOW).await.unwrap();
        }
    }
}

async fn success_is_final(journal: Port) {
    for outcome in [Outcome::Succeeded, Outcome::NoChange] {
        let orders = [finished(&journal, outcome).await.0, forgotten(&journal, outcome).await];
        for order in orders {
            stays_known(&journal, &order, &attempt(&order, 2)).await;
        }
    }
}

async fn one_is_new(journal: Port) {
    let order = an_order();
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (journal, order) = (Arc::clone(&journal), order.clone());
        racers.spawn(async move { journal.receive(&order, NOW).await.unwrap() });
    }
    let told = racers.join_all().await;
    assert_eq!(told.iter().filter(|told| **told == Reception::New).count(), 1);
    assert_eq!(journal.entries().await.unwrap().len(), 1);
}

/// `repeated` is answered with what is known of `order`, and changes nothing.
async fn stays_known(journal: &Port, order: &TaskCommand, repeated: &TaskCommand) {
    let before = (journal.entry(order.task).await.unwrap(), journal.entries().await.unwrap());
    let told = journal.receive(repeated, Timestamp(NOW.0 + 1)).await.unwrap();
    assert_eq!(Some(told), before.0.clone().map(|entry| Reception::Known(Box::new(entry))));
    let after = (journal.entry(order.task).await.unwrap(), journal.entries().await.unwrap());
    assert_eq!(after, before);
}

pub(super) async fn starts<F, J>(laws: &mut Laws, make: &F)
where
    F: Fn() -> J,
    J: Future<Output = Port>,
{
    laws.check("a_start_keeps_how_things_were", start_is_kept(make().await)).await;
    laws.check("of_racing_starts_one_begins", one_begins(make().await)).await;
    laws.check("what_has_ended_never_begins", ended_never_begins(make().await)).await;
    laws.check("what_nobody_ordered_never_begins", unknown_never_begins(make().await)).await;
}

async fn start_is_kept(journal: Port) {
    let order = received(&journal).await;
    journal.start(order.task, 1, &a_baseline(), Timestamp(7)).await.unwrap();
    let stage = Stage::Started(a_baseline());
    let entry = Entry { command: order.clone(), stage, at: Timestamp(7) };
    assert_eq!(journal.entry(order.task).await.unwrap(), Some(entry));
}

async fn one_begins(journal: Port) {
    let order = received(&journal).await;
    let mut racers = JoinSet::new();
    for racer in 1..=u64::from(RACERS) {
        let (journal, task) = (Arc::clone(&journal), order.task);
        racers.spawn(async move {
            let begun = journal.start(task, 1, &Baseline::default(), Timestamp(racer)).await;
            match begun {
                Ok(()) => Some(Timestamp(racer)),
                Err(JournalError::AlreadyStarted { task: of, attempt: 1 }) if of == task => None,
                Err(other) => panic!("{other}"),
            }
        });
    }
    let begun: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    let entry = journal.entry(order.task).await.unwrap().unwrap();
    assert_eq!(begun, [entry.at]);
}

async fn ended_never_begins(journal: Port) {
    let (order, _) = finished(&journal, Outcome::Failed).await;
    refuses_start(&journal, order.task, 1).await;
    journal.forget(order.task, order.attempt, NOW).await.unwrap();
    refuses_start(&journal, order.task, 1).await;
    receive_new(&journal, &attempt(&order, 2)).await;
    refuses_start(&journal, order.task, 1).await;
    journal.start(order.task, 2, &a_baseline(), NOW).await.unwrap();

    let unbegun = received(&journal).await;
    journal.finish(&ended(&unbegun, Outcome::Cancelled), NOW).await.unwrap();
    refuses_start(&journal, unbegun.task, 1).await;
}

async fn refuses_start(journal: &Port, of: TaskId, attempt: u32) {
    let before = journal.entry(of).await.unwrap();
    let refused = journal.start(of, attempt, &a_baseline(), Timestamp(8)).await;
    assert!(matches!(
        refused,
        Err(JournalError::AlreadyStarted { task, attempt: given })
            if (task, given) == (of, attempt)
    ));
    assert_eq!(journal.entry(of).await.unwrap(), before);
}

async fn unknown_never_begins(journal: Port) {
    let order = received(&journal).await;
    for (task, attempt) in [(an_order().task, 1), (order.task, 2)] {
        let refused = journal.start(task, attempt, &a_baseline(), NOW).await;
        assert!(matches!(refused, Err(JournalError::Unknown(unknown)) if unknown == task));
    }
    journal.start(order.task, 1, &a_baseline(), NOW).await.unwrap();
}
