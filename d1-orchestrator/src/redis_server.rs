//! How a Redis server is connected to, whatever is kept in it.

use redis::{
    Client, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use std::time::Duration;

/// How long the server may take to answer, or to take up a connection.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest wait between two tries to reach a server that is gone.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// The server at `url`, which is connected to when it is first asked, and again when it was
/// gone: so many tries for one question, and the next question tries again.
pub(crate) fn connect(url: &str, tries: usize) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(PATIENCE))
        .set_connection_timeout(Some(PATIENCE))
        .set_max_delay(MAX_DELAY)
        .set_number_of_retries(tries);
    ConnectionManager::new_lazy_with_config(Client::open(url)?, config)
}
