//! What the books say, without changing them.

use super::{Books, LotRow, apply::plus, caps::cap_of_account};
use crate::{Balance, CapScope, CapUse, Event, HoldReceipt, Line, Lot, Refusal, Reply, Statement};
use d1_core::{AccountId, Amount, HoldId, Timestamp};

/// How many lines of a statement are told at once.
pub(crate) const PAGE: usize = 500;

/// The largest number a line may have on the page after number `after`.
pub(crate) fn last_of_page(after: u64, limit: usize) -> u64 {
    after.saturating_add(limit.min(PAGE) as u64)
}

impl Books {
    /// How an account stands at this time, whether or not anything came by since.
    pub(crate) fn balance(&mut self, account: AccountId, now: Timestamp) -> Option<Balance> {
        // What has lapsed since is told as lapsed, and written with the next change.
        let lines = self.account(account)?.entries;
        let now = self.pass_time(account, now);
        let balance = self.balance_as_is(account, now).map(|balance| Balance { lines, ..balance });
        self.take_back();
        balance
    }

    fn balance_as_is(&self, account: AccountId, now: Timestamp) -> Option<Balance> {
        let row = self.account(account)?;
        let lots = self.lots.live(account).filter(|lot| lot.can_be_spent(now));
        let ends = lots.filter_map(|lot| lot.until_at.map(|until| (lot.free, until)));
        Some(Balance {
            posted: row.posted,
            held: row.held,
            available: self.available(account, now),
            frozen: row.frozen == 1,
            expires_next: ends.min_by_key(|(_free, until)| *until),
            caps: self.cap_uses(account, now),
            lines: row.entries,
        })
    }

    fn cap_uses(&self, account: AccountId, now: Timestamp) -> Vec<CapUse> {
        let rules = self.rules.from((account, CapScope::Task));
        let mine = rules.take_while(|rule| rule.account == account);
        let caps = mine.filter_map(|rule| rule.most.map(|most| (rule.scope, most)));
        let used = |scope| {
            let id = cap_of_account(account, scope, now)?;
            let count = self.caps.get(&(id,));
            Some(count.map_or(Amount::ZERO, |cap| plus(cap.used, cap.held)))
        };
        caps.map(|(scope, most)| CapUse { scope, most, used: used(scope) }).collect()
    }

    /// The grants of an account that are not used up at this time, in the order in which they
    /// are spent.
    pub(crate) fn lots(&mut self, account: AccountId, now: Timestamp) -> Vec<Lot> {
        self.pass_time(account, now);
        let mut lots: Vec<&LotRow> = self.lots.live(account).collect();
        lots.sort_by_key(|lot| lot.turn());
        let lots = lots.into_iter().map(lot).collect();
        self.take_back();
        lots
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

fn lot(row: &LotRow) -> Lot {
    Lot {
        id: row.id,
        amount: row.amount,
        free: row.free,
        held: row.held,
        spent: row.spent,
        lapsed: row.lapsed,
        priority: row.priority,
        source: row.source,
        from: row.from_at,
        until: row.until_at,
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
        lines: 0,
    }
}
