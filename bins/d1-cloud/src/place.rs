//! A place of which an account has few at a time: kept while somebody is there.

use crate::{compose::App, refusal::Refusal};
use axum::http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use d1_core::{AccountId, Category, LimitKeyError, Problem};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How many event streams an account may have open: more than a person watches.
pub(crate) const STREAMS: u32 = 64;
/// How long a place is kept of which nobody has heard: its server has died.
const TTL: Duration = Duration::from_secs(60);
/// How often whoever is there says so.
const RENEW: Duration = Duration::from_secs(20);

/// A place of an account, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(#[expect(dead_code, reason = "dropping it is its use")] Option<DropGuard>);

/// Takes a place for an event stream. While places cannot be counted nobody is kept out: a
/// stream is a look.
pub(crate) async fn stream(app: &App, account: AccountId) -> Result<Place, Refusal> {
    let bug = |error: LimitKeyError| Problem::new("D1-LIMIT-500", Category::Bug, error.to_string());
    let owner = format!("account:{account}").parse().map_err(bug)?;
    let thing = "streams".parse().map_err(bug)?;
    let lease = match app.limits.leases.take(&owner, &thing, STREAMS, TTL).await {
        Ok(Some(lease)) => lease,
        Ok(None) => {
            let title =
                format!("this account has {STREAMS} event streams open, the most there may be");
            let problem = Problem::new("D1-LIMIT-429", Category::Denied, title)
                .leaving("nothing was changed")
                .next("close one, or ask again in a minute");
            // By then whatever is kept for somebody who died has ended.
            let fields = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from(TTL.as_secs()))]);
            return Err(Refusal::from(problem).with(fields));
        }
        Err(error) => {
            tracing::warn!(%error, "an event stream is not counted");
            return Ok(Place(None));
        }
    };
    let (leases, left) = (app.limits.leases.clone(), CancellationToken::new());
    let guard = left.clone().drop_guard();
    let stopping = app.supervisor.stopping();
    app.supervisor.run("place of an event stream", async move {
        loop {
            tokio::select! {
                () = left.cancelled() => break,
                () = stopping.cancelled() => break,
                () = tokio::time::sleep(RENEW) => {
                    // One that ended while its server was away is not taken back from others.
                    if let Err(error) = leases.renew(&lease, TTL).await {
                        tracing::warn!(%error, "a place cannot be renewed");
                    }
                }
            }
        }
        if let Err(error) = leases.give_back(&lease).await {
            tracing::warn!(%error, "a place is not given back; it ends by itself");
        }
    });
    Ok(Place(Some(guard)))
}
