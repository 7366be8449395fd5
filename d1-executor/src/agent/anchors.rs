//! Heads of audit logs, as two sides tell each other: told when there is news, kept when they are.

use d1_core::{Digest, SignedHead};
use std::time::Duration;
use tokio::time::Instant;

/// The least time between two heads that are kept: nobody fills our log with theirs.
const KEPT_EVERY: Duration = Duration::from_secs(10);

/// What was told and kept in one conversation.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    told: Option<u64>,
    kept: Option<(Digest, Instant)>,
}

impl Anchors {
    /// Whether there is something to tell: at first, and when more was done since.
    pub(super) fn is_news(&mut self, deeds: u64) -> bool {
        self.told.replace(deeds) != Some(deeds)
    }

    /// Whether a head is another one than before, and has not come too soon after it.
    pub(super) fn is_new(&mut self, head: &SignedHead, now: Instant) -> bool {
        let hash = head.checkpoint.hash;
        let is_new = self.kept.is_none_or(|(kept, at)| kept != hash && now - at >= KEPT_EVERY);
        if is_new {
            self.kept = Some((hash, now));
        }
        is_new
    }
}
