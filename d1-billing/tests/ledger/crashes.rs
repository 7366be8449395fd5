//! Whoever was answered is not forgotten, whatever dies.
//!
//! A child process works through a list of commands and tells which ones were answered. It
//! dies at a fault point. Then: what was answered is there, what was not can be said again, and
//! everything was done once.

use crate::{
    postgres::Postgres,
    stage::{NOON, clone, paid, terms},
};
use d1_billing::{
    Applied, BookStore, Key, Ledger, NewHold, Operation, PostgresBooks, SqliteBooks, fault::POINTS,
};
use d1_core::{AccountId, Amount, HoldId, Supervisor, Timestamp, fault, memory::ManualClock};
use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};
use tokio::task::JoinSet;

/// Tells the child where its books are.
const PLACE: &str = "D1_LEDGER_OF_TEST";
/// How many deaths a test takes; `D1_DEATHS=1000` asks for more.
const DEATHS: &str = "D1_DEATHS";
/// How many holds a life has.
const HOLDS: u8 = 30;
/// How many commands are under way at once.
const AT_ONCE: usize = 4;

pub(crate) fn deaths(usual: usize) -> usize {
    std::env::var(DEATHS).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What is said in a life: the same in every process.
pub(crate) fn commands() -> Vec<(Key, Operation)> {
    let account = AccountId::from_bytes([1; 16]);
    let grant = paid(account, 1_000);
    let mut operations = vec![Operation::Open(terms(account)), Operation::Grant(grant)];
    for number in 0..HOLDS {
        let hold = HoldId::from_bytes([number; 16]);
        operations.push(Operation::Hold(NewHold::new(hold, account, Amount::credits(3))));
        operations.push(Operation::Capture { hold, charge: Amount::credits(2) });
    }
    let key = |number: usize| Key::of(&["life", &number.to_string()]);
    operations.into_iter().enumerate().map(|(number, one)| (key(number), one)).collect()
}

pub(crate) fn ledger(books: impl BookStore + 'static) -> Ledger {
    Ledger::new(Arc::new(books), Arc::new(ManualClock::starting_at(Timestamp(NOON))))
}

async fn open(place: &str) -> Ledger {
    if place.starts_with("postgres:") {
        return ledger(PostgresBooks::open(place, &Supervisor::default()).await.unwrap());
    }
    ledger(SqliteBooks::open(Path::new(place)).unwrap())
}

/// Says everything, a few at once, and tells which were answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_life_that_may_end() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let ledger = open(&place).await;
    for (number, (key, operation)) in commands().into_iter().enumerate().take(2) {
        ledger.apply(key, operation).await.unwrap();
        tell(number);
    }
    // A hold and its charge go together; the holds go side by side.
    let mut lanes = JoinSet::new();
    for lane in 0..AT_ONCE {
        let ledger = ledger.clone();
        lanes.spawn(async move {
            let pairs = commands().into_iter().enumerate().skip(2);
            for (number, (key, operation)) in pairs.filter(|(at, _)| at / 2 % AT_ONCE == lane) {
                ledger.apply(key, operation).await.unwrap();
                tell(number);
            }
        });
    }
    lanes.join_all().await;
}

/// One write, so that lines of a dying process are whole.
fn tell(number: usize) {
    use std::io::Write as _;
    std::io::stderr().write_all(format!("answered {number}\n").as_bytes()).unwrap();
}

/// A life in another process, without a core dump and with this in its environment; tells which
/// commands were answered.
pub(crate) fn child(place: &str, point: &str, environment: &[(&str, &str)]) -> (bool, Vec<usize>) {
    let myself = std::env::current_exe().unwrap();
    let lived = Command::new("prlimit")
        .args(["--core=0", "--"])
        .arg(myself)
        .args(["--exact", "crashes::a_life_that_may_end", "--nocapture"])
        .env(PLACE, place)
        .env(fault::VARIABLE, point)
        .envs(environment.iter().copied())
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(lived.stderr).unwrap();
    let answered = told.lines().filter_map(|line| line.strip_prefix("answered "));
    (lived.status.success(), answered.map(|number| number.parse().unwrap()).collect())
}

/// Whatever happened: what was answered is there, and all said again is done once.
pub(crate) async fn nothing_is_lost(ledger: &Ledger, answered: &[usize], what: &str) {
    assert_eq!(ledger.verify().await.unwrap().1, None, "{what}");
    for (number, (key, operation)) in commands().into_iter().enumerate() {
        let again = ledger.apply(key, operation).await.unwrap();
        let is_replayed = matches!(again, Applied::Replayed(_));
        assert!(is_replayed || !answered.contains(&number), "{what}: {number} was forgotten");
    }
    let account = AccountId::from_bytes([1; 16]);
    let balance = ledger.balance(account).await.unwrap();
    let left = Amount::credits(1_000 - 2 * u64::from(HOLDS));
    assert_eq!((balance.posted, balance.held), (left, Amount::ZERO), "{what}");
    assert_eq!(ledger.verify().await.unwrap().1, None, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_at_any_point_loses_nothing_that_sqlite_was_asked_to_keep() {
    let mut died = 0;
    for number in 0..deaths(24) {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("ledger.db");
        let point = format!("{}:{}", POINTS[number % 3], 1 + number / 3 % 20);
        let (ended_well, answered) = child(place.to_str().unwrap(), &point, &[]);
        died += usize::from(!ended_well);
        assert!(!ended_well || answered.len() == commands().len(), "{point}");
        nothing_is_lost(&ledger(SqliteBooks::open(&place).unwrap()), &answered, &point).await;
    }
    assert!(died * 4 > deaths(24) * 3, "only {died} died");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_at_any_point_loses_nothing_that_postgresql_was_asked_to_keep() {
    let server = Postgres::shared();
    let mut died = 0;
    for number in 0..deaths(9) {
        let url = clone(&server).await;
        let point = format!("{}:{}", POINTS[number % 3], 1 + number / 3 % 10);
        let (ended_well, answered) = child(&url, &point, &[]);
        died += usize::from(!ended_well);
        nothing_is_lost(&open(&url).await, &answered, &point).await;
    }
    assert!(died * 4 > deaths(9) * 3, "only {died} died");
}
