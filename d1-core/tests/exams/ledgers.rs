//! Ledgers: the one in memory, and ones with one flaw each.

use crate::broken_laws;
use d1_core::{
    AccountId, Amount, CreditLedger, HoldId, HoldRequest, LedgerError, conformance,
    memory::MemoryLedger,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// What is wrong with a ledger.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    LendsWhatIsNotThere,
    LooksThenTakes,
    CountsEveryRepeat,
    BelievesOtherWords,
    HasOnePurse,
    KeepsTheRest,
    ChargesMoreThanWasHeld,
    SettlesWhatNobodyHeld,
    SettlesAnew,
    HoldsWhatItRefused,
    NeverLendsTheLast,
}

use Flaw as F;

/// Each flaw, and the laws that it breaks.
const CASES: [(F, &[&str]); 11] = [
    (
        F::LendsWhatIsNotThere,
        &[
            "an_account_nobody_knows_has_nothing",
            "more_than_there_is_is_refused",
            "of_racing_holds_only_those_with_enough_succeed",
        ],
    ),
    (F::LooksThenTakes, &["of_racing_holds_only_those_with_enough_succeed"]),
    (
        F::CountsEveryRepeat,
        &[
            "a_hold_said_twice_is_one_hold",
            "a_hold_with_other_words_is_refused",
            "of_racing_repeats_of_a_hold_one_counts",
        ],
    ),
    (
        F::BelievesOtherWords,
        &["a_hold_with_other_words_is_refused", "a_settlement_with_other_words_is_refused"],
    ),
    (
        F::HasOnePurse,
        &[
            "an_account_nobody_knows_has_nothing",
            "a_hold_with_other_words_is_refused",
            "every_account_pays_for_itself",
        ],
    ),
    (
        F::KeepsTheRest,
        &[
            "a_hold_said_twice_is_one_hold",
            "every_account_pays_for_itself",
            "a_settlement_takes_the_charge_and_frees_the_rest",
            "a_settlement_said_twice_charges_once",
            "a_settlement_with_other_words_is_refused",
            "of_racing_settlements_one_counts",
        ],
    ),
    (F::ChargesMoreThanWasHeld, &["no_more_than_is_held_is_charged"]),
    (
        F::SettlesWhatNobodyHeld,
        &["more_than_there_is_is_refused", "a_hold_nobody_made_cannot_be_settled"],
    ),
    (F::SettlesAnew, &["a_settlement_said_twice_charges_once", "of_racing_settlements_one_counts"]),
    (
        F::HoldsWhatItRefused,
        &["more_than_there_is_is_refused", "of_racing_holds_only_those_with_enough_succeed"],
    ),
    (
        F::NeverLendsTheLast,
        &[
            "an_account_nobody_knows_has_nothing",
            "the_last_credit_can_be_held",
            "every_account_pays_for_itself",
        ],
    ),
];

fn books(deposits: &[(AccountId, Amount)]) -> MemoryLedger {
    let ledger = MemoryLedger::default();
    for (account, amount) in deposits {
        assert!(ledger.deposit(*account, *amount));
    }
    ledger
}

#[tokio::test]
async fn the_ledger_in_memory_obeys_every_law() {
    conformance::ledger(
        |deposits| async move { Arc::new(books(&deposits)) as Arc<dyn CreditLedger> },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_in_memory_obeys_every_law_on_many_threads() {
    conformance::ledger(
        |deposits| async move { Arc::new(books(&deposits)) as Arc<dyn CreditLedger> },
    )
    .await;
}

#[tokio::test]
async fn a_broken_ledger_fails_its_exam_by_the_right_laws() {
    for (flaw, expected) in CASES {
        let make = |deposits: Vec<(AccountId, Amount)>| async move {
            let purse = deposits[0].0;
            let inner = books(&deposits);
            Arc::new(FlawedLedger { inner, flaw, purse, holds: Mutex::default() })
                as Arc<dyn CreditLedger>
        };
        assert_eq!(broken_laws(conformance::ledger(make)).await, expected, "{flaw:?}");
    }
}

#[derive(Debug)]
struct FlawedLedger {
    inner: MemoryLedger,
    flaw: Flaw,
    purse: AccountId,
    holds: Mutex<HashMap<HoldId, (AccountId, Amount)>>,
}

impl FlawedLedger {
    fn known(&self, hold: HoldId) -> Option<(AccountId, Amount)> {
        self.holds.lock().unwrap().get(&hold).copied()
    }
}

#[async_trait::async_trait]
impl CreditLedger for FlawedLedger {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        let account = if matches!(self.flaw, F::HasOnePurse) { self.purse } else { account };
        self.inner.available(account).await
    }

    async fn hold(&self, request: &HoldRequest) -> Result<(), LedgerError> {
        let HoldRequest { id: hold, account, most, .. } = *request;
        let before = self.holds.lock().unwrap().insert(hold, (account, most));
        match self.flaw {
            F::HasOnePurse => {
                return self.inner.hold(&HoldRequest::new(hold, self.purse, most)).await;
            }
            F::CountsEveryRepeat if before.is_some() => {
                return self.inner.hold(&HoldRequest::new(HoldId::generate(), account, most)).await;
            }
            F::NeverLendsTheLast if before.is_none() => {
                let available = self.inner.available(account).await?;
                if available == most {
                    return Err(LedgerError::Insufficient { needed: most, available });
                }
            }
            F::LooksThenTakes => {
                let available = self.inner.available(account).await?;
                tokio::task::yield_now().await;
                if most <= available && before.is_none() {
                    let missing = most.checked_sub(self.inner.available(account).await?);
                    assert!(self.inner.deposit(account, missing.unwrap_or_default()));
                }
            }
            _ => {}
        }
        match (self.flaw, self.inner.hold(&HoldRequest::new(hold, account, most)).await) {
            (F::LendsWhatIsNotThere, Err(LedgerError::Insufficient { .. })) => {
                assert!(self.inner.deposit(account, most));
                self.inner.hold(&HoldRequest::new(hold, account, most)).await
            }
            (F::HoldsWhatItRefused, Err(LedgerError::Insufficient { needed, available })) => {
                self.inner.hold(&HoldRequest::new(hold, account, available)).await?;
                Err(LedgerError::Insufficient { needed, available })
            }
            (F::BelievesOtherWords, Err(LedgerError::Conflict(_))) => Ok(()),
            (_, held) => held,
        }
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        if let (F::KeepsTheRest, Some((_, most))) = (self.flaw, self.known(hold)) {
            return self.inner.settle(hold, most.max(charge)).await;
        }
        match (self.flaw, self.inner.settle(hold, charge).await) {
            (F::ChargesMoreThanWasHeld, Err(LedgerError::OverHold { held, .. })) => {
                self.inner.settle(hold, held).await
            }
            (F::SettlesWhatNobodyHeld, Err(LedgerError::NoHold(_))) => Ok(()),
            (F::BelievesOtherWords, Err(LedgerError::Conflict(_))) => Ok(()),
            (F::SettlesAnew, Ok(())) => {
                let again = HoldId::generate();
                let Some((account, _)) = self.known(hold) else { return Ok(()) };
                if self
                    .holds
                    .lock()
                    .unwrap()
                    .insert(hold, (account, Amount::ZERO))
                    .is_some_and(|(_, most)| most.is_zero())
                {
                    self.inner.hold(&HoldRequest::new(again, account, charge)).await?;
                    self.inner.settle(again, charge).await?;
                }
                Ok(())
            }
            (_, settled) => settled,
        }
    }
}
