//! What money costs: the ledger beside `pgbench` on the same server, and beside itself.
//!
//! Each round lets everybody have a turn; what is told is the median of the ratios, each of
//! one round. A piece of work is a hold and the charge that ends it: two commands, each with
//! its key, its day's cap, its lots and its line of history, and each on the disk before it is
//! answered.
//!
//! Promises, for PostgreSQL: commands on many accounts at least 0.85 times `pgbench -N`, both
//! with 32 clients; on one account at least 6 times, and at least 15 times what they are
//! without batches; one sync for at least 200 commands when 1,024 clients wait; refusals at
//! least 10 times as many as pieces of work let in. For SQLite: 256 clients at least 60 times
//! one, on a disk on which a flush takes 4 ms. What share of a command is the flush depends on
//! the disk, and so does the ratio; it is told for the disk that is here, too, which may be
//! quicker than that.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a benchmark")]

use d1_billing::{
    BillingError, BookStore, CapScope, Grant, Key, Ledger, NewHold, Open, Operation, PostgresBooks,
    Refusal, Source, SqliteBooks,
};
use d1_core::{AccountId, Amount, HoldId, Supervisor, SystemClock, Timestamp};
use d1_world::Postgres;
use std::{
    collections::BTreeMap,
    fs::File,
    io::Write as _,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Who pays, when many do.
const ACCOUNTS: usize = 10_000;
/// As many as `pgbench` has.
const CLIENTS: usize = 32;
/// As many as wait for one busy account.
const CROWD: usize = 1024;
/// The batch that SQLite is asked for.
const BATCH: usize = 256;
/// What a flush takes longer on the slow disk. Those that were measured did 150 to 600 in a second.
const FLUSH: Duration = Duration::from_millis(4);
/// Says so to the library that makes it slower, in microseconds.
const SLOWER: &str = "FLUSH_MICROS";
/// How many flushes are timed.
const FLUSHES: u32 = 100;
/// Turns of each; the first is not counted.
const ROUNDS: usize = 6;
/// How long a turn is.
const TURN: Duration = Duration::from_secs(2);
/// How long the syncs are counted. The server tells them once a second.
const COUNTED: Duration = Duration::from_secs(10);
/// What an account is given: enough for every turn.
const GIVEN: Amount = Amount::credits(1_000_000);

/// What somebody did in each of their turns: so much in a second.
#[derive(Default)]
struct Board(BTreeMap<&'static str, Vec<f64>>);

impl Board {
    fn note(&mut self, name: &'static str, rate: f64) {
        self.0.entry(name).or_default().push(rate);
    }

    /// The turns that count.
    fn of(&self, name: &str) -> &[f64] {
        &self.0[name][1..]
    }

    fn report(&self) {
        println!("  {:<52} {:>10} {:>10} {:>10}", "each second", "median", "worst", "best");
        for name in self.0.keys() {
            let mut turns = self.of(name).to_vec();
            turns.sort_by(f64::total_cmp);
            let (worst, best) = (turns[0], turns[turns.len() - 1]);
            println!("  {name:<52} {:>10.0} {worst:>10.0} {best:>10.0}", turns[turns.len() / 2]);
        }
        println!();
    }

    fn ratio(&self, ours: &str, theirs: &str) -> f64 {
        let pairs = self.of(ours).iter().zip(self.of(theirs));
        let mut ratios: Vec<f64> = pairs.map(|(ours, theirs)| ours / theirs).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    }

    fn verdict(&self, [ours, theirs]: [&str; 2], promise: f64) {
        verdict(&format!("{ours} to {theirs}"), self.ratio(ours, theirs), promise);
    }
}

fn verdict(what: &str, ratio: f64, promise: f64) {
    let word = if ratio >= promise { "kept" } else { "NOT KEPT" };
    println!("  {what}: {ratio:.2} (promise at least {promise}): {word}");
}

/// A ledger in these books.
fn ledger(books: impl BookStore + 'static) -> Ledger {
    Ledger::new(Arc::new(books), Arc::new(SystemClock::new()))
}

fn account(number: usize) -> AccountId {
    AccountId::from_bytes((number as u128).to_be_bytes())
}

/// Opens the accounts, gives them credits, and caps their days.
async fn fill(ledger: &Ledger) {
    let mut filling = JoinSet::new();
    for lane in 0..CROWD {
        let ledger = ledger.clone();
        filling.spawn(async move {
            for number in (lane..=ACCOUNTS).step_by(CROWD) {
                let (account, scope) = (account(number), CapScope::Day);
                let open = Open { account, organisation: None, low_mark: Amount::credits(1) };
                let (priority, source, from, until) = (100, Source::Paid, Timestamp(0), None);
                let grant = Grant { account, amount: GIVEN, priority, source, from, until };
                let most = Some(GIVEN);
                let cap = Operation::SetCap { account, scope, most };
                for operation in [Operation::Open(open), Operation::Grant(grant), cap] {
                    ledger.apply(Key::generate(), operation).await.unwrap();
                }
            }
        });
    }
    filling.join_all().await;
}

/// One piece of work: a hold and a charge.
async fn work(ledger: Ledger, account: AccountId) -> usize {
    let hold = NewHold::new(HoldId::generate(), account, Amount::micro(2));
    let id = hold.id;
    ledger.hold(Key::generate(), hold).await.unwrap();
    ledger.capture(Key::generate(), id, Amount::micro(1)).await.unwrap();
    2
}

/// A hold of more than anybody has.
async fn refused(ledger: Ledger, account: AccountId) -> usize {
    let hold = NewHold::new(HoldId::generate(), account, Amount::credits(2_000_000));
    match ledger.hold(Key::generate(), hold).await {
        Err(BillingError::Refused(Refusal::CapReached { .. } | Refusal::Insufficient { .. })) => 1,
        other => panic!("it was not refused: {other:?}"),
    }
}

/// One turn of so many clients, each with its own ledger or all with the same; how many
/// commands were answered in a second.
async fn turn<F: Future<Output = usize> + Send + 'static>(
    ledgers: &[Ledger],
    clients: usize,
    accounts: usize,
    job: impl Fn(Ledger, AccountId) -> F + Clone + Send + Sync + 'static,
) -> f64 {
    let began = Instant::now();
    let mut crowd = JoinSet::new();
    for client in 0..clients {
        let (ledger, job) = (ledgers[client % ledgers.len()].clone(), job.clone());
        crowd.spawn(async move {
            let (mut done, mut at) = (0, client);
            while began.elapsed() < TURN {
                // Steps that have no factor in common with the accounts meet all of them.
                at = (at + 7_919) % accounts;
                done += job(ledger.clone(), account(at)).await;
            }
            done
        });
    }
    let done: usize = crowd.join_all().await.into_iter().sum();
    done as f64 / began.elapsed().as_secs_f64()
}

/// What `pgbench` does in a second with a simple update: three statements and a commit.
async fn pgbench(server: &Arc<Postgres>) -> f64 {
    let server = Arc::clone(server);
    let (clients, seconds) = (CLIENTS.to_string(), TURN.as_secs().to_string());
    let run = move || {
        let mut peer = server.client("pgbench");
        peer.args(["-N", "-n", "-M", "prepared", "-j", "2", "-c", &clients, "-T", &seconds]);
        let ran = peer.arg("peer").output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        let told = String::from_utf8(ran.stdout).unwrap();
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = "));
        rate.unwrap().split(' ').next().unwrap().parse().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// How often the server has synced its log.
fn syncs(server: &Postgres) -> f64 {
    let ask = ["-At", "-c", "SELECT wal_sync FROM pg_stat_wal", "peer"];
    let told = server.client("psql").args(ask).output().unwrap();
    String::from_utf8(told.stdout).unwrap().trim().parse().unwrap()
}

/// How many commands share a sync while a crowd waits for one account.
async fn shared_syncs(server: &Postgres, ledger: &Ledger) -> f64 {
    // A connection tells what it did at the end of a transaction, at most once a second.
    let settle = async || {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        work(ledger.clone(), account(ACCOUNTS)).await;
    };
    settle().await;
    let (before, began, mut done) = (syncs(server), Instant::now(), 0.0);
    while began.elapsed() < COUNTED {
        let began = Instant::now();
        let rate = turn(std::slice::from_ref(ledger), CROWD, 1, work).await;
        done += rate * began.elapsed().as_secs_f64();
    }
    settle().await;
    done / (syncs(server) - before)
}

async fn postgres() {
    let server = Arc::new(Postgres::start(&["max_connections=400"]));
    let make = |args: &[&str]| {
        let made = server.client(args[0]).args(&args[1..]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    };
    make(&["createdb", "ledger"]);
    make(&["createdb", "peer"]);
    make(&["pgbench", "-i", "-q", "-s", "10", "peer"]);
    let url = server.url("ledger");
    let supervisor = Supervisor::default();
    let ours = [ledger(PostgresBooks::open(&url, &supervisor).await.unwrap())];
    fill(&ours[0]).await;
    let mut alone = Vec::new();
    for _ in 0..CLIENTS {
        alone.push(ledger(PostgresBooks::open(&url, &supervisor).await.unwrap()));
    }
    let mut board = Board::default();
    for _ in 0..ROUNDS {
        board.note("pgbench -N", pgbench(&server).await);
        let many = turn(&ours, CLIENTS, ACCOUNTS, work).await;
        board.note("commands on 10,000 accounts", many);
        board.note("pieces of work let in", many / 2.0);
        board.note("refusals", turn(&ours, CLIENTS, ACCOUNTS, refused).await);
        board.note("commands on one account", turn(&ours, CROWD, 1, work).await);
        board.note("commands on one account, unbatched", turn(&alone, CLIENTS, 1, work).await);
    }
    println!("PostgreSQL, {CLIENTS} clients; {CROWD} on the one account");
    board.report();
    board.verdict(["commands on 10,000 accounts", "pgbench -N"], 0.85);
    board.verdict(["commands on one account", "pgbench -N"], 6.0);
    board.verdict(["commands on one account", "commands on one account, unbatched"], 15.0);
    verdict("commands to a sync", shared_syncs(&server, &ours[0]).await, 200.0);
    board.verdict(["refusals", "pieces of work let in"], 10.0);
    let (accounts, difference) = ours[0].verify().await.unwrap();
    println!("  {accounts} accounts recomputed; difference: {difference:?}\n");
    assert!(supervisor.shut_down(TURN).await);
}

/// What a flush of the disk takes: of a file that has grown by a page.
fn flush(directory: &Path) -> Duration {
    let mut file = File::create(directory.join("flush")).unwrap();
    let began = Instant::now();
    for _ in 0..FLUSHES {
        file.write_all(&[1; 4096]).unwrap();
        file.sync_data().unwrap();
    }
    began.elapsed() / FLUSHES
}

/// The same in a process of which each flush takes longer by so much.
fn sqlite_on_a_slow_disk() {
    let tools = tempfile::tempdir().unwrap();
    let (source, library) = (tools.path().join("slow_disk.c"), tools.path().join("slow_disk.so"));
    std::fs::write(&source, include_str!("slow_disk.c")).unwrap();
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-o"]).args([&library, &source]);
    assert!(compile.status().unwrap().success());
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.arg("sqlite").env("LD_PRELOAD", &library).env(SLOWER, FLUSH.as_micros().to_string());
    assert!(again.status().unwrap().success());
}

async fn sqlite() {
    let slower = std::env::var(SLOWER).is_ok();
    let directory = tempfile::tempdir().unwrap();
    let ours = [ledger(SqliteBooks::open(&directory.path().join("ledger.db")).unwrap())];
    fill(&ours[0]).await;
    let mut board = Board::default();
    for _ in 0..ROUNDS {
        board.note("commands of one client", turn(&ours, 1, ACCOUNTS, work).await);
        board.note("commands of 256 clients", turn(&ours, BATCH, ACCOUNTS, work).await);
    }
    let takes = flush(directory.path());
    let disk = if slower { "a disk that was made slower" } else { "the disk that is here" };
    println!("SQLite, 10,000 accounts, on {disk}: a flush takes {takes:.1?}");
    board.report();
    let names = ["commands of 256 clients", "commands of one client"];
    if slower {
        board.verdict(names, 60.0);
    } else {
        println!("  {} to {}: {:.2}", names[0], names[1], board.ratio(names[0], names[1]));
    }
    println!();
}

/// Both, or the one that is named: `cargo bench --bench ledger -- sqlite`.
#[tokio::main]
async fn main() {
    let is_left_out = |other: &str| std::env::args().any(|arg| arg == other);
    if !is_left_out("sqlite") {
        postgres().await;
    }
    if !is_left_out("postgres") {
        sqlite().await;
        if std::env::var(SLOWER).is_err() {
            sqlite_on_a_slow_disk();
        }
    }
}
