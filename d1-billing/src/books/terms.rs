//! Accounts, grants and quotes.

use super::{AccountRow, Books, LARGEST, LotRow, QuoteRow, apply::sum};
use crate::{EntryKind, Grant, LotId, NewHold, NewQuote, Open, QuoteId, Refusal, Reply};
use d1_core::{AccountId, Amount, Timestamp};

impl Books {
    pub(super) fn open(&mut self, open: &Open, now: Timestamp) -> Result<Reply, Refusal> {
        let Open { account, organisation, low_mark } = *open;
        if low_mark > LARGEST {
            return Err(Refusal::TooMuch(low_mark));
        }
        if let Some(organisation) = organisation {
            self.known(organisation)?;
        }
        if let Some(row) = self.account(account).cloned() {
            self.accounts.put(AccountRow { organisation, low_mark, ..row });
            return Ok(Reply::Done);
        }
        self.accounts.put(AccountRow {
            id: account,
            organisation,
            posted: Amount::ZERO,
            held: Amount::ZERO,
            open_holds: 0,
            entries: 0,
            frozen: 0,
            low_mark,
            // Nobody has to be told that a new account is empty.
            is_low: u8::from(!low_mark.is_zero()),
            seen_at: now,
        });
        self.post(account, EntryKind::Opened, Amount::ZERO, None, None, now);
        Ok(Reply::Done)
    }

    pub(super) fn freeze(&mut self, account: AccountId, frozen: bool) -> Result<Reply, Refusal> {
        let row = self.known(account)?;
        self.accounts.put(AccountRow { frozen: u8::from(frozen), ..row });
        Ok(Reply::Done)
    }

    pub(super) fn grant(
        &mut self,
        id: LotId,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        let Grant { account, amount, priority, source, from, until } = *grant;
        if amount.is_zero() {
            return Err(Refusal::Nothing);
        }
        sum(self.known(account)?.posted, amount)?;
        let nothing = Amount::ZERO;
        self.lots.put(LotRow {
            id,
            account,
            amount,
            free: amount,
            held: nothing,
            spent: nothing,
            lapsed: nothing,
            priority,
            source,
            from_at: from,
            until_at: until,
        });
        self.post(account, EntryKind::Granted, amount, None, Some(id), now);
        if until.is_some_and(|until| until <= now) {
            self.lapse(id, now);
        }
        Ok(Reply::Granted(id))
    }

    pub(super) fn quote(&mut self, quote: &NewQuote, now: Timestamp) -> Result<Reply, Refusal> {
        let NewQuote { id, account, ref price_list, most, until } = *quote;
        self.known(account)?;
        if most > LARGEST {
            return Err(Refusal::TooMuch(most));
        }
        if self.quotes.get(&(id,)).is_some() {
            return Err(Refusal::QuoteExists(id));
        }
        let price_list = price_list.clone();
        let (made_at, until_at, hold) = (now, until, None);
        self.quotes.put(QuoteRow { id, account, price_list, most, made_at, until_at, hold });
        Ok(Reply::Done)
    }

    /// A quote pays for one hold, of its account, while it binds, and for no more than it says.
    pub(super) fn use_quote(
        &mut self,
        quote: QuoteId,
        hold: &NewHold,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let known = self.quotes.get(&(quote,)).filter(|row| row.account == hold.account).cloned();
        let row = known.ok_or(Refusal::UnknownQuote(quote))?;
        if row.hold.is_some() {
            return Err(Refusal::QuoteUsed(quote));
        }
        if row.until_at <= now {
            return Err(Refusal::QuoteExpired(quote));
        }
        if hold.amount > row.most {
            return Err(Refusal::OverQuote { quote, amount: hold.amount, most: row.most });
        }
        self.quotes.put(QuoteRow { hold: Some(hold.id), ..row });
        Ok(())
    }
}
