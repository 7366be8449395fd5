//! Asking again when the cloud says when.

use super::ClientError;
use std::time::Duration;
use tokio::time::Instant;

/// The longest anybody waits because the cloud asks them to.
const MAX_PATIENCE: Duration = Duration::from_secs(60);
/// The shortest wait before asking again.
const LEAST_WAIT: Duration = Duration::from_millis(100);

/// How long somebody may wait in all, where the cloud asks them to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Patience(Duration);

impl Patience {
    /// So long at most, and never longer than a minute.
    pub(crate) fn of(most: Duration) -> Self {
        Self(most.min(MAX_PATIENCE))
    }

    /// Waits as the answer asks to, when that ends in time. Says whether to ask again.
    pub(crate) async fn waits<T>(self, began: Instant, answer: &Result<T, ClientError>) -> bool {
        let Err(ClientError::Limited { retry_after, .. }) = answer else { return false };
        if began.elapsed().saturating_add(*retry_after) > self.0 {
            return false;
        }
        // Never at once, whatever a server says.
        tokio::time::sleep((*retry_after).max(LEAST_WAIT)).await;
        true
    }
}
