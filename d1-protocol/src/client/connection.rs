//! How connections to the cloud are made and kept.

use super::{ClientError, tls};
use std::time::Duration;

/// How long a connection is kept that nothing is asked over: servers end those that ask nothing
/// for ten seconds, and a question must not meet that end.
const KEEP_IDLE: Duration = Duration::from_secs(5);

/// What asks, without open connections, which may take so long to be made. Proxies are for the
/// world outside.
pub(super) fn asker(base: &str, connect_within: Duration) -> Result<reqwest::Client, ClientError> {
    let tls = tls::towards(base).map_err(|error| ClientError::Unreachable(error.into()))?;
    let http = reqwest::Client::builder().connect_timeout(connect_within);
    let http = http.tls_backend_preconfigured(tls);
    let http = http.pool_idle_timeout(KEEP_IDLE).no_proxy().build();
    http.map_err(ClientError::unreachable)
}
