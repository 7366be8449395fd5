//! The connection to a Redis server.

use super::{RedisLeases, RedisLimiter};
use d1_core::LimiterError;
use redis::{
    Client, FromRedisValue, RedisError, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use std::{fmt, time::Duration};

/// How long the server may take to answer, or to take up a connection.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest wait between two tries to reach a server that is gone.
const MAX_DELAY: Duration = Duration::from_secs(1);
/// How often in a row one ask has a new connection tried for it; the next ask tries again.
const TRIES: usize = 3;

/// A Redis server that keeps limits and leases.
///
/// It is connected to when it is first asked, and again when it was gone.
#[derive(Clone)]
pub struct RedisLimits(ConnectionManager);

impl RedisLimits {
    /// The server at a `redis://`, `rediss://` (TLS) or `redis+unix://` address. Has to be called
    /// in a runtime. The certificate has to be of an authority that the system, or the file named
    /// by `SSL_CERT_FILE`, trusts.
    pub fn open(url: &str) -> Result<Self, LimiterError> {
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(PATIENCE))
            .set_connection_timeout(Some(PATIENCE))
            .set_max_delay(MAX_DELAY)
            .set_number_of_retries(TRIES);
        let connect = |client| ConnectionManager::new_lazy_with_config(client, config);
        let connection = Client::open(url).and_then(connect);
        connection.map(Self).map_err(|error| failed("understand the address of its server", error))
    }

    /// Its limits.
    #[must_use]
    pub fn limiter(&self) -> RedisLimiter {
        RedisLimiter::new(self.clone())
    }

    /// Its leases.
    #[must_use]
    pub fn leases(&self) -> RedisLeases {
        RedisLeases::new(self.clone())
    }

    /// Runs a script, which the server is given when it does not have it.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, LimiterError> {
        let mut connection = self.0.clone();
        script.invoke_async(&mut connection).await.map_err(|error| failed("ask Redis", error))
    }
}

impl fmt::Debug for RedisLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may have a password in it.
        f.write_str("RedisLimits")
    }
}

fn failed(doing: &'static str, error: RedisError) -> LimiterError {
    LimiterError::Backend { doing, source: error.into() }
}
