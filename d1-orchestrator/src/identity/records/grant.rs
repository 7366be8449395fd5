//! A sign-in that a program has begun, until it has its tokens.
//!
//! ```text
//!            person: yes                program, once
//!  pending ─────────────▶ approved ──────────────────▶ taken ──again──▶ its session ends
//!     │
//!     └── person: no ───▶ denied
//! ```
//! A pending one expires; an approved one is handed out also to a poll that comes too soon.

use super::origin::Origin;
use crate::identity::pkce::Challenge;
use d1_core::{AccountId, Digest, Scopes, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A sign-in that a program has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::identity) struct Grant {
    pub(in crate::identity) client: String,
    /// What is asked for.
    pub(in crate::identity) scopes: Scopes,
    pub(in crate::identity) origin: Origin,
    pub(in crate::identity) began: Timestamp,
    pub(in crate::identity) expires: Timestamp,
    pub(in crate::identity) challenge: Option<Challenge>,
    pub(in crate::identity) way: Way,
    pub(in crate::identity) state: State,
}

/// How the person is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::identity) enum Way {
    /// By a code that is typed (RFC 8628); the program polls.
    Code {
        /// Seconds between two polls.
        interval: u64,
        /// When it last polled in time.
        polled: Option<Timestamp>,
    },
    /// In a browser on the same machine; the answer goes to this address (RFC 8252).
    Browser { answer_at: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::identity) enum State {
    Pending,
    Approved(Approval),
    Denied,
    Taken {
        /// What came of it.
        family: Digest,
        at: Timestamp,
    },
}

/// A person's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::identity) struct Approval {
    pub(in crate::identity) session: SessionId,
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) account: AccountId,
    pub(in crate::identity) scopes: Scopes,
    pub(in crate::identity) signed_in: Timestamp,
}

/// What a program is told that asks for its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identity) enum Polled {
    Pending,
    /// From now on wait so many seconds.
    TooSoon(u64),
    Denied,
    Expired,
    /// Here they are; nobody else gets any.
    Take(Approval),
    /// They were handed out this moment, to another poll of the same crowd.
    JustTaken,
    /// They were handed out already: whoever has them may be a thief.
    Again {
        family: Digest,
    },
}

/// By how much the interval grows for who polls too soon (RFC 8628 §3.5).
const SLOWER: u64 = 5;
/// And up to what.
const SLOWEST: u64 = 60;
/// How much sooner than the interval is soon enough: clocks and networks are not exact.
const TOLERANCE: Duration = Duration::from_millis(500);
/// How long polls that were on their way together may arrive one after the other. Whoever
/// comes then gets nothing, and comes with no evil intent.
const CROWD: Duration = Duration::from_secs(2);

impl Grant {
    /// Seconds between two polls, at first.
    pub(in crate::identity) const INTERVAL: u64 = 5;

    /// Whether somebody can still decide about it.
    pub(in crate::identity) fn is_open(&self, now: Timestamp) -> bool {
        self.state == State::Pending && now < self.expires
    }

    /// A program asks for its tokens; `family` is what they will belong to.
    pub(in crate::identity) fn poll(&mut self, now: Timestamp, family: Digest) -> Polled {
        match &self.state {
            State::Taken { at, .. } if now.since(*at) < CROWD => Polled::JustTaken,
            State::Taken { family, .. } => Polled::Again { family: *family },
            State::Denied => Polled::Denied,
            State::Approved(_) | State::Pending if now >= self.expires => Polled::Expired,
            State::Approved(approval) => {
                let approval = approval.clone();
                self.state = State::Taken { family, at: now };
                Polled::Take(approval)
            }
            State::Pending => self.wait(now),
        }
    }

    /// The interval counts from the last poll that came in time: one that came too soon does
    /// not move it, so that nobody who mends their ways waits for ever.
    fn wait(&mut self, now: Timestamp) -> Polled {
        let Way::Code { interval, polled } = &mut self.way else { return Polled::Pending };
        let whole = Duration::from_secs(*interval);
        let enough = whole.saturating_sub(TOLERANCE + whole / 10);
        if polled.is_some_and(|polled| now.since(polled) < enough) {
            *interval = (*interval + SLOWER).min(SLOWEST);
            return Polled::TooSoon(*interval);
        }
        *polled = Some(now);
        Polled::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000;

    fn grant() -> Grant {
        Grant {
            client: "d1-cli".into(),
            scopes: Scopes::default(),
            origin: Origin::default(),
            began: Timestamp(0),
            expires: Timestamp(600 * SECOND),
            challenge: None,
            way: Way::Code { interval: Grant::INTERVAL, polled: None },
            state: State::Pending,
        }
    }

    fn approval() -> Approval {
        Approval {
            session: SessionId::from_bytes([1; 16]),
            user: UserId::from_bytes([2; 16]),
            account: AccountId::from_bytes([3; 16]),
            scopes: Scopes::all(),
            signed_in: Timestamp(1),
        }
    }

    fn poll(grant: &mut Grant, millis: u64) -> Polled {
        grant.poll(Timestamp(millis), Digest::of(b"family"))
    }

    #[test]
    fn the_first_poll_may_come_at_once_and_the_interval_only_grows() {
        let mut grant = grant();
        let said = [0, 1, 7, 22, 28, 49].map(|second| poll(&mut grant, second * SECOND));
        use Polled::{Pending, TooSoon};
        assert_eq!(said, [Pending, TooSoon(10), TooSoon(15), Pending, TooSoon(20), Pending]);
    }

    #[test]
    fn a_clock_that_runs_a_tenth_fast_is_not_too_soon() {
        let mut grant = grant();
        for count in 0..100 {
            assert_eq!(poll(&mut grant, count * 4_500), Polled::Pending, "poll {count}");
        }
    }

    #[test]
    fn whoever_keeps_asking_too_soon_waits_a_minute_and_not_for_ever() {
        let mut grant = grant();
        let said: Vec<_> = (0..120).map(|second| poll(&mut grant, second * SECOND)).collect();
        assert_eq!(said[20], Polled::TooSoon(SLOWEST));
        assert_eq!(said.iter().filter(|said| **said == Polled::Pending).count(), 3);
    }

    #[test]
    fn an_approved_one_is_handed_out_once_also_to_a_poll_that_comes_too_soon() {
        let mut grant = grant();
        poll(&mut grant, 0);
        grant.state = State::Approved(approval());
        assert_eq!(poll(&mut grant, 1), Polled::Take(approval()));
        let family = Digest::of(b"family");
        assert_eq!(poll(&mut grant, 2_000), Polled::JustTaken);
        let again = grant.poll(Timestamp(2_001), Digest::of(b"another"));
        assert_eq!(again, Polled::Again { family });
        assert_eq!(poll(&mut grant, 700 * SECOND), Polled::Again { family });
    }

    #[test]
    fn what_nobody_decided_or_collected_in_time_has_expired() {
        let mut grant = grant();
        assert!(grant.is_open(Timestamp(600 * SECOND - 1)));
        assert!(!grant.is_open(Timestamp(600 * SECOND)));
        assert_eq!(poll(&mut grant, 600 * SECOND), Polled::Expired);
        grant.state = State::Approved(approval());
        assert_eq!(poll(&mut grant, 600 * SECOND), Polled::Expired);
        grant.state = State::Denied;
        assert_eq!(poll(&mut grant, 600 * SECOND), Polled::Denied);
    }
}
