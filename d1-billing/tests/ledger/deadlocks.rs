//! Two processes work on the same accounts of the same PostgreSQL, in any order, many commands
//! at once: they wait for each other, and never for ever.

use crate::{
    lives::{ACCOUNTS, Request, account, by_the_rules, life_together, organisation},
    postgres::Postgres,
    stage::{NOON, Place, Stage, connected, terms},
};
use d1_billing::{BookStore, Command, Key, Open, Operation, PostgresBooks};
use d1_core::{AccountId, Timestamp};
use futures_util::future::join_all;
use proptest::{collection, prelude::*, test_runner::TestRunner};
use std::sync::Arc;
use tokio::task::JoinSet;

/// How many work at once; every second one in the other process.
const WORKERS: usize = 8;
/// How many commands a worker has under way.
const AT_ONCE: usize = 5;
/// How many times they are let loose.
const CASES: u32 = 4;

/// What each worker asks, in its order; all of it under keys of its own.
fn work() -> impl Strategy<Value = Vec<Vec<Request>>> {
    collection::vec(life_together(), WORKERS).prop_map(|mut lives| {
        for (worker, life) in lives.iter_mut().enumerate() {
            for Request { command: Command { key, .. }, .. } in life {
                *key = Key::of(&[&worker.to_string(), &key.to_string()]);
            }
        }
        lives
    })
}

async fn everybody_works(books: [Arc<dyn BookStore>; 2], work: Vec<Vec<Request>>) {
    let mut workers = JoinSet::new();
    for (worker, requests) in work.into_iter().enumerate() {
        let books = books[worker % 2].clone();
        workers.spawn(async move {
            for some in requests.chunks(AT_ONCE) {
                let asked = some.iter().map(|one| books.apply(one.command.clone(), one.at));
                for answer in join_all(asked).await {
                    // Done, or against a rule; and nothing else.
                    drop(by_the_rules(answer));
                }
            }
        });
    }
    workers.join_all().await;
}

/// How many deadlocks the server had to end in this database, once nobody works there.
async fn deadlocks(stage: &Stage) -> i64 {
    let mut db = connected(stage).await;
    let leave = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::raw_sql(leave).execute(&mut db).await.unwrap();
    let count = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    sqlx::query_scalar(count).fetch_one(&mut db).await.unwrap()
}

/// Lets all work, and tells how many deadlocks there were.
fn let_loose(work: impl Strategy<Value = Vec<Vec<Request>>>, check: impl Fn(i64)) {
    let server = Postgres::shared();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let config =
        ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&work, |work| {
        let found = runtime.block_on(async {
            let stage = Stage::postgres().await;
            let Place::Postgres { url, supervisor, .. } = &stage.place else { panic!() };
            for organisation in [organisation(), other_organisation()] {
                stage.open(organisation).await;
            }
            let second = PostgresBooks::open(url, supervisor).await.unwrap();
            everybody_works([stage.books.clone(), Arc::new(second)], work).await;
            stage.is_right().await;
            deadlocks(&stage).await
        });
        check(found);
        Ok(())
    });
    run.unwrap();
    drop(server);
}

#[test]
fn work_of_two_processes_on_the_same_accounts_meets_no_deadlock() {
    let_loose(work(), |deadlocks| assert_eq!(deadlocks, 0));
}

fn other_organisation() -> AccountId {
    AccountId::from_bytes([0xdd; 16])
}

/// The same work, in which accounts move to another organisation and back, and keys are used
/// by two.
fn unruly_work() -> impl Strategy<Value = Vec<Vec<Request>>> {
    let moves = collection::vec((0..ACCOUNTS, any::<bool>(), 0..40_usize), 6 * WORKERS);
    (work(), moves).prop_map(|(mut work, moves)| {
        for (number, (who, back, place)) in moves.into_iter().enumerate() {
            let organisation = Some(if back { organisation() } else { other_organisation() });
            let operation = Operation::Open(Open { organisation, ..terms(account(who)) });
            // Two in a row have the same key.
            let key = Key::of(&["move", &(number / 2).to_string()]);
            let request = Request { at: Timestamp(NOON), command: Command { key, operation } };
            let worker = &mut work[number % WORKERS];
            worker.insert(place.min(worker.len()), request);
        }
        work
    })
}

/// Here two may wait for each other: the server chooses one, which tries again.
#[test]
fn no_deadlock_is_told_to_anybody_even_when_accounts_move_and_keys_are_used_twice() {
    let_loose(unruly_work(), |_deadlocks| ());
}
