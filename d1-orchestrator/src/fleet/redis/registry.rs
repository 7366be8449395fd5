//! A [`LinkRegistry`] that all servers share, in Redis. Each change is one script, which the
//! server runs alone; what is not renewed expires by itself, by the server's clock.

use crate::redis_server::connect;
use d1_core::{DeviceId, Holder, LinkRegistry, Node, NodeId, RegistryError};
use redis::{FromRedisValue, Script, ScriptInvocation, aio::ConnectionManager};
use std::{error::Error, fmt, sync::Arc, time::Duration};

/// How often in a row a new connection is tried for one question; the next one tries again.
const TRIES: usize = 1;
/// How many claims one script renews: others wait for it.
const BATCH: usize = 512;
/// The nodes. One hash slot holds all of it, so that a script may touch every key.
const NODES: &str = "{d1:links}:nodes";

/// A [`LinkRegistry`] that all servers share, in Redis.
///
/// It is connected to when it is first asked, and again when it was gone. A server that lost
/// everything is told again by the next renewals.
#[derive(Clone)]
pub struct RedisLinks {
    server: ConnectionManager,
    claim: Arc<Script>,
    renew: Arc<Script>,
    release: Arc<Script>,
    nodes: Arc<Script>,
    leave: Arc<Script>,
}

impl RedisLinks {
    /// The server at a `redis://`, `rediss://` (TLS) or `redis+unix://` address. Has to be called
    /// in a runtime. The certificate has to be of an authority that the system, or the file named
    /// by `SSL_CERT_FILE`, trusts.
    pub fn open(url: &str) -> Result<Self, RegistryError> {
        let server = connect(url, TRIES).map_err(failed("be reached"))?;
        let script = |text: &str| Arc::new(Script::new(text));
        Ok(Self {
            server,
            claim: script(include_str!("claim.lua")),
            renew: script(include_str!("renew.lua")),
            release: script(include_str!("release.lua")),
            nodes: script(include_str!("nodes.lua")),
            leave: script(include_str!("leave.lua")),
        })
    }

    async fn run<T: FromRedisValue>(
        &self,
        doing: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, RegistryError> {
        let mut connection = self.server.clone();
        script.invoke_async(&mut connection).await.map_err(failed(doing))
    }

    async fn renew_some(
        &self,
        node: &Node,
        claims: &[(DeviceId, u64)],
        ttl: Duration,
    ) -> Result<Vec<DeviceId>, RegistryError> {
        let mut script = self.renew.prepare_invoke();
        script.key(NODES).arg(node.id.to_string()).arg(&node.address).arg(millis(ttl));
        for (device, fence) in claims {
            script.key(link(*device)).arg(*fence);
        }
        let lost: Vec<usize> = self.run("renew links", &script).await?;
        let lost = lost.into_iter().filter_map(|place| claims.get(place));
        Ok(lost.map(|(device, _)| *device).collect())
    }
}

#[async_trait::async_trait]
impl LinkRegistry for RedisLinks {
    async fn claim(
        &self,
        device: DeviceId,
        node: &Node,
        least: u64,
        ttl: Duration,
    ) -> Result<u64, RegistryError> {
        let mut script = self.claim.prepare_invoke();
        script.key(link(device)).arg(node.id.to_string()).arg(&node.address);
        script.arg(least).arg(millis(ttl));
        let fence: String = self.run("claim a link", &script).await?;
        fence.parse().map_err(unreadable)
    }

    async fn renew(
        &self,
        node: &Node,
        claims: &[(DeviceId, u64)],
        ttl: Duration,
    ) -> Result<Vec<DeviceId>, RegistryError> {
        if claims.is_empty() {
            return self.renew_some(node, claims, ttl).await;
        }
        let mut lost = Vec::new();
        for some in claims.chunks(BATCH) {
            lost.extend(self.renew_some(node, some, ttl).await?);
        }
        Ok(lost)
    }

    async fn release(&self, device: DeviceId, fence: u64) -> Result<(), RegistryError> {
        let mut script = self.release.prepare_invoke();
        script.key(link(device)).arg(fence);
        self.run("release a link", &script).await
    }

    async fn find(&self, device: DeviceId) -> Result<Option<Holder>, RegistryError> {
        let mut connection = self.server.clone();
        let asked = redis::cmd("GET").arg(link(device)).query_async(&mut connection).await;
        let found: Option<String> = asked.map_err(failed("look up a link"))?;
        found.map(|text| holder(&text)).transpose()
    }

    async fn nodes(&self) -> Result<Vec<Node>, RegistryError> {
        let mut script = self.nodes.prepare_invoke();
        script.key(NODES);
        let found: Vec<String> = self.run("list servers", &script).await?;
        let mut nodes: Vec<Node> = found.iter().map(|text| node(text)).collect::<Result<_, _>>()?;
        nodes.sort_by_key(|node| node.id);
        Ok(nodes)
    }

    async fn leave(&self, node: NodeId) -> Result<(), RegistryError> {
        let mut script = self.leave.prepare_invoke();
        script.key(NODES).arg(node.to_string());
        self.run("leave", &script).await
    }
}

impl fmt::Debug for RedisLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may have a password in it.
        f.write_str("RedisLinks")
    }
}

fn link(device: DeviceId) -> String {
    format!("{{d1:links}}:device:{device}")
}

fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn holder(text: &str) -> Result<Holder, RegistryError> {
    let (fence, rest) = text.split_once(' ').ok_or_else(|| unreadable("a link has no server"))?;
    Ok(Holder { fence: fence.parse().map_err(unreadable)?, node: node(rest)? })
}

fn node(text: &str) -> Result<Node, RegistryError> {
    let (id, address) = text.split_once(' ').ok_or_else(|| unreadable("a server is nowhere"))?;
    Ok(Node { id: id.parse().map_err(unreadable)?, address: address.to_owned() })
}

fn unreadable(source: impl Into<Box<dyn Error + Send + Sync>>) -> RegistryError {
    RegistryError { doing: "be understood", source: source.into() }
}

fn failed(doing: &'static str) -> impl Fn(redis::RedisError) -> RegistryError {
    move |error| RegistryError { doing, source: error.into() }
}
