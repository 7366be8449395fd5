//! Any life of the books, on each storage, against a model that a person can check: one
//! number for what is free, and one for each hold.

use crate::stage::{NOON, Stage, paid};
use d1_billing::{Applied, BillingError, Key, NewHold, Operation, Refusal, Reply};
use d1_core::{AccountId, Amount, HoldId, Timestamp};
use proptest::{prelude::*, test_runner::TestRunner};
use std::collections::BTreeMap;

/// What may be done; accounts and holds are told by their numbers.
#[derive(Clone, Debug)]
enum Deed {
    Grant(usize, u64),
    Hold(usize, usize, u64, Option<u64>),
    Extend(usize, u64),
    Capture(usize, u64),
    Refund(usize, u64),
    Wait(u64),
    /// Says an earlier deed again.
    Again(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let (account, hold, amount) = (0..3_usize, 0..6_usize, 0..12_u64);
    prop_oneof![
        2 => (account.clone(), amount.clone()).prop_map(|(a, n)| Deed::Grant(a, n)),
        4 => (account, hold.clone(), amount.clone(), proptest::option::of(1..8_u64))
            .prop_map(|(a, h, n, end)| Deed::Hold(a, h, n, end)),
        1 => (hold.clone(), amount.clone()).prop_map(|(h, n)| Deed::Extend(h, n)),
        3 => (hold.clone(), amount.clone()).prop_map(|(h, n)| Deed::Capture(h, n)),
        2 => (hold, amount).prop_map(|(h, n)| Deed::Refund(h, n)),
        1 => (1..5_u64).prop_map(Deed::Wait),
        2 => (0..100_usize).prop_map(Deed::Again),
    ]
}

/// What the books should say.
#[derive(Debug, Default)]
struct Model {
    now: u64,
    free: [u64; 3],
    holds: BTreeMap<usize, Held>,
}

#[derive(Debug)]
struct Held {
    account: usize,
    amount: u64,
    paid: u64,
    back: u64,
    end: Option<u64>,
    is_open: bool,
}

impl Model {
    /// Whether a deed is done.
    fn does(&mut self, deed: &Deed) -> bool {
        match *deed {
            Deed::Grant(account, amount) => {
                self.free[account] += amount;
                amount > 0
            }
            Deed::Hold(account, hold, amount, end) => {
                let fits = !self.holds.contains_key(&hold) && amount <= self.free[account];
                if fits {
                    self.free[account] -= amount;
                    let end = end.map(|end| self.now + end);
                    let held = Held { account, amount, paid: 0, back: 0, end, is_open: true };
                    self.holds.insert(hold, held);
                }
                fits
            }
            Deed::Extend(hold, more) => {
                let Some(held) = self.holds.get_mut(&hold).filter(|held| held.is_open) else {
                    return false;
                };
                let fits = more <= self.free[held.account];
                if fits {
                    self.free[held.account] -= more;
                    held.amount += more;
                }
                fits
            }
            Deed::Capture(hold, charge) => {
                let open = self.holds.get_mut(&hold).filter(|held| held.is_open);
                let Some(held) = open.filter(|held| charge <= held.amount) else { return false };
                (held.is_open, held.paid) = (false, charge);
                self.free[held.account] += held.amount - charge;
                true
            }
            Deed::Refund(hold, amount) => {
                let known = self.holds.get_mut(&hold);
                let Some(held) = known.filter(|held| amount <= held.paid - held.back) else {
                    return false;
                };
                held.back += amount;
                self.free[held.account] += amount;
                amount > 0
            }
            Deed::Wait(time) => {
                self.now += time;
                for held in self.holds.values_mut().filter(|held| held.is_open) {
                    if held.end.is_some_and(|end| end <= self.now) {
                        held.is_open = false;
                        self.free[held.account] += held.amount;
                    }
                }
                true
            }
            Deed::Again(_) => true,
        }
    }

    fn held(&self, account: usize) -> u64 {
        let open = self.holds.values().filter(|held| held.is_open && held.account == account);
        open.map(|held| held.amount).sum()
    }
}

/// The books of a life, and what was said in it.
struct Life<'a> {
    stage: &'a Stage,
    model: Model,
    accounts: [AccountId; 3],
    holds: [HoldId; 6],
    said: Vec<(Key, Operation, Option<Reply>)>,
}

