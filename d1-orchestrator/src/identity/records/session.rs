//! A sign-in of a program, and the family of refresh tokens that belongs to it.
//!
//! Each refresh token is good once, for the next one (RFC 9700 §4.14.2). A token that was used
//! before means that two have it, and one of them stole it: the whole family ends. One
//! exception: an answer can get lost. For a minute, and only while nothing was done with the
//! answer, the same token gets another one, and the lost one is good no more.

use super::origin::Origin;
use crate::identity::token::{ACCESS_TOKEN_LIFE, LEEWAY};
use d1_core::{AccountId, Digest, Scope, Scopes, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an answer may be missed.
const LOST_FOR: Duration = Duration::from_secs(60);
/// How long a sign-in lasts that is not used.
const IDLE: Duration = Duration::from_secs(30 * 86_400);
/// How long it lasts at most.
const LONGEST: Duration = Duration::from_secs(90 * 86_400);

/// A sign-in of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::identity) struct Session {
    pub(in crate::identity) id: SessionId,
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) account: AccountId,
    pub(in crate::identity) client: String,
    pub(in crate::identity) scopes: Scopes,
    pub(in crate::identity) origin: Origin,
    /// Whether it was granted by a code that was typed.
    pub(in crate::identity) by_code: bool,
    /// When the person proved who they are.
    pub(in crate::identity) signed_in: Timestamp,
    pub(in crate::identity) began: Timestamp,
    pub(in crate::identity) used: Timestamp,
    /// The refresh token that is good now.
    pub(in crate::identity) current: Digest,
    /// The one before, while its answer may have been lost.
    pub(in crate::identity) before: Option<Before>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::identity) struct Before {
    pub(in crate::identity) token: Digest,
    pub(in crate::identity) replaced: Timestamp,
}

/// What comes of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::identity) enum Refreshed {
    /// The next one is good from now on.
    Next,
    /// It was used before: the family has to end.
    Stolen,
}

impl Session {
    /// From when on it is not there, unless it is used before.
    pub(in crate::identity) fn ends(&self) -> Timestamp {
        if !self.scopes.has(Scope::OfflineAccess) {
            // Nobody can refresh it: it is there as long as its one access token.
            return self.began.after(ACCESS_TOKEN_LIFE + LEEWAY);
        }
        self.used.after(IDLE).min(self.began.after(LONGEST))
    }

    /// Somebody shows `shown` and is to have `next`.
    pub(in crate::identity) fn refresh(
        &mut self,
        shown: Digest,
        next: Digest,
        now: Timestamp,
    ) -> Refreshed {
        let is_lost =
            |before: &Before| before.token == shown && now.since(before.replaced) < LOST_FOR;
        if shown == self.current {
            self.before = Some(Before { token: shown, replaced: now });
        } else if !self.before.as_ref().is_some_and(is_lost) {
            return Refreshed::Stolen;
        }
        (self.current, self.used) = (next, now);
        Refreshed::Next
    }

    /// Something was done with it, so its last answer was not lost. Whether that is news.
    pub(in crate::identity) fn answer_arrived(&mut self) -> bool {
        self.before.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000;

    fn session() -> Session {
        Session {
            id: SessionId::from_bytes([1; 16]),
            user: UserId::from_bytes([2; 16]),
            account: AccountId::from_bytes([3; 16]),
            client: "d1-cli".into(),
            scopes: Scopes::all(),
            origin: Origin::default(),
            by_code: false,
            signed_in: Timestamp(0),
            began: Timestamp(0),
            used: Timestamp(0),
            current: token(0),
            before: None,
        }
    }

    fn token(number: u8) -> Digest {
        Digest::of(&[number])
    }

    #[test]
    fn each_token_is_good_once_for_the_next() {
        let mut session = session();
        for number in 0..20_u8 {
            let now = Timestamp(u64::from(number) * 600 * SECOND);
            let said = session.refresh(token(number), token(number + 1), now);
            assert_eq!(said, Refreshed::Next);
        }
        for old in 0..19 {
            let said = session.clone().refresh(token(old), token(99), Timestamp(12_000 * SECOND));
            assert_eq!(said, Refreshed::Stolen, "token {old}");
        }
    }

    #[test]
    fn a_lost_answer_is_made_good_for_a_minute_and_the_lost_one_is_no_good() {
        let mut session = session();
        session.refresh(token(0), token(1), Timestamp(0));
        assert_eq!(session.refresh(token(0), token(2), Timestamp(59_999)), Refreshed::Next);
        let lost = session.clone().refresh(token(1), token(3), Timestamp(59_999));
        assert_eq!(lost, Refreshed::Stolen);
        // The minute began with the first answer, not with the second.
        assert_eq!(session.refresh(token(0), token(3), Timestamp(60_000)), Refreshed::Stolen);
    }

    #[test]
    fn what_was_used_was_not_lost() {
        let mut session = session();
        session.refresh(token(0), token(1), Timestamp(0));
        assert!(session.answer_arrived() && !session.answer_arrived());
        assert_eq!(session.refresh(token(0), token(2), Timestamp(1)), Refreshed::Stolen);
    }

    #[test]
    fn it_ends_a_month_after_its_last_use_and_three_after_its_begin() {
        let day = |days: u64| Timestamp(days * 86_400 * SECOND);
        let mut session = session();
        assert_eq!(session.ends(), day(30));
        session.refresh(token(0), token(1), day(29));
        assert_eq!(session.ends(), day(59));
        session.refresh(token(1), token(2), day(80));
        assert_eq!(session.ends(), day(90));
    }
}
