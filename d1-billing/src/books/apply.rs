//! One command, decided.
//!
//! 1. A key that was used is answered as before, or refused for other words.
//! 2. What has expired in the account is freed, so that no sweeper is needed to be right.
//! 3. The operation is done, or refused.
//! 4. The account is looked at: is it low now?
//! 5. The answer is kept under its key.

use super::{Books, EventRow, LARGEST, OutcomeRow};
use crate::{
    Applied, BillingError, Command, EventId, HoldReceipt, HoldState, Key, NewHold, Operation,
    Refusal, Reply,
};
use d1_core::{AccountId, Amount, HoldId, Timestamp};

impl Books {
    /// Does a command whole, or takes all of it back.
    pub(crate) fn apply(
        &mut self,
        command: &Command,
        now: Timestamp,
    ) -> Result<Applied<Reply>, BillingError> {
        let done = self.decide(command, now);
        if matches!(done, Ok(Applied::Fresh(_))) {
            self.keep()
        } else {
            self.take_back()
        }
        done
    }

    fn decide(
        &mut self,
        command: &Command,
        now: Timestamp,
    ) -> Result<Applied<Reply>, BillingError> {
        let Command { key, operation } = command;
        let fingerprint = operation.fingerprint();
        if let Some(known) = self.outcomes.get(&(*key,)) {
            if known.fingerprint != fingerprint {
                return Err(Refusal::KeyConflict(*key).into());
            }
            let reply = serde_json::from_str(&known.reply);
            return reply.map(Applied::Replayed).map_err(|_broken| {
                BillingError::Damaged(format!("the answer under key {key} cannot be read"))
            });
        }
        let account = self.payer(operation)?;
        if operation.account().is_none() && self.account(account).is_none() {
            // Half of a change is worse than none.
            let what = format!("account {account} of a hold is not there");
            return Err(BillingError::Damaged(what));
        }
        let now = self.pass_time(account, now);
        let reply = self.operate(*key, operation, now)?;
        self.watch(*key, account, now);
        let text = serde_json::to_string(&reply).map_err(|error| BillingError::Unavailable {
            doing: "note its answer",
            source: error.into(),
        })?;
        self.outcomes.put(OutcomeRow { key: *key, fingerprint, reply: text, at: now });
        Ok(Applied::Fresh(reply))
    }

    /// Whose account it is about.
    fn payer(&self, operation: &Operation) -> Result<AccountId, Refusal> {
        if let Some(account) = operation.account() {
            return Ok(account);
        }
        match operation.hold() {
            Some(hold) => Ok(self.hold(hold)?.account),
            None => Err(Refusal::Nothing),
        }
    }

    fn operate(
        &mut self,
        key: Key,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        match operation {
            Operation::Open(open) => self.open(open, now),
            Operation::Freeze { account, frozen } => self.freeze(*account, *frozen),
            Operation::Grant(grant) => self.grant(Operation::lot(key), grant, now),
            Operation::SetCap { account, scope, most } => self.set_cap(*account, *scope, *most),
            Operation::Quote(quote) => self.quote(quote, now),
            Operation::Hold(hold) => self.set_aside(hold, now),
            Operation::Extend { hold, more, until } => self.extend(*hold, *more, *until, now),
            Operation::Capture { hold, charge } => self.capture(*hold, *charge, now),
            Operation::Charge(hold) => {
                self.set_aside(&NewHold { until: None, ..hold.clone() }, now)?;
                self.capture(hold.id, hold.amount, now)
            }
            Operation::Refund { hold, amount } => self.refund(*hold, *amount, now),
            Operation::Sweep { account } => self.known(*account).map(|_there| Reply::Done),
        }
    }

    pub(super) fn hold(&self, hold: HoldId) -> Result<super::HoldRow, Refusal> {
        self.holds.get(&(hold,)).cloned().ok_or(Refusal::UnknownHold(hold))
    }

    /// A hold that can still be settled.
    pub(super) fn open_hold(&self, hold: HoldId) -> Result<super::HoldRow, Refusal> {
        let row = self.hold(hold)?;
        match row.state {
            HoldState::Open => Ok(row),
            HoldState::Expired => Err(Refusal::HoldExpired(hold)),
            state @ (HoldState::Captured | HoldState::Released) => {
                Err(Refusal::Resolved { hold, state })
            }
        }
    }

    pub(super) fn known(&self, account: AccountId) -> Result<super::AccountRow, Refusal> {
        self.account(account).cloned().ok_or(Refusal::UnknownAccount(account))
    }

    pub(super) fn receipt(&self, hold: HoldId) -> Result<Reply, Refusal> {
        let row = self.hold(hold)?;
        Ok(Reply::Hold(HoldReceipt {
            hold,
            account: row.account,
            amount: row.amount,
            charged: row.charged,
            refunded: row.refunded,
            state: row.state,
            until: row.until_at,
        }))
    }

    /// Tells once when an account becomes low, and again only after it was not.
    fn watch(&mut self, key: Key, account: AccountId, now: Timestamp) {
        let available = self.available(account, now);
        let Some(mut row) = self.account(account).cloned() else { return };
        let is_low = u8::from(available < row.low_mark);
        if is_low == row.is_low {
            return;
        }
        row.is_low = is_low;
        self.accounts.put(row);
        if is_low == 1 {
            let id = EventId::of(&["low", &account.to_string(), &key.to_string()]);
            self.events.put(EventRow { id, account, available, at: now });
        }
    }
}

/// The sum, when an account can have it.
pub(super) fn sum(a: Amount, b: Amount) -> Result<Amount, Refusal> {
    let fits = a.checked_add(b).filter(|sum| *sum <= LARGEST);
    fits.ok_or(Refusal::TooMuch(a.max(b)))
}

/// What is left. The books hold more than is taken of them, so it is never less than nothing.
pub(super) fn less(a: Amount, b: Amount) -> Amount {
    a.checked_sub(b).unwrap_or_default()
}

/// The sum of two parts of one whole, which fits because the whole does.
pub(super) fn plus(a: Amount, b: Amount) -> Amount {
    a.checked_add(b).unwrap_or(a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Grant, Open, Source};

    /// Does something under a key of its own.
    fn done(books: &mut Books, operation: Operation) {
        let command = Command { key: Key::generate(), operation };
        assert!(books.apply(&command, Timestamp(1)).is_ok());
    }

    #[test]
    fn a_hold_whose_account_is_not_there_is_told_as_damage_and_stays_as_it_is() {
        let (account, hold) = (AccountId::generate(), HoldId::generate());
        let (amount, low_mark) = (Amount::micro(5), Amount::ZERO);
        let mut books = Books::default();
        done(&mut books, Operation::Open(Open { account, organisation: None, low_mark }));
        let (source, from, until) = (Source::Gift, Timestamp(0), None);
        let grant = Grant { account, amount, priority: 0, source, from, until };
        done(&mut books, Operation::Grant(grant));
        done(&mut books, Operation::Hold(NewHold::new(hold, account, amount)));
        books.accounts.forget(&(account,));
        let before = books.holds.get(&(hold,)).cloned();
        for operation in [
            Operation::Capture { hold, charge: amount },
            Operation::Refund { hold, amount },
            Operation::Extend { hold, more: amount, until: None },
        ] {
            let command = Command { key: Key::generate(), operation };
            let said = books.apply(&command, Timestamp(2));
            assert!(matches!(said, Err(BillingError::Damaged(_))), "{said:?}");
            assert_eq!(books.holds.get(&(hold,)).cloned(), before);
        }
    }
}