impl Life<'_> {
    fn operation(&self, deed: &Deed) -> Option<Operation> {
        let amount = |micro: u64| Amount::micro(micro);
        Some(match *deed {
            Deed::Grant(account, granted) => {
                let grant = paid(self.accounts[account], 0);
                Operation::Grant(d1_billing::Grant { amount: amount(granted), ..grant })
            }
            Deed::Hold(account, hold, held, end) => {
                let new = NewHold::new(self.holds[hold], self.accounts[account], amount(held));
                let until = end.map(|end| Timestamp(NOON + self.model.now + end));
                Operation::Hold(NewHold { until, ..new })
            }
            Deed::Extend(hold, more) => {
                Operation::Extend { hold: self.holds[hold], more: amount(more), until: None }
            }
            Deed::Capture(hold, charge) => {
                Operation::Capture { hold: self.holds[hold], charge: amount(charge) }
            }
            Deed::Refund(hold, back) => {
                Operation::Refund { hold: self.holds[hold], amount: amount(back) }
            }
            Deed::Wait(_) | Deed::Again(_) => return None,
        })
    }

    async fn live(&mut self, deed: &Deed) {
        if let Deed::Again(which) = deed {
            return self.say_again(*which).await;
        }
        let operation = self.operation(deed);
        let is_done = self.model.does(deed);
        self.stage.clock.set(NOON + self.model.now);
        if let Some(operation) = operation {
            let key = Key::generate();
            let answer = self.stage.ledger.apply(key, operation.clone()).await;
            let reply = match answer {
                Ok(Applied::Fresh(reply)) => Some(reply),
                Err(BillingError::Refused(_)) => None,
                other => panic!("{deed:?}: {other:?}"),
            };
            assert_eq!(reply.is_some(), is_done, "{deed:?}");
            self.said.push((key, operation, reply));
        }
        self.agree().await;
    }

    /// What was done is answered the same; what was refused was as if never said.
    async fn say_again(&mut self, which: usize) {
        let done: Vec<_> = self.said.iter().filter(|(_, _, reply)| reply.is_some()).collect();
        let Some((key, operation, reply)) = done.get(which % done.len().max(1)) else { return };
        let again = self.stage.ledger.apply(*key, operation.clone()).await.unwrap();
        assert_eq!(Some(again), reply.map(Applied::Replayed));
        let other = Operation::Sweep { account: self.accounts[0] };
        match self.stage.ledger.apply(*key, other).await {
            Err(BillingError::Refused(Refusal::KeyConflict(conflict))) => {
                assert_eq!(conflict, *key)
            }
            other => panic!("{other:?}"),
        }
        self.agree().await;
    }

    async fn agree(&self) {
        self.stage.is_right().await;
        for (number, account) in self.accounts.iter().enumerate() {
            let balance = self.stage.ledger.balance(*account).await.unwrap();
            let (free, held) = (self.model.free[number], self.model.held(number));
            let books = [balance.available, balance.held, balance.posted].map(Amount::as_micro);
            assert_eq!(books, [free, held, free + held]);
        }
    }
}

async fn live(stage: &Stage, deeds: &[Deed]) {
    let accounts = [(); 3].map(|()| AccountId::generate());
    for account in accounts {
        stage.open(account).await;
    }
    let holds = [(); 6].map(|()| HoldId::generate());
    let model = Model::default();
    stage.clock.set(NOON);
    let mut life = Life { stage, model, accounts, holds, said: vec![] };
    for deed in deeds {
        life.live(deed).await;
    }
}

/// Lives on `stage`, each with accounts of its own.
fn lives(cases: u32, stage: impl AsyncFn() -> Stage) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let lived = TestRunner::new(config).run(&proptest::collection::vec(deed(), 1..25), |deeds| {
        runtime.block_on(async { live(&stage().await, &deeds).await });
        Ok(())
    });
    lived.unwrap();
}

#[test]
fn any_life_in_memory_is_as_the_model_says() {
    lives(200, async || Stage::memory());
}

#[test]
fn any_life_in_sqlite_is_as_the_model_says() {
    lives(15, async || Stage::sqlite());
}

#[test]
fn any_life_in_postgresql_is_as_the_model_says() {
    let server = crate::postgres::Postgres::shared();
    lives(8, Stage::postgres);
    drop(server);
}
