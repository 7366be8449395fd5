//! Trouble with a database is told as trouble, and a rule as a rule; never one as the other.
//! Whoever hears of trouble says it again with the same key, and it is done once.

use crate::stage::{Place, Stage, connected, great, refusal, somebody_waits};
use d1_billing::{Applied, BillingError, HoldReceipt, Key, NewHold, PostgresBooks, Refusal};
use d1_core::{AccountId, Amount, HoldId};
use sqlx::AssertSqlSafe;

type Answer = Result<Applied<HoldReceipt>, BillingError>;

/// A hold of an account with ten credits, and how often it is asked for under its key.
struct Asked<'a> {
    stage: &'a Stage,
    account: AccountId,
    key: Key,
    hold: NewHold,
}

impl<'a> Asked<'a> {
    async fn of(stage: &'a Stage) -> Self {
        let account = stage.account(10).await;
        let hold = NewHold::new(HoldId::generate(), account, Amount::credits(4));
        Self { stage, account, key: Key::generate(), hold }
    }

    async fn ask(&self) -> Answer {
        self.stage.ledger.hold(self.key, self.hold.clone()).await
    }

    /// What a rule is against is told as that, whatever trouble there is.
    async fn too_much(&self) -> Refusal {
        let hold = NewHold::new(HoldId::generate(), self.account, Amount::credits(11));
        refusal(self.stage.ledger.hold(Key::generate(), hold).await)
    }

    /// Trouble was told, and is over: nothing was done, and now it is done once.
    async fn is_done_at_last(&self) {
        assert_eq!(self.stage.stands(self.account).await, [10, 0, 10]);
        let Ok(Applied::Fresh(receipt)) = self.ask().await else { panic!("it was done before") };
        assert_eq!(self.ask().await.unwrap(), Applied::Replayed(receipt));
        assert_eq!(self.stage.stands(self.account).await, [10, 4, 6]);
    }
}

fn is_trouble(answer: &Answer) -> bool {
    matches!(answer, Err(BillingError::Unavailable { .. }))
}

/// Errors after which the database may do the same at once; and how often a ledger tries.
const PASSING: [&str; 3] = ["40001", "40P01", "55P03"];
/// Errors after which it will not: no room, no memory, no connection, an administrator, an
/// input or output error, something internal, a server that only reads.
const LASTING: [&str; 9] =
    ["53100", "53200", "53300", "57014", "57P03", "58030", "XX000", "25006", "0A000"];

/// From now on the database fails so many times, whenever an answer is to be noted.
async fn fails(stage: &Stage, code: &str, times: u32) {
    let sql = format!(
        "CREATE SEQUENCE troubles;
         CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           -- A number is taken even by what is rolled back.
           IF nextval('troubles') <= {times} THEN
             RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'trouble';
           END IF;
           RETURN NEW;
         END $$;
         CREATE TRIGGER trouble BEFORE INSERT ON outcome FOR EACH ROW EXECUTE FUNCTION trouble();"
    );
    great(stage, &sql).await.unwrap();
}

async fn works_again(stage: &Stage) {
    great(stage, "DROP FUNCTION trouble() CASCADE; DROP SEQUENCE troubles;").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_trouble_of_postgresql_is_not_even_noticed() {
    let stage = Stage::postgres().await;
    for code in PASSING {
        let asked = Asked::of(&stage).await;
        fails(&stage, code, 3).await;
        assert!(matches!(asked.ask().await, Ok(Applied::Fresh(_))), "{code}");
        works_again(&stage).await;
        assert_eq!(stage.stands(asked.account).await, [10, 4, 6]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lasting_trouble_of_postgresql_is_told_as_trouble_and_a_rule_as_a_rule() {
    let stage = Stage::postgres().await;
    for code in PASSING.into_iter().chain(LASTING) {
        let asked = Asked::of(&stage).await;
        fails(&stage, code, u32::MAX).await;
        let answer = asked.ask().await;
        assert!(is_trouble(&answer), "{code}: {answer:?}");
        assert!(matches!(asked.too_much().await, Refusal::Insufficient { .. }), "{code}");
        works_again(&stage).await;
        asked.is_done_at_last().await;
    }
}

/// What ends a statement that waits in the middle of a write.
const ENDS: [&str; 2] = ["pg_cancel_backend", "pg_terminate_backend"];

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_ended_in_its_middle_is_trouble_and_leaves_nothing() {
    let stage = Stage::postgres().await;
    for end in ENDS {
        let asked = Asked::of(&stage).await;
        let (mut other, mut watch) = (connected(&stage).await, connected(&stage).await);
        // The account can be had; the write stops at its lot.
        let lock = format!("BEGIN; SELECT FROM lot WHERE account = '{}' FOR UPDATE", asked.account);
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut other).await.unwrap();
        let ended = async {
            somebody_waits(&mut watch).await;
            let sql = format!(
                "SELECT {end}(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'"
            );
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut watch).await.unwrap();
        };
        let (answer, ()) = tokio::join!(asked.ask(), ended);
        assert!(is_trouble(&answer), "{end}: {answer:?}");
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        asked.is_done_at_last().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_takes_longer_than_the_server_allows_is_trouble_and_leaves_nothing() {
    let mut stage = Stage::postgres().await;
    let database = "DO $$ BEGIN EXECUTE format(
        'ALTER DATABASE %I SET statement_timeout = 200', current_database()); END $$";
    great(&stage, database).await.unwrap();
    let Place::Postgres { url, supervisor, .. } = &stage.place else { panic!() };
    let hasty = PostgresBooks::open(url, supervisor).await.unwrap();
    stage.ledger = d1_billing::Ledger::new(std::sync::Arc::new(hasty), stage.clock.clone());
    let asked = Asked::of(&stage).await;
    let mut other = connected(&stage).await;
    let lock = format!("BEGIN; SELECT FROM lot WHERE account = '{}' FOR UPDATE", asked.account);
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut other).await.unwrap();
    let answer = asked.ask().await;
    assert!(is_trouble(&answer), "{answer:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    asked.is_done_at_last().await;
}

/// SQLite itself waits as long as the ledger allows, which is why this takes so long.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_holds_is_trouble_and_never_a_lack_of_credits() {
    let stage = Stage::sqlite();
    let asked = Asked::of(&stage).await;
    let Place::Sqlite(directory) = &stage.place else { panic!() };
    let other = rusqlite::Connection::open(directory.path().join("ledger.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let more = NewHold::new(HoldId::generate(), asked.account, Amount::credits(11));
    let too_much = stage.ledger.hold(Key::generate(), more);
    let (answer, refused) = tokio::join!(asked.ask(), too_much);
    assert!(is_trouble(&answer), "{answer:?}");
    assert!(is_trouble(&refused), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(matches!(asked.too_much().await, Refusal::Insufficient { .. }));
    asked.is_done_at_last().await;
}
