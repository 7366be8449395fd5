//! How a server among many goes without anybody being lost.
//!
//! 1. It says that it is not ready (`/readyz`), so that a proxy sends nobody new.
//! 2. It takes nothing new on: links and new setups are refused, and told to ask another server.
//! 3. Its links are closed one after the other, spread over [`MOVE_WITHIN`], so that not all
//!    devices knock on the next door at once; each dials again after a wait of its own. What
//!    runs on them goes on, and is followed by the server that they come to.
//! 4. When no link is left, or after [`DRAIN_WITHIN`], it ends as any server does.
//!
//! A server that has its store to itself has nobody to send anybody to, and ends at once.

use crate::{compose::App, refusal::Refusal};
use axum::http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use d1_core::{Category, Problem};
use std::time::Duration;

/// Over how long the links of a server are closed.
pub(crate) const MOVE_WITHIN: Duration = Duration::from_secs(10);
/// How long a server may take to get rid of its links.
pub(crate) const DRAIN_WITHIN: Duration = Duration::from_secs(30);
/// When to ask again: at once, as a proxy has another server for that.
const AGAIN_AFTER: u64 = 1;

impl App {
    /// Refuses what is new while this server goes.
    pub(crate) fn takes_on(&self) -> Result<(), Refusal> {
        if !self.draining.is_cancelled() {
            return Ok(());
        }
        let fields = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from(AGAIN_AFTER))]);
        Err(Refusal::from(going()).with(fields))
    }
}

/// What is told to whoever comes too late.
pub(crate) fn going() -> Problem {
    Problem::new("D1-NODE-004", Category::Network, "this server is going and takes nothing new on")
        .because("somebody has asked it to stop")
        .leaving("nothing was changed")
        .next("ask again: another server answers then")
}
