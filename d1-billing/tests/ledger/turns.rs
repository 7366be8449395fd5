//! Whoever changes what others change, too, waits for a turn.

use crate::stage::{NOON, Stage, connected, somebody_waits, terms};
use d1_billing::{CapScope, NewHold, Open, Operation};
use d1_core::{AccountId, Amount, HoldId, Timestamp};
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
