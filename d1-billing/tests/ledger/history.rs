//! The history alone says how everything stands, and says so on any pages.

use crate::{
    laws::{Store, holds},
    lives::{END, Picture, Request, account, life_together, organisation, told},
    stage::Stage,
};
use d1_billing::{
    Balance, BookStore, Command, EntryKind, HoldReceipt, HoldState, Key, Line, LotId, Operation,
};
use d1_core::{AccountId, Amount, HoldId};
use proptest::{collection, prelude::*};
use std::collections::BTreeMap;

/// What the lines of one account add up to.
#[derive(Debug, Default, PartialEq)]
struct Replayed {
    posted: u64,
    /// What each hold was charged, and given back of that.
    holds: BTreeMap<HoldId, [u64; 2]>,
    /// What each lot was given, and lost of it to time.
    lots: BTreeMap<LotId, [u64; 2]>,
}

impl Replayed {
    fn of(lines: &[Line]) -> Self {
        let mut replayed = Self::default();
        for (number, line) in (1..).zip(lines) {
            assert_eq!((line.seq, line.before.as_micro()), (number, replayed.posted));
            replayed.add(line);
            assert_eq!(line.after.as_micro(), replayed.posted);
        }
        replayed
    }

    fn add(&mut self, line: &Line) {
        let amount = line.amount.as_micro();
        match line.kind {
            EntryKind::Opened => {}
            EntryKind::Granted | EntryKind::Refunded => self.posted += amount,
            EntryKind::Charged | EntryKind::Lapsed => self.posted -= amount,
        }
        let last = usize::from(matches!(line.kind, EntryKind::Refunded | EntryKind::Lapsed));
        if let Some(hold) = line.hold {
            self.holds.entry(hold).or_default()[last] += amount;
        }
        if let Some(lot) = line.lot {
            self.lots.entry(lot).or_default()[last] += amount;
        }
    }
}

/// Lets time run out for everybody, so that all of it is in the history.
async fn swept(books: &dyn BookStore) {
    let everybody = (0..crate::lives::ACCOUNTS).map(account).chain([organisation()]);
    for account in everybody {
        let key = Key::of(&["end", &account.to_string()]);
        let command = Command { key, operation: Operation::Sweep { account } };
        told(books, &[Request { at: END, command }]).await;
    }
}

async fn history_alone_tells_how_all_stands(requests: Vec<Request>, stage: Stage) {
    told(&*stage.books, &requests).await;
    swept(&*stage.books).await;
    let Picture { accounts, holds, .. } = Picture::of(&*stage.books).await;
    let receipts: Vec<HoldReceipt> = holds.into_iter().flatten().collect();
    for (id, balance, lots, lines) in accounts {
        let replayed = Replayed::of(&lines);
        let mine = || receipts.iter().filter(|receipt| receipt.account == id);
        let held: u64 = mine()
            .filter(|receipt| receipt.state == HoldState::Open)
            .map(|receipt| receipt.amount.as_micro())
            .sum();
        let Balance { posted, held: said, available, .. } = balance;
        assert_eq!([posted, said].map(Amount::as_micro), [replayed.posted, held]);
        assert_eq!(available.as_micro(), replayed.posted - held);
        let charged: BTreeMap<_, _> = mine()
            .filter(|receipt| !receipt.charged.is_zero())
            .map(|one| (one.hold, [one.charged, one.refunded].map(Amount::as_micro)))
            .collect();
        assert_eq!(charged, replayed.holds);
        for lot in lots {
            let parts = [lot.amount, lot.lapsed].map(Amount::as_micro);
            assert_eq!(replayed.lots.get(&lot.id), Some(&parts));
        }
    }
}

#[test]
fn history_alone_tells_how_all_stands_in_memory() {
    holds(Store::Memory, life_together(), history_alone_tells_how_all_stands);
}

#[test]
fn history_alone_tells_how_all_stands_in_sqlite() {
    holds(Store::Sqlite, life_together(), history_alone_tells_how_all_stands);
}

#[test]
fn history_alone_tells_how_all_stands_in_postgresql() {
    holds(Store::Postgres, life_together(), history_alone_tells_how_all_stands);
}

type Pages = (Vec<Request>, Vec<usize>);

fn pages() -> impl Strategy<Value = Pages> {
    (life_together(), collection::vec(1..6_usize, 1..5))
}

async fn any_pages_make_one_statement((requests, sizes): Pages, stage: Stage) {
    told(&*stage.books, &requests).await;
    for number in 0..crate::lives::ACCOUNTS {
        let (books, account) = (&*stage.books, account(number));
        let all = books.statement(account, 0, usize::MAX).await.unwrap();
        let (mut lines, mut closing) = (vec![], Amount::ZERO);
        let mut sizes = sizes.iter().cycle();
        while lines.len() < all.lines.len() {
            let size = *sizes.next().unwrap();
            let page = books.statement(account, lines.len() as u64, size).await.unwrap();
            assert_eq!(page.lines.len(), size.min(all.lines.len() - lines.len()));
            assert_eq!(page.opening, closing);
            closing = page.closing;
            lines.extend(page.lines);
        }
        assert_eq!((&lines, closing), (&all.lines, all.closing));
        nothing_follows(books, account, lines.len() as u64, closing).await;
    }
}

/// After the last line, and however far after it, there is an empty page.
async fn nothing_follows(books: &dyn BookStore, account: AccountId, last: u64, closing: Amount) {
    for after in [last, last + 1, i64::MAX as u64 - 1, i64::MAX as u64, u64::MAX] {
        let page = books.statement(account, after, 3).await.unwrap();
        assert_eq!((page.lines.len(), page.opening, page.closing), (0, closing, closing));
    }
}

#[test]
fn any_pages_make_one_statement_in_memory() {
    holds(Store::Memory, pages(), any_pages_make_one_statement);
}

#[test]
fn any_pages_make_one_statement_in_sqlite() {
    holds(Store::Sqlite, pages(), any_pages_make_one_statement);
}

#[test]
fn any_pages_make_one_statement_in_postgresql() {
    holds(Store::Postgres, pages(), any_pages_make_one_statement);
}
