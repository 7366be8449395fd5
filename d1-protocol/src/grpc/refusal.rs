//! How a call is refused by whoever knows: what is wrong, and when to ask again.

use super::status;
use d1_core::Problem;
use http::header::RETRY_AFTER;
use std::time::Duration;
use tonic::Status;

/// A call that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRefusal {
    /// What is wrong.
    pub problem: Problem,
    /// When asking again may help, where waiting does. Told in whole seconds, rounded up, as
    /// `retry-after` (RFC 9110, section 10.2.3).
    pub retry_after: Option<Duration>,
}

impl From<Problem> for CallRefusal {
    fn from(problem: Problem) -> Self {
        Self { problem, retry_after: None }
    }
}

impl CallRefusal {
    /// The refusal as a status.
    pub(super) fn status(&self) -> Status {
        let mut status = status::status(&self.problem);
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            status.metadata_mut().insert(RETRY_AFTER.as_str(), seconds.into());
        }
        status
    }
}
