//! The same life, told in other ways, has the same end.

use crate::{
    lives::{
        ACCOUNTS, Answer, Picture, Request, account, ask, by_the_rules, in_turns, life_together,
        lives, lives_by_account, organisation, told,
    },
    postgres::Postgres,
    stage::{Stage, terms},
};
use d1_billing::{Applied, Command, Key, MemoryBooks, Open, Operation};
use futures_util::future::join_all;
use proptest::{collection, prelude::*, sample::Index, test_runner::TestRunner};
use std::fmt::Debug;

/// Where a law is tried.
#[derive(Clone, Copy)]
pub(crate) enum Store {
    Memory,
    Sqlite,
    Postgres,
}

impl Store {
    fn cases(self) -> u32 {
        match self {
            Self::Memory => 200,
            Self::Sqlite => 12,
            Self::Postgres => 5,
        }
    }

    async fn stage(self) -> Stage {
        match self {
            Self::Memory => Stage::memory(),
            Self::Sqlite => Stage::sqlite(),
            Self::Postgres => Stage::postgres().await,
        }
    }
}

/// Tries a law on a store, with whatever `of` makes.
pub(crate) fn holds<T: Debug>(
    store: Store,
    of: impl Strategy<Value = T>,
    law: impl AsyncFn(T, Stage),
) {
    let server = matches!(store, Store::Postgres).then(Postgres::shared);
    // One thread: what is asked at once is asked in its order.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = store.cases();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let tried = TestRunner::new(config).run(&of, |life| {
        runtime.block_on(async { law(life, store.stage().await).await });
        Ok(())
    });
    tried.unwrap();
    drop(server);
}

/// What is answered and what the books are in the end, when all is told in memory, in order.
async fn plainly(requests: &[Request]) -> (Vec<Answer>, Picture) {
    let books = MemoryBooks::default();
    let answers = told(&books, requests).await;
    (answers, Picture::of(&books).await)
}

async fn every_store_answers_the_same(requests: Vec<Request>, stage: Stage) {
    let (answers, end) = plainly(&requests).await;
    assert_eq!(told(&*stage.books, &requests).await, answers);
    assert_eq!(Picture::of(&*stage.books).await, end);
}

#[test]
fn a_life_in_sqlite_is_answered_as_in_memory() {
    holds(Store::Sqlite, life_together(), every_store_answers_the_same);
}

#[test]
fn a_life_in_postgresql_is_answered_as_in_memory() {
    holds(Store::Postgres, life_together(), every_store_answers_the_same);
}

type Turns = (Vec<Vec<Request>>, Vec<usize>);

fn turns() -> impl Strategy<Value = Turns> {
    (lives(), collection::vec(0..usize::from(ACCOUNTS), 40))
}

/// Accounts that have nothing to do with each other do not notice each other.
async fn the_order_of_strangers_does_not_matter((lives, turns): Turns, stage: Stage) {
    let (_answers, end) = plainly(&lives.concat()).await;
    told(&*stage.books, &in_turns(lives, &turns)).await;
    assert_eq!(Picture::of(&*stage.books).await, end);
}

#[test]
fn strangers_may_come_in_any_order_in_memory() {
    holds(Store::Memory, turns(), the_order_of_strangers_does_not_matter);
}

#[test]
fn strangers_may_come_in_any_order_in_sqlite() {
    holds(Store::Sqlite, turns(), the_order_of_strangers_does_not_matter);
}

#[test]
fn strangers_may_come_in_any_order_in_postgresql() {
    holds(Store::Postgres, turns(), the_order_of_strangers_does_not_matter);
}

type Echoes = (Vec<Request>, Vec<Vec<Index>>);

fn echoes() -> impl Strategy<Value = Echoes> {
    let echoes = collection::vec(collection::vec(any::<Index>(), 0..3), 50);
    (life_together(), echoes)
}

/// What was done may be asked again at any time, and what was refused at once.
async fn asking_again_changes_nothing((requests, echoes): Echoes, stage: Stage) {
    let (answers, end) = plainly(&requests).await;
    for (place, request) in requests.iter().enumerate() {
        assert_eq!(ask(&*stage.books, request).await, answers[place]);
        for echo in &echoes[place] {
            let again = echo.index(place + 1);
            let expected = match &answers[again] {
                Ok(done) => Ok(Applied::Replayed(done.clone().into_inner())),
                Err(_refused) if again < place => continue,
                Err(refused) => Err(refused.clone()),
            };
            assert_eq!(ask(&*stage.books, &requests[again]).await, expected);
        }
    }
    assert_eq!(Picture::of(&*stage.books).await, end);
}

