//! The connection to a Redis server.

use crate::redis_server::connect;
use d1_core::SessionError;
use redis::{FromRedisValue, RedisError, Script, ScriptInvocation, aio::ConnectionManager};
use std::{fmt, sync::Arc};

/// How often in a row a new connection is tried for one question; the next one tries again.
const TRIES: usize = 3;

/// A [`d1_core::SessionStore`] that all servers share, in Redis.
///
/// It is connected to when it is first asked, and again when it was gone. While it is, nobody
/// can sign in and nothing that was signed in is believed. A server that lost everything lets
/// everybody sign in again.
#[derive(Clone)]
pub struct RedisSessions {
    server: ConnectionManager,
    pub(super) create: Arc<Script>,
    pub(super) find: Arc<Script>,
    pub(super) save: Arc<Script>,
    pub(super) remove: Arc<Script>,
    pub(super) owned: Arc<Script>,
}

impl RedisSessions {
    /// The server at a `redis://`, `rediss://` (TLS) or `redis+unix://` address. Has to be called
    /// in a runtime. The certificate has to be of an authority that the system, or the file named
    /// by `SSL_CERT_FILE`, trusts.
    pub fn open(url: &str) -> Result<Self, SessionError> {
        let server = connect(url, TRIES).map_err(failed("reached"))?;
        let script = |text: &str| Arc::new(Script::new(text));
        Ok(Self {
            server,
            create: script(include_str!("create.lua")),
            find: script(include_str!("find.lua")),
            save: script(include_str!("save.lua")),
            remove: script(include_str!("remove.lua")),
            owned: script(include_str!("owned.lua")),
        })
    }

    /// Runs a script, which the server is given when it does not have it.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        doing: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, SessionError> {
        let mut connection = self.server.clone();
        script.invoke_async(&mut connection).await.map_err(failed(doing))
    }
}

impl fmt::Debug for RedisSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may have a password in it.
        f.write_str("RedisSessions")
    }
}

fn failed(doing: &'static str) -> impl Fn(RedisError) -> SessionError {
    move |error| SessionError::Backend { doing, source: error.into() }
}
