//! Many at once.

use crate::stage::Stage;
use d1_billing::{
    Applied, BillingError, HoldState, Key, NewHold, Operation, PostgresBooks, Refusal, SqliteBooks,
};
use d1_core::{AccountId, Amount, HoldId, Supervisor};
use futures_util::future::join_all;
use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::task::JoinSet;

/// How many race.
const RACERS: usize = 64;
/// For how many there is enough.
const PLACES: u64 = 50;

/// Lets [`RACERS`] run for [`PLACES`], and tells how many got one.
async fn race<R: Future<Output = bool> + Send + 'static>(run: impl Fn() -> R) -> usize {
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        racers.spawn(run());
    }
    racers.join_all().await.into_iter().filter(|won| *won).count()
}

/// Looks, and then takes: what everybody writes first.
async fn look_then_take(purse: Arc<Mutex<u64>>) -> bool {
    let seen = *purse.lock().unwrap();
    tokio::task::yield_now().await;
    if seen == 0 {
        return false;
    }
    *purse.lock().unwrap() = seen - 1;
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn the_race_tells_a_ledger_that_looks_and_then_takes() {
    let purse = Arc::new(Mutex::new(PLACES));
    assert!(race(|| look_then_take(purse.clone())).await > PLACES as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_who_race_for_fifty_fifty_succeed() {
    for stage in Stage::each().await {
        let account = stage.account(PLACES).await;
        let won = race(|| {
            let ledger = stage.ledger.clone();
            let hold = NewHold::new(HoldId::generate(), account, Amount::credits(1));
            async move { ledger.hold(Key::generate(), hold).await.is_ok() }
        });
        assert_eq!(won.await, PLACES as usize, "{:?}", stage.place);
        assert_eq!(stage.stands(account).await, [PLACES, PLACES, 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_the_same_books_do_not_overspend() {
    let supervisor = Supervisor::default();
    for stage in [Stage::sqlite(), Stage::postgres().await] {
        let books: Arc<dyn d1_billing::BookStore> = match &stage.place {
            crate::stage::Place::Sqlite(directory) => {
                Arc::new(SqliteBooks::open(&directory.path().join("ledger.db")).unwrap())
            }
            crate::stage::Place::Postgres { url, .. } => {
                Arc::new(PostgresBooks::open(url, &supervisor).await.unwrap())
            }
            crate::stage::Place::Memory => panic!("two processes share no memory"),
        };
        let second = d1_billing::Ledger::new(books, stage.clock.clone());
        let account = stage.account(PLACES).await;
        let turn = AtomicUsize::new(0);
        let won = race(|| {
            let is_first = turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
            let ledger = if is_first { stage.ledger.clone() } else { second.clone() };
            let hold = NewHold::new(HoldId::generate(), account, Amount::credits(1));
            async move {
                let charged = ledger.apply(Key::generate(), Operation::Charge(hold)).await;
                match charged {
                    Ok(_) => true,
                    // Waiting for the other is never told as having nothing, nor the reverse.
                    Err(BillingError::Refused(Refusal::Insufficient { .. })) => false,
                    Err(other) => panic!("{other:?}"),
                }
            }
        });
        assert_eq!(won.await, PLACES as usize, "{:?}", stage.place);
        assert_eq!(stage.stands(account).await, [0, 0, 0]);
    }
}

/// How many are so many that a ledger decides for some while it writes for others.
const CROWD: usize = 1_500;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_crowd_at_two_processes_as_many_succeed_as_there_is_for_and_each_once() {
    let stage = Stage::postgres().await;
    let second = d1_billing::Ledger::new(stage.opened_again().await, stage.clock.clone());
    let account = stage.account(CROWD as u64 / 2).await;
    let mut crowd = JoinSet::new();
    for number in 0..CROWD {
        let ledger = if number % 2 == 0 { stage.ledger.clone() } else { second.clone() };
        crowd.spawn(async move {
            let (key, hold) = (Key::generate(), HoldId::generate());
            let hold = Operation::Charge(NewHold::new(hold, account, Amount::credits(1)));
            match ledger.apply(key, hold.clone()).await {
                Ok(Applied::Fresh(first)) => {
                    assert_eq!(ledger.apply(key, hold).await.unwrap(), Applied::Replayed(first));
                    true
                }
                Err(BillingError::Refused(Refusal::Insufficient { .. })) => false,
                other => panic!("{other:?}"),
            }
        });
    }
    let won = crowd.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, CROWD / 2);
    assert_eq!(stage.stands(account).await, [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_charge_and_release_and_expiry_one_wins() {
    for stage in Stage::each().await {
        for round in 0..20 {
            let account = stage.account(10).await;
            let hold = stage.hold(account, 10).await;
            let end = |charge| stage.ledger.capture(Key::generate(), hold, Amount::credits(charge));
            let ended =
                join_all((0..4).map(|place| end(if place % 2 == 0 { 10 } else { 0 }))).await;
            assert_eq!(ended.iter().filter(|ended| ended.is_ok()).count(), 1, "round {round}");
            let receipt = stage.ledger.look_at(hold).await.unwrap().unwrap();
            let left = if receipt.state == HoldState::Captured { 0 } else { 10 };
            assert_eq!(stage.ledger.balance(account).await.unwrap().posted, Amount::credits(left));
        }
        stage.is_right().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_at_once_give_back_no_more_than_was_paid() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = stage.hold(account, 10).await;
        stage.capture(hold, 10).await;
        let refund = || stage.ledger.refund(Key::generate(), hold, Amount::credits(3));
        let given = join_all((0..16).map(|_| refund())).await;
        assert_eq!(given.iter().filter(|given| given.is_ok()).count(), 3);
        assert_eq!(stage.stands(account).await, [9, 0, 9]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_account_that_many_use_first_is_one_account() {
    for stage in Stage::each().await {
        let account = AccountId::generate();
        let nothing = || NewHold::new(HoldId::generate(), account, Amount::ZERO);
        let used = join_all((0..64).map(|_| stage.ledger.hold(Key::generate(), nothing()))).await;
        assert!(used.iter().all(|used| matches!(used, Ok(Applied::Fresh(_)))), "{used:?}");
        assert_eq!(stage.ledger.statement(account, 0, 9).await.unwrap().lines.len(), 1);
        stage.is_right().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_many_accounts_at_once_meets_no_deadlock() {
    for stage in Stage::each().await {
        let organisation = stage.account(0).await;
        let most = Some(Amount::credits(1_000_000));
        let scope = d1_billing::CapScope::Organisation;
        stage.done(Operation::SetCap { account: organisation, scope, most }).await;
        let mut accounts = vec![];
        for _ in 0..6 {
            let account = stage.account(1_000).await;
            let organisation = Some(organisation);
            let terms = d1_billing::Open { organisation, ..crate::stage::terms(account) };
            stage.done(Operation::Open(terms)).await;
            accounts.push(account);
        }
        let mut workers = JoinSet::new();
        for worker in 0..24_usize {
            let (ledger, account) = (stage.ledger.clone(), accounts[worker % accounts.len()]);
            workers.spawn(async move {
                for _ in 0..10 {
                    let hold = NewHold::new(HoldId::generate(), account, Amount::credits(3));
                    ledger.hold(Key::generate(), hold.clone()).await.unwrap();
                    ledger.capture(Key::generate(), hold.id, Amount::credits(1)).await.unwrap();
                }
            });
        }
        workers.join_all().await;
        for account in accounts {
            assert_eq!(stage.stands(account).await, [960, 0, 960]);
        }
    }
}
