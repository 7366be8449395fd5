//! Lives: what may be asked of the books, at which times, in which order; and a picture of
//! what comes of it.
//!
//! Names and keys are the same in each telling of a life, so that pictures can be compared.

use crate::stage::{DAY, NOON};
use d1_billing::{
    Applied, Balance, BillingError, BookStore, CapScope, Command, Event, Grant, HoldReceipt, Key,
    Line, Lot, NewHold, NewQuote, Open, Operation, QuoteId, Refusal, Reply, Source,
};
use d1_core::{AccountId, Amount, DeviceId, HoldId, Timestamp};
use proptest::{collection, option, prelude::*, sample::select};

/// How many accounts live.
pub(crate) const ACCOUNTS: u8 = 3;
/// How many holds and quotes an account may name.
const NAMES: u8 = 5;
/// How many requests an account makes at most.
const REQUESTS: usize = 14;
/// When all is over.
pub(crate) const END: Timestamp = Timestamp(NOON + 12 * STEP);
/// Between two moments of a life; midnight is one of them.
const STEP: u64 = DAY / 8;

/// Something that is asked, and when.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) at: Timestamp,
    pub(crate) command: Command,
}

/// What came of a request: nothing but a rule may be against it.
pub(crate) type Answer = Result<Applied<Reply>, Refusal>;

pub(crate) fn account(number: u8) -> AccountId {
    AccountId::from_bytes([number + 1; 16])
}

/// The organisation of all accounts, where they have one.
pub(crate) fn organisation() -> AccountId {
    AccountId::from_bytes([0xee; 16])
}

fn hold(of: u8, number: u8) -> HoldId {
    HoldId::from_bytes([0x40 + 0x10 * of + number; 16])
}

fn quote(of: u8, number: u8) -> QuoteId {
    QuoteId::from_bytes([0x80 + 0x10 * of + number; 16])
}

fn amount() -> impl Strategy<Value = Amount> {
    (0..12_u64).prop_map(Amount::micro)
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0..10_u64).prop_map(|step| Timestamp(NOON + step * STEP))
}

fn grant(of: u8) -> impl Strategy<Value = Grant> {
    let source = select(vec![Source::Gift, Source::Paid]);
    (amount(), 0..3_u8, source, 0..3_u64, option::of(moment())).prop_map(
        move |(amount, priority, source, from, until)| {
            let from = Timestamp(NOON + from * STEP);
            Grant { account: account(of), amount, priority, source, from, until }
        },
    )
}

fn new_hold(of: u8) -> impl Strategy<Value = NewHold> {
    let device = option::of((1..3_u8).prop_map(|number| DeviceId::from_bytes([number; 16])));
    let quote = option::weighted(0.2, (0..NAMES).prop_map(move |number| quote(of, number)));
    let task = option::of(select(vec!["one", "two"]));
    (0..NAMES, amount(), task, device, quote, option::of(moment())).prop_map(
        move |(number, amount, task, device, quote, until)| NewHold {
            task: task.map(str::to_owned),
            device,
            quote,
            until,
            ..NewHold::new(hold(of, number), account(of), amount)
        },
    )
}

fn new_quote(of: u8) -> impl Strategy<Value = NewQuote> {
    (0..NAMES, amount(), moment()).prop_map(move |(number, most, until)| NewQuote {
        id: quote(of, number),
        account: account(of),
        price_list: "1".to_owned(),
        most,
        until,
    })
}

/// What is asked by name of the account.
fn of_account(of: u8) -> impl Strategy<Value = Operation> {
    let account = account(of);
    let scopes = [CapScope::Task, CapScope::Device, CapScope::Day, CapScope::Account];
    let frozen = prop_oneof![1 => Just(true), 3 => Just(false)];
    prop_oneof![
        4 => grant(of).prop_map(Operation::Grant),
        6 => new_hold(of).prop_map(Operation::Hold),
        2 => new_hold(of).prop_map(Operation::Charge),
        1 => new_quote(of).prop_map(Operation::Quote),
        1 => (select(scopes.to_vec()), option::of(amount()))
            .prop_map(move |(scope, most)| Operation::SetCap { account, scope, most }),
        1 => frozen.prop_map(move |frozen| Operation::Freeze { account, frozen }),
        1 => Just(Operation::Sweep { account }),
    ]
}

/// What is asked by name of a hold.
fn of_hold(of: u8) -> impl Strategy<Value = Operation> {
    let hold = || (0..NAMES).prop_map(move |number| hold(of, number));
    prop_oneof![
        1 => (hold(), amount(), option::of(moment()))
            .prop_map(|(hold, more, until)| Operation::Extend { hold, more, until }),
        3 => (hold(), amount()).prop_map(|(hold, charge)| Operation::Capture { hold, charge }),
        2 => (hold(), amount()).prop_map(|(hold, amount)| Operation::Refund { hold, amount }),
    ]
}

