//! Whoever changes what others change, too, waits for a turn.

use crate::stage::{NOON, Place, Stage, connected, somebody_waits, terms};
use d1_billing::{BookStore as _, CapScope, Command, Key, NewHold, Open, Operation, PostgresBooks};
use d1_core::{AccountId, Amount, HoldId, Timestamp};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, PgConnection};

/// An organisation that counts what its accounts spend.
async fn organisation(stage: &Stage) -> AccountId {
    let account = stage.account(0).await;
    let (scope, most) = (CapScope::Organisation, Some(Amount::credits(100)));
    stage.done(Operation::SetCap { account, scope, most }).await;
    account
}

async fn join(stage: &Stage, account: AccountId, organisation: AccountId) {
    let organisation = Some(organisation);
    stage.done(Operation::Open(Open { organisation, ..terms(account) })).await;
}

async fn run(db: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(db).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_ends_waits_for_the_organisation_that_counts_it_though_its_account_left() {
    let stage = Stage::postgres().await;
    for is_late in [false, true] {
        let (old, new) = (organisation(&stage).await, organisation(&stage).await);
        let account = stage.account(10).await;
        join(&stage, account, old).await;
        let id = HoldId::generate();
        let hold = NewHold::new(id, account, Amount::credits(3));
        let until = is_late.then_some(Timestamp(NOON + 1_000));
        stage.done(Operation::Hold(NewHold { until, ..hold })).await;
        join(&stage, account, new).await;
        let end = if is_late {
            stage.clock.set(NOON + 1_000);
            Operation::Sweep { account }
        } else {
            Operation::Capture { hold: id, charge: Amount::credits(3) }
        };
        // Somebody else is about to count something for the old organisation.
        let mut other = connected(&stage).await;
        let mut watch = connected(&stage).await;
        run(&mut other, format!("BEGIN; SELECT FROM account WHERE id = '{old}' FOR UPDATE;")).await;
        let mut ended = Box::pin(stage.done(end));
        tokio::select! {
            reply = &mut ended => panic!("it was counted while another counts: {reply:?}"),
            () = somebody_waits(&mut watch) => {}
        }
        run(&mut other, "UPDATE cap SET held = held + 1; ROLLBACK;".to_owned()).await;
        ended.await;
        stage.is_right().await;
    }
}

/// How many accounts somebody else has locked, so that every batch waits for one.
const LOCKED: usize = 32;

#[tokio::test]
async fn whoever_charges_a_hold_while_it_is_made_finds_it_with_its_account_or_not_at_all() {
    let stage = Stage::postgres().await;
    let Place::Postgres { url, supervisor, .. } = &stage.place else { panic!() };
    let second = PostgresBooks::open(url, supervisor).await.unwrap();
    let account = stage.account(10).await;
    let others = join_all((0..LOCKED).map(|_| stage.account(0))).await;
    let (mut other, mut watch) = (connected(&stage).await, connected(&stage).await);
    run(&mut other, format!("BEGIN; SELECT FROM account WHERE id <> '{account}' FOR UPDATE;"))
        .await;
    let hold = NewHold::new(HoldId::generate(), account, Amount::credits(4));
    // One thread asks for all at once, so the charge shares its batch with others, which wait.
    let charge = stage.ledger.capture(Key::generate(), hold.id, Amount::credits(1));
    let sweep = |account| stage.ledger.apply(Key::generate(), Operation::Sweep { account });
    let made_meanwhile = async {
        somebody_waits(&mut watch).await;
        nobody_is_under_way(&mut watch).await;
        let command = Command { key: Key::generate(), operation: Operation::Hold(hold.clone()) };
        second.apply(command, Timestamp(NOON)).await.unwrap();
        run(&mut other, "ROLLBACK;".to_owned()).await;
    };
    let sweeps = join_all(others.into_iter().map(sweep));
    let (charged, swept, ()) = tokio::join!(charge, sweeps, made_meanwhile);
    assert!(swept.iter().all(Result::is_ok), "{swept:?}");
    match charged {
        Ok(_) => assert_eq!(stage.stands(account).await, [9, 0, 9]),
        Err(_) => assert_eq!(stage.stands(account).await, [10, 4, 6]),
    }
}

/// Comes back when everybody else in this database waits for a lock, or has nothing to do.
async fn nobody_is_under_way(db: &mut PgConnection) {
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()
               AND state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock'";
    while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *db).await.unwrap() > 0 {}
}

/// Gives back one credit of a hold, as another process writes it, without its end.
fn refund_by_hand(account: AccountId, hold: HoldId) -> String {
    let one = Amount::MICRO;
    format!(
        "BEGIN;
         UPDATE account SET posted = posted + {one}, entries = entries + 1 WHERE id = '{account}';
         INSERT INTO entry SELECT id, entries, entries - 1, 'refunded', {one}, posted - {one},
             posted, '{hold}', NULL, {NOON} FROM account WHERE id = '{account}';
         UPDATE hold SET refunded = refunded + {one} WHERE id = '{hold}';
         UPDATE share SET refunded = refunded + {one} WHERE hold = '{hold}';
         UPDATE lot SET spent = spent - {one}, free = free + {one} WHERE account = '{account}';"
    )
}

#[tokio::test]
async fn what_was_read_before_its_turn_is_read_again() {
    let stage = Stage::postgres().await;
    let Place::Postgres { url, supervisor, .. } = &stage.place else { panic!() };
    let second = PostgresBooks::open(url, supervisor).await.unwrap();
    let account = stage.account(10).await;
    let others = join_all((0..LOCKED).map(|_| stage.account(0))).await;
    let (mut other, mut watch) = (connected(&stage).await, connected(&stage).await);
    let mut third = connected(&stage).await;
    run(&mut other, format!("BEGIN; SELECT FROM account WHERE id <> '{account}' FOR UPDATE;"))
        .await;
    let hold = NewHold::new(HoldId::generate(), account, Amount::credits(4));
    let say = |operation| Command { key: Key::generate(), operation };
    let refund = stage.ledger.refund(Key::generate(), hold.id, Amount::credits(1));
    let sweep = |account| stage.ledger.apply(Key::generate(), Operation::Sweep { account });
    let meanwhile = async {
        // The refund waits with others, and does not know whose the hold is: it is made now.
        somebody_waits(&mut watch).await;
        nobody_is_under_way(&mut watch).await;
        let charge = Operation::Charge(hold.clone());
        second.apply(say(charge), Timestamp(NOON)).await.unwrap();
        // Then the refund reads the hold, and has to wait for its account.
        run(&mut third, refund_by_hand(account, hold.id)).await;
        run(&mut other, "ROLLBACK;".to_owned()).await;
        somebody_waits(&mut watch).await;
        nobody_is_under_way(&mut watch).await;
        run(&mut third, "COMMIT;".to_owned()).await;
    };
    let sweeps = join_all(others.into_iter().map(sweep));
    let (refunded, swept, ()) = tokio::join!(refund, sweeps, meanwhile);
    assert!(swept.iter().all(Result::is_ok), "{swept:?}");
    assert_eq!(refunded.unwrap().into_inner().refunded, Amount::credits(2));
    assert_eq!(stage.stands(account).await, [8, 0, 8]);
}