#[test]
fn any_requests_may_come_again_in_memory() {
    holds(Store::Memory, echoes(), asking_again_changes_nothing);
}

#[test]
fn any_requests_may_come_again_in_sqlite() {
    holds(Store::Sqlite, echoes(), asking_again_changes_nothing);
}

#[test]
fn any_requests_may_come_again_in_postgresql() {
    holds(Store::Postgres, echoes(), asking_again_changes_nothing);
}

/// Puts what follows on each other at one time, so that it can be told at once.
fn in_crowds(mut requests: Vec<Request>, sizes: &[usize]) -> Vec<Vec<Request>> {
    let mut crowds = vec![];
    for size in sizes.iter().cycle() {
        if requests.is_empty() {
            break;
        }
        let rest = requests.split_off((*size).min(requests.len()));
        let mut crowd = std::mem::replace(&mut requests, rest);
        let at = crowd[0].at;
        crowd.iter_mut().for_each(|request| request.at = at);
        crowds.push(crowd);
    }
    crowds
}

async fn a_crowd_is_as_good_as_a_queue(crowds: Vec<Vec<Request>>, stage: Stage) {
    let (answers, end) = plainly(&crowds.concat()).await;
    let mut heard = vec![];
    for crowd in crowds {
        let asked = crowd.iter().map(|one| stage.books.apply(one.command.clone(), one.at));
        heard.extend(join_all(asked).await.into_iter().map(by_the_rules));
    }
    assert_eq!(heard, answers);
    assert_eq!(Picture::of(&*stage.books).await, end);
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    collection::vec(1..12_usize, 1..6)
}

#[test]
fn what_is_asked_at_once_is_done_in_order_in_sqlite() {
    let crowds =
        (life_together(), sizes()).prop_map(|(requests, sizes)| in_crowds(requests, &sizes));
    holds(Store::Sqlite, crowds, a_crowd_is_as_good_as_a_queue);
}

/// By account: others may be overtaken.
#[test]
fn what_is_asked_at_once_about_an_account_is_done_in_order_in_postgresql() {
    let turns = collection::vec(0..usize::from(ACCOUNTS), 40);
    let crowds = (lives_by_account(), turns, sizes())
        .prop_map(|(lives, turns, sizes)| in_crowds(in_turns(lives, &turns), &sizes));
    holds(Store::Postgres, crowds, a_crowd_is_as_good_as_a_queue);
}

type Sides = (Vec<Request>, Vec<bool>);

/// A life in which accounts leave their organisation and come back, and who is asked each time.
fn sides() -> impl Strategy<Value = Sides> {
    let moves = collection::vec((0..ACCOUNTS, any::<bool>(), any::<Index>()), 0..6);
    let sides = collection::vec(any::<bool>(), 60);
    (life_together(), moves, sides).prop_map(|(mut requests, moves, sides)| {
        for (number, (who, back, place)) in moves.into_iter().enumerate() {
            let organisation = back.then(organisation);
            let operation = Operation::Open(Open { organisation, ..terms(account(who)) });
            let key = Key::of(&["move", &number.to_string()]);
            let place = place.index(requests.len() - 1) + 1;
            let at = requests[place].at;
            requests.insert(place, Request { at, command: Command { key, operation } });
        }
        (requests, sides)
    })
}

/// What one process remembers is never older than what another has written.
async fn two_processes_are_as_good_as_one((requests, sides): Sides, stage: Stage) {
    let (answers, end) = plainly(&requests).await;
    let both = [stage.books.clone(), stage.opened_again().await];
    for ((request, side), answer) in requests.iter().zip(sides).zip(answers) {
        assert_eq!(ask(&*both[usize::from(side)], request).await, answer, "{request:?}");
    }
    for books in both {
        assert_eq!(Picture::of(&*books).await, end);
    }
}

#[test]
fn two_processes_are_as_good_as_one_in_sqlite() {
    holds(Store::Sqlite, sides(), two_processes_are_as_good_as_one);
}

#[test]
fn two_processes_are_as_good_as_one_in_postgresql() {
    holds(Store::Postgres, sides(), two_processes_are_as_good_as_one);
}