/// The requests about one account, each under its key; the clock may go back.
fn numbered(of: u8, asked: Vec<(Timestamp, Operation)>) -> Vec<Request> {
    let open = Open { account: account(of), organisation: None, low_mark: Amount::micro(5) };
    let all = [(Timestamp(NOON), Operation::Open(open))].into_iter().chain(asked);
    all.enumerate()
        .map(|(number, (at, operation))| {
            let key = Key::of(&["life", &of.to_string(), &number.to_string()]);
            Request { at, command: Command { key, operation } }
        })
        .collect()
}

/// The life of one account.
fn life_of(of: u8) -> impl Strategy<Value = Vec<Request>> {
    let asked = (moment(), prop_oneof![2 => of_account(of), 1 => of_hold(of)]);
    collection::vec(asked, 1..REQUESTS).prop_map(move |asked| numbered(of, asked))
}

/// The lives of all accounts, none of which has to do with another.
pub(crate) fn lives() -> impl Strategy<Value = Vec<Vec<Request>>> {
    (0..ACCOUNTS).map(life_of).collect::<Vec<_>>()
}

/// The lives of all accounts, of which nothing is asked by name of a hold.
pub(crate) fn lives_by_account() -> impl Strategy<Value = Vec<Vec<Request>>> {
    let life = |of| {
        let asked = collection::vec((moment(), of_account(of)), 1..REQUESTS);
        asked.prop_map(move |asked| numbered(of, asked))
    };
    (0..ACCOUNTS).map(life).collect::<Vec<_>>()
}

/// One life in which accounts share the cap of their organisation.
pub(crate) fn life_together() -> impl Strategy<Value = Vec<Request>> {
    let turns = collection::vec(0..usize::from(ACCOUNTS), 3 * REQUESTS);
    (lives(), turns, amount()).prop_map(|(lives, turns, most)| {
        let organisation = organisation();
        let (scope, most) = (CapScope::Organisation, Some(most));
        let first = |number: &str, operation| Request {
            at: Timestamp(NOON),
            command: Command { key: Key::of(&["together", number]), operation },
        };
        let open = Open { account: organisation, organisation: None, low_mark: Amount::ZERO };
        let mut all = vec![
            first("0", Operation::Open(open)),
            first("1", Operation::SetCap { account: organisation, scope, most }),
        ];
        all.extend(in_turns(lives, &turns).into_iter().map(|mut request| {
            if let Operation::Open(open) = &mut request.command.operation {
                open.organisation = Some(organisation);
            }
            request
        }));
        all
    })
}

/// All lives in one: whose turn it is asks next, and in the end whoever has something left.
pub(crate) fn in_turns(lives: Vec<Vec<Request>>, turns: &[usize]) -> Vec<Request> {
    let mut lives: Vec<_> = lives.into_iter().map(Vec::into_iter).collect();
    let mut all: Vec<Request> =
        turns.iter().filter_map(|turn| lives.get_mut(*turn).and_then(Iterator::next)).collect();
    all.extend(lives.into_iter().flatten());
    all
}

/// Asks, and demands an answer by the rules.
pub(crate) async fn ask(books: &dyn BookStore, request: &Request) -> Answer {
    by_the_rules(books.apply(request.command.clone(), request.at).await)
}

pub(crate) fn by_the_rules(answer: Result<Applied<Reply>, BillingError>) -> Answer {
    match answer {
        Ok(done) => Ok(done),
        Err(BillingError::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other:?}"),
    }
}

/// Asks one after the other.
pub(crate) async fn told(books: &dyn BookStore, requests: &[Request]) -> Vec<Answer> {
    let mut answers = vec![];
    for request in requests {
        answers.push(ask(books, request).await);
    }
    answers
}

/// How the books stand in the end: everything that can be asked of them.
#[derive(Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) accounts: Vec<(AccountId, Balance, Vec<Lot>, Vec<Line>)>,
    pub(crate) holds: Vec<Option<HoldReceipt>>,
    news: Vec<Event>,
}

impl Picture {
    pub(crate) async fn of(books: &dyn BookStore) -> Self {
        Self::at(books, END).await
    }

    pub(crate) async fn at(books: &dyn BookStore, now: Timestamp) -> Self {
        let ids = books.accounts(None, usize::MAX).await.unwrap();
        let (mut accounts, mut holds) = (vec![], vec![]);
        for id in ids {
            assert_eq!(books.verify(id).await.unwrap(), None);
            let lines = books.statement(id, 0, usize::MAX).await.unwrap().lines;
            let lots = books.lots(id, now).await.unwrap();
            accounts.push((id, books.balance(id, now).await.unwrap(), lots, lines));
        }
        for of in 0..ACCOUNTS {
            for number in 0..NAMES {
                holds.push(books.hold(hold(of, number), now).await.unwrap());
            }
        }
        Self { accounts, holds, news: books.news(usize::MAX).await.unwrap() }
    }
}
