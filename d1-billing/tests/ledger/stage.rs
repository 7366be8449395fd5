//! A ledger with a clock that tests turn, on each storage.

use crate::postgres::Postgres;
use d1_billing::{
    Applied, BillingError, BookStore, Grant, HoldReceipt, Key, Ledger, LotId, MemoryBooks, NewHold,
    Open, Operation, PostgresBooks, Refusal, Reply, Source, SqliteBooks,
};
use d1_core::{AccountId, Amount, Clock, HoldId, Supervisor, Timestamp};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Noon of some day.
pub(crate) const NOON: u64 = 1_800_000_000_000 / DAY * DAY + DAY / 2;
/// Milliseconds in a day.
pub(crate) const DAY: u64 = 86_400_000;

/// The database that others are cloned from.
const TEMPLATE: &str = "template_ledger";

/// A clock that is also set back, which none in the product does.
#[derive(Debug)]
pub(crate) struct Hands(AtomicU64);

impl Hands {
    pub(crate) const fn at(millis: u64) -> Self {
        Self(AtomicU64::new(millis))
    }

    pub(crate) fn set(&self, millis: u64) {
        self.0.store(millis, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Where the books are.
#[derive(Debug)]
pub(crate) enum Place {
    Memory,
    Sqlite(tempfile::TempDir),
    Postgres { _server: Arc<Postgres>, url: String, supervisor: Supervisor },
}

/// A ledger and what it stands on.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) ledger: Ledger,
    pub(crate) books: Arc<dyn BookStore>,
    pub(crate) clock: Arc<Hands>,
    pub(crate) place: Place,
}

impl Stage {
    /// One on each storage.
    pub(crate) async fn each() -> [Self; 3] {
        [Self::memory(), Self::sqlite(), Self::postgres().await]
    }

    pub(crate) fn memory() -> Self {
        Self::with(Arc::new(MemoryBooks::default()), Place::Memory)
    }

    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let books = SqliteBooks::open(&directory.path().join("ledger.db")).unwrap();
        Self::with(Arc::new(books), Place::Sqlite(directory))
    }

    pub(crate) async fn postgres() -> Self {
        let server = Postgres::shared();
        let url = clone(&server).await;
        let supervisor = Supervisor::default();
        let books = PostgresBooks::open(&url, &supervisor).await.unwrap();
        Self::with(Arc::new(books), Place::Postgres { _server: server, url, supervisor })
    }

    fn with(books: Arc<dyn BookStore>, place: Place) -> Self {
        let clock = Arc::new(Hands::at(NOON));
        Self { ledger: Ledger::new(books.clone(), clock.clone()), books, clock, place }
    }

    /// The same books, opened anew as after a restart.
    pub(crate) async fn reopened(self) -> Self {
        let books = self.opened_again().await;
        let Self { clock, place, .. } = self;
        Self { ledger: Ledger::new(books.clone(), clock.clone()), books, clock, place }
    }

    /// The same books, as another process has them.
    pub(crate) async fn opened_again(&self) -> Arc<dyn BookStore> {
        match &self.place {
            Place::Memory => self.books.clone(),
            Place::Sqlite(directory) => {
                Arc::new(SqliteBooks::open(&directory.path().join("ledger.db")).unwrap())
            }
            Place::Postgres { url, supervisor, .. } => {
                Arc::new(PostgresBooks::open(url, supervisor).await.unwrap())
            }
        }
    }

    /// Where the file of the books is.
    pub(crate) fn directory(&self) -> &Path {
        let Place::Sqlite(directory) = &self.place else { panic!("these books are in no file") };
        directory.path()
    }

    pub(crate) async fn done(&self, operation: Operation) -> Reply {
        self.ledger.apply(Key::generate(), operation).await.unwrap().into_inner()
    }

    pub(crate) async fn refused(&self, operation: Operation) -> Refusal {
        refusal(self.ledger.apply(Key::generate(), operation).await)
    }

    /// A new account with so many credits that stay.
    pub(crate) async fn account(&self, credits: u64) -> AccountId {
        let account = AccountId::generate();
        self.open(account).await;
        if credits > 0 {
            self.done(Operation::Grant(paid(account, credits))).await;
        }
        account
    }

    pub(crate) async fn open(&self, account: AccountId) {
        self.done(Operation::Open(terms(account))).await;
    }

    pub(crate) async fn granted(&self, grant: Grant) -> LotId {
        self.ledger.grant(Key::generate(), grant).await.unwrap().into_inner()
    }

    pub(crate) async fn hold(&self, account: AccountId, credits: u64) -> HoldId {
        let id = HoldId::generate();
        self.done(Operation::Hold(NewHold::new(id, account, Amount::credits(credits)))).await;
        id
    }

    pub(crate) async fn capture(&self, hold: HoldId, credits: u64) -> HoldReceipt {
        let charge = Amount::credits(credits);
        self.ledger.capture(Key::generate(), hold, charge).await.unwrap().into_inner()
    }

    pub(crate) async fn refund(&self, hold: HoldId, credits: u64) -> HoldReceipt {
        let amount = Amount::credits(credits);
        self.ledger.refund(Key::generate(), hold, amount).await.unwrap().into_inner()
    }

    /// What an account owns, has set aside, and can spend, in credits; the books are right.
    pub(crate) async fn stands(&self, account: AccountId) -> [u64; 3] {
        self.is_right().await;
        let balance = self.ledger.balance(account).await.unwrap();
        [balance.posted, balance.held, balance.available].map(|it| it.as_micro() / Amount::MICRO)
    }

    pub(crate) async fn is_right(&self) {
        let (_accounts, difference) = self.ledger.verify().await.unwrap();
        assert_eq!(difference, None, "{:?}", self.place);
    }
}

/// A database with the tables of the ledger.
pub(crate) async fn clone(server: &Postgres) -> String {
    static MADE: tokio::sync::Mutex<Option<String>> = tokio::sync::Mutex::const_new(None);
    let mut made = MADE.lock().await;
    let template = server.url(TEMPLATE);
    if made.as_deref() != Some(&template) {
        let fill = async |url: String| {
            drop(PostgresBooks::open(&url, &Supervisor::default()).await.unwrap())
        };
        server.template(TEMPLATE, fill).await;
        *made = Some(template);
    }
    server.clone_of(TEMPLATE)
}

/// Runs SQL as anybody could who may write to the database.
pub(crate) async fn great(stage: &Stage, sql: &str) -> Result<(), sqlx::Error> {
    let mut db = connected(stage).await;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut db).await.map(drop)
}

/// A connection of somebody else to the same database.
pub(crate) async fn connected(stage: &Stage) -> PgConnection {
    let Place::Postgres { url, .. } = &stage.place else { panic!("these books are elsewhere") };
    let mut db = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("SET search_path = d1_ledger").execute(&mut db).await.unwrap();
    db
}

/// Comes back when somebody waits for a lock in this database.
pub(crate) async fn somebody_waits(db: &mut PgConnection) {
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    // Each look is answered by the server, so this is not a busy loop of ours.
    while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *db).await.unwrap() == 0 {}
}

pub(crate) fn terms(account: AccountId) -> Open {
    Open { account, organisation: None, low_mark: Amount::ZERO }
}

pub(crate) fn paid(account: AccountId, credits: u64) -> Grant {
    Grant {
        account,
        amount: Amount::credits(credits),
        priority: 100,
        source: Source::Paid,
        from: Timestamp(0),
        until: None,
    }
}

pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<Applied<T>, BillingError>) -> Refusal {
    match answer {
        Err(BillingError::Refused(refusal)) => refusal,
        other => panic!("it was not refused: {other:?}"),
    }
}
