//! Which lots are spent first.

use super::{Books, LotRow, apply::less};
use crate::{LotId, Source};
use d1_core::{AccountId, Amount, Timestamp};

impl Books {
    /// What an account can spend now.
    pub(crate) fn available(&self, account: AccountId, now: Timestamp) -> Amount {
        self.lots.live(account).filter(|lot| lot.can_be_spent(now)).map(|lot| lot.free).sum()
    }

    /// What each lot gives of `amount`, in the order in which they are spent: by priority, then
    /// what expires soonest, then gifts before what was paid, then by name. Nothing when there
    /// is not enough.
    pub(super) fn allot(
        &self,
        account: AccountId,
        amount: Amount,
        now: Timestamp,
    ) -> Option<Vec<(LotRow, Amount)>> {
        let mut lots: Vec<&LotRow> =
            self.lots.live(account).filter(|lot| lot.can_be_spent(now)).collect();
        lots.sort_by_key(|lot| lot.turn());
        let mut missing = amount;
        let mut parts = Vec::new();
        for lot in lots {
            if missing.is_zero() {
                break;
            }
            let part = lot.free.min(missing);
            missing = less(missing, part);
            parts.push((lot.clone(), part));
        }
        missing.is_zero().then_some(parts)
    }
}

impl LotRow {
    /// When it is spent: the lowest first.
    pub(crate) fn turn(&self) -> (u8, u64, Source, LotId) {
        let end = self.until_at.map_or(u64::MAX, |until| until.0);
        (self.priority, end, self.source, self.id)
    }

    /// Whether something of it can be spent at this time.
    pub(crate) fn can_be_spent(&self, now: Timestamp) -> bool {
        let lasts = self.until_at.is_none_or(|until| until > now);
        !self.free.is_zero() && self.from_at <= now && lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(name: &str, priority: u8, until: Option<u64>, source: Source) -> LotRow {
        LotRow {
            id: LotId::of(&[name]),
            account: AccountId::from_bytes([1; 16]),
            amount: Amount::micro(10),
            free: Amount::micro(10),
            held: Amount::ZERO,
            spent: Amount::ZERO,
            lapsed: Amount::ZERO,
            priority,
            source,
            from_at: Timestamp(0),
            until_at: until.map(Timestamp),
        }
    }

    /// In the order in which they are spent.
    fn lots() -> [LotRow; 6] {
        [
            lot("urgent", 1, None, Source::Paid),
            lot("soon", 5, Some(100), Source::Paid),
            lot("gift", 5, Some(200), Source::Gift),
            lot("paid", 5, Some(200), Source::Paid),
            lot("gift that stays", 5, None, Source::Gift),
            lot("paid that stays", 5, None, Source::Paid),
        ]
    }

    #[test]
    fn of_lots_that_are_else_alike_a_gift_is_spent_first() {
        let account = AccountId::from_bytes([1; 16]);
        let mut books = Books::default();
        for lot in lots().into_iter().rev() {
            books.lots.load(lot);
        }
        let order = lots().map(|lot| lot.id);
        for amount in 0..=60 {
            let parts = books.allot(account, Amount::micro(amount), Timestamp(50)).unwrap();
            let taken: Vec<(LotId, u64)> =
                parts.iter().map(|(lot, part)| (lot.id, part.as_micro())).collect();
            let whole = usize::try_from(amount / 10).unwrap();
            let mut expected: Vec<(LotId, u64)> =
                order[..whole].iter().map(|id| (*id, 10)).collect();
            if !amount.is_multiple_of(10) {
                expected.push((order[whole], amount % 10));
            }
            assert_eq!(taken, expected);
        }
        assert!(books.allot(account, Amount::micro(61), Timestamp(50)).is_none());
        // What has an end cannot be spent at its end.
        assert_eq!(books.available(account, Timestamp(99)), Amount::micro(60));
        assert_eq!(books.available(account, Timestamp(100)), Amount::micro(50));
    }
}
