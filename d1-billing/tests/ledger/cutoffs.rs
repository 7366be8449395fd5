//! A PostgreSQL server that is cut off under the load of many, as `pg_ctl stop -m immediate`
//! does: what it had answered is there when it comes back, and the rest can be said again.

use crate::{
    crashes::deaths,
    postgres::Postgres,
    stage::{NOON, paid, terms},
};
use d1_billing::{
    Applied, BillingError, BookStore, Command, Key, NewHold, Operation, PostgresBooks, Reply,
};
use d1_core::{AccountId, Amount, HoldId, Supervisor, Timestamp};
use futures_util::future::join_all;
use std::sync::Arc;
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::JoinSet,
};

/// How many times each holds and pays.
const PAIRS: u8 = 4;
/// How often something is said to a server that is there.
const PATIENCE: usize = 10;
/// How many answers later each next cut comes.
const STRIDE: usize = 1_097;
/// What each account is given, and what is paid each time, in credits.
const GIVEN: u64 = 100_000;
const PAID: u64 = 2;

/// How many ask at once, and from how many accounts they pay.
#[derive(Clone, Copy)]
struct Crowd {
    clients: u16,
    accounts: u16,
}

/// One time that the server is cut off. Everything in it has names of its own.
#[derive(Clone, Copy)]
struct Round(u32, Crowd);

/// Who says it, and its place among all that they say.
type Said = (u16, u8);

impl Round {
    fn bytes(self, kind: u16, number: u8) -> [u8; 16] {
        let ([a, b, c, d], [e, f]) = (self.0.to_be_bytes(), kind.to_be_bytes());
        [a, b, c, d, e, f, number, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    }

    /// Who pays for a client.
    fn account(self, client: u16) -> AccountId {
        AccountId::from_bytes(self.bytes(client % self.1.accounts, u8::MAX))
    }

    fn accounts(self) -> impl Iterator<Item = AccountId> {
        (0..self.1.accounts).map(move |number| self.account(number))
    }

    /// A hold, and then its charge.
    fn command(self, (client, place): Said) -> Command {
        let hold = HoldId::from_bytes(self.bytes(client, place / 2));
        let operation = if place.is_multiple_of(2) {
            Operation::Hold(NewHold::new(hold, self.account(client), Amount::credits(3)))
        } else {
            Operation::Capture { hold, charge: Amount::credits(PAID) }
        };
        let words = [self.0, client.into(), place.into()].map(|word| word.to_string());
        Command { key: Key::of(&words.each_ref().map(String::as_str)), operation }
    }

    /// Says it until it is answered, as whoever pays does.
    async fn insist(books: &PostgresBooks, command: &Command) -> Applied<Reply> {
        for _ in 0..PATIENCE {
            match books.apply(command.clone(), Timestamp(NOON)).await {
                Ok(answer) => return answer,
                // Its connection was from before.
                Err(BillingError::Unavailable { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("the server is back, and {command:?} is not answered");
    }

    async fn begin(self, books: &PostgresBooks) {
        for account in self.accounts() {
            for operation in
                [Operation::Open(terms(account)), Operation::Grant(paid(account, GIVEN))]
            {
                let command = Command { key: Key::generate(), operation };
                Self::insist(books, &command).await;
            }
        }
    }

    /// Says all that a client has to say, until the server is gone.
    async fn work(self, books: Arc<PostgresBooks>, client: u16, tell: UnboundedSender<Said>) {
        for said in (0..PAIRS * 2).map(|place| (client, place)) {
            match books.apply(self.command(said), Timestamp(NOON)).await {
                Ok(_) => tell.send(said).unwrap(),
                Err(BillingError::Unavailable { .. }) => return,
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    /// Lets everybody work, cuts the server off after so many answers and starts it again, and
    /// tells what was answered in all.
    async fn cut_off(
        self,
        books: &Arc<PostgresBooks>,
        server: &Postgres,
        after: usize,
    ) -> Vec<Said> {
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut clients = JoinSet::new();
        for client in 0..self.1.clients {
            clients.spawn(self.work(books.clone(), client, tell.clone()));
        }
        drop(tell);
        let mut answered = vec![];
        while answered.len() < after {
            answered.push(told.recv().await.expect("it works until it is cut off"));
        }
        server.stop_at_once();
        server.run();
        while let Some(said) = told.recv().await {
            answered.push(said);
        }
        clients.join_all().await;
        answered
    }

    /// What was answered is there, and all said again is done once.
    async fn nothing_is_lost(self, books: &PostgresBooks, answered: &[Said]) {
        self.is_right(books).await;
        for place in 0..PAIRS * 2 {
            let all = (0..self.1.clients).map(async |client| {
                let said = (client, place);
                let again = Self::insist(books, &self.command(said)).await;
                let is_there = matches!(again, Applied::Replayed(_));
                assert!(is_there || !answered.contains(&said), "{} forgot {said:?}", self.0);
            });
            join_all(all).await;
        }
        self.is_right(books).await;
        let left = GIVEN - PAID * u64::from(PAIRS) * u64::from(self.1.clients / self.1.accounts);
        for account in self.accounts() {
            let balance = books.balance(account, Timestamp(NOON)).await.unwrap();
            let stands = [balance.posted, balance.held];
            assert_eq!(stands, [Amount::credits(left), Amount::ZERO], "{}", self.0);
        }
    }

    async fn is_right(self, books: &PostgresBooks) {
        for account in self.accounts() {
            assert_eq!(books.verify(account).await.unwrap(), None, "{}", self.0);
        }
    }
}

/// Cuts a server off under the load of a crowd, again and again.
async fn cut_off_under(crowd: Crowd, rounds: usize) {
    // With every promise to the disk in force, and alone: others must not lose their server.
    // Before it starts again it syncs its disk at once, and not file by file.
    let server = Postgres::start(&["recovery_init_sync_method=syncfs"]);
    assert!(server.client("createdb").arg("ledger").status().unwrap().success());
    let supervisor = Supervisor::default();
    let opened = PostgresBooks::open(&server.url("ledger"), &supervisor).await;
    let books = Arc::new(opened.unwrap());
    let all = usize::from(crowd.clients) * usize::from(PAIRS) * 2;
    let mut unanswered = 0;
    for number in 0..rounds {
        let round = Round(u32::try_from(number).unwrap(), crowd);
        round.begin(&books).await;
        // Not the same moment each time, from the first words to the last but a few.
        let after = number * STRIDE % (all - usize::from(crowd.clients));
        let answered = round.cut_off(&books, &server, after).await;
        unanswered += all - answered.len();
        round.nothing_is_lost(&books, &answered).await;
    }
    assert!(unanswered > 0, "it was never cut off in the middle of anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_cut_off_under_load_loses_nothing_it_has_answered() {
    cut_off_under(Crowd { clients: 32, accounts: 4 }, deaths(3)).await;
}

/// Then batches are decided on what others on their way will leave behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_cut_off_under_a_crowd_of_one_account_loses_nothing_it_has_answered() {
    cut_off_under(Crowd { clients: 1_024, accounts: 1 }, deaths(3)).await;
}
