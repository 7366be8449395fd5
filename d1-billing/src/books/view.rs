//! What the books say, without changing them.

use super::{Books, LARGEST, caps::is_current};
use crate::{Balance, CapUse, Event, HoldReceipt, Line, Refusal, Reply, Statement};
use d1_core::{AccountId, Amount, HoldId, Timestamp};

/// How many lines of a statement are told at once.
pub(crate) const PAGE: usize = 500;

impl Books {
    /// How an account stands at this time, whether or not anything came by since.
    pub(crate) fn balance(&mut self, account: AccountId, now: Timestamp) -> Option<Balance> {
        let now = self.pass_time(account, now);
        let balance = self.balance_as_is(account, now);
        self.take_back();
        balance
    }

    fn balance_as_is(&self, account: AccountId, now: Timestamp) -> Option<Balance> {
        let row = self.account(account)?;
        let lots = self.lots.live(account).filter(|lot| lot.can_be_spent(now));
        let ends = lots.filter_map(|lot| lot.until_at.map(|until| (lot.free, until)));
        let caps = self.caps.all().filter(|cap| cap.account == account && is_current(cap, now));
        let rule = |scope| self.rules.get(&(account, scope)).and_then(|rule| rule.most);
        Some(Balance {
            posted: row.posted,
            held: row.held,
            available: self.available(account, now),
            frozen: row.frozen == 1,
            expires_next: ends.min_by_key(|(_free, until)| *until),
            caps: caps
                .map(|cap| CapUse {
                    scope: cap.scope,
                    most: rule(cap.scope).unwrap_or(LARGEST),
                    used: cap.used.checked_add(cap.held).unwrap_or(LARGEST),
                })
                .collect(),
        })
    }

    /// How a hold stands at this time.
    pub(crate) fn look_at(&mut self, hold: HoldId, now: Timestamp) -> Option<HoldReceipt> {
        let account = self.holds.get(&(hold,))?.account;
        self.pass_time(account, now);
        let reply = self.receipt(hold);
        self.take_back();
        match reply {
            Ok(Reply::Hold(receipt)) => Some(receipt),
            Ok(Reply::Done | Reply::Granted(_)) | Err(_) => None,
        }
    }

    /// The lines after number `after`, at most [`PAGE`] and `limit` of them.
    pub(crate) fn statement(
        &self,
        account: AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Statement, Refusal> {
        let row = self.known(account)?;
        let lines: Vec<Line> = self
            .entries
            .from((account, after.saturating_add(1)))
            .take_while(|entry| entry.account == account)
            .take(limit.min(PAGE))
            .map(|entry| Line {
                seq: entry.seq,
                kind: entry.kind,
                amount: entry.amount,
                before: entry.before,
                after: entry.after,
                hold: entry.hold,
                lot: entry.lot,
                at: entry.at,
            })
            .collect();
        let opening = lines.first().map_or(row.posted, |line| line.before);
        let closing = lines.last().map_or(row.posted, |line| line.after);
        Ok(Statement { opening, lines, closing })
    }

    /// News that nobody has taken, the oldest first.
    pub(crate) fn news(&self, limit: usize) -> Vec<Event> {
        let mut events: Vec<Event> = self
            .events
            .all()
            .map(|row| Event {
                id: row.id,
                account: row.account,
                available: row.available,
                at: row.at,
            })
            .collect();
        events.sort_by_key(|event| (event.at, event.id));
        events.truncate(limit);
        events
    }
}

/// Nothing, as an account that nobody knows has it.
pub(crate) fn nothing() -> Balance {
    Balance {
        posted: Amount::ZERO,
        held: Amount::ZERO,
        available: Amount::ZERO,
        frozen: false,
        expires_next: None,
        caps: vec![],
    }
}
