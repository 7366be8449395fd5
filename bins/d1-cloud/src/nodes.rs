//! The other servers: how they are found, and how they are asked.

use crate::{config::Config, identity::People};
use async_trait::async_trait;
use d1_core::{AccountId, DeviceId, FromDevice, Node, NodeId, RegistryError, SetupId, ToDevice};
use d1_orchestrator::{Fleet, NodeTokens, PeerError, Peers, PersonWish, RedisLinks};
use d1_protocol::{
    ClientError, NodeClient, NodeError,
    api::{Devices, WishBody},
};
use futures_util::future::join_all;
use std::{net::SocketAddr, sync::Arc};

/// The most servers that are asked for one list.
const MAX_NODES: usize = 64;

/// Why servers cannot find each other.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinksError {
    /// The address of Redis makes no sense.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The address of this server is none that the others may ask, or none can be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The other servers, and this one among them. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Nodes {
    fleet: Fleet,
    asker: Asker,
}

/// Asks other servers over HTTP.
#[derive(Clone, Debug)]
struct Asker {
    client: NodeClient,
    tokens: NodeTokens,
}

impl Nodes {
    /// The other servers, if this is one of many.
    pub(crate) fn open(
        config: &Config,
        id: NodeId,
        people: &People,
        listening: SocketAddr,
    ) -> Result<Option<Self>, LinksError> {
        let Some(url) = &config.links else { return Ok(None) };
        let address = config.node_address.clone().unwrap_or_else(|| format!("http://{listening}"));
        NodeClient::check(&address)?;
        let node = Node { id, address };
        let tokens = people.tokens.of_node(node.id);
        let asker = Asker { client: NodeClient::new()?, tokens };
        let registry = Arc::new(RedisLinks::open(url)?);
        let fleet = Fleet { node, registry, peers: Arc::new(asker.clone()) };
        Ok(Some(Self { fleet, asker }))
    }

    /// This server among the others.
    pub(crate) fn fleet(&self) -> Fleet {
        self.fleet.clone()
    }

    /// Whether whoever presents this token is another server that means this one.
    pub(crate) async fn knows(&self, token: &str) -> bool {
        match self.asker.tokens.verify(token).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(%error, "somebody who is no server of ours asked as one");
                false
            }
        }
    }

    /// The devices of an account that are linked to the other servers. Those that do not answer
    /// are left out, and the list says so.
    pub(crate) async fn devices(&self, account: AccountId) -> Devices {
        let mut all =
            Devices { schema: Devices::SCHEMA.to_owned(), devices: Vec::new(), complete: true };
        let nodes = match self.fleet.registry.nodes().await {
            Ok(nodes) => nodes,
            Err(error) => {
                tracing::warn!(%error, "the other servers are not known");
                return Devices { complete: false, ..all };
            }
        };
        let others: Vec<_> = nodes.into_iter().filter(|it| it.id != self.fleet.node.id).collect();
        all.complete = others.len() <= MAX_NODES;
        let asked = others.iter().take(MAX_NODES).map(|node| self.asker.devices(node, account));
        for (node, told) in others.iter().zip(join_all(asked).await) {
            match told {
                Ok(told) => all.devices.extend(told.devices),
                Err(error) => {
                    tracing::warn!(node = node.address, %error, "a server is left out of a list");
                    all.complete = false;
                }
            }
        }
        all
    }
}

impl Asker {
    async fn token(&self, node: &Node) -> Result<String, PeerError> {
        let issued = self.tokens.issue(node.id).await;
        issued.map_err(|error| PeerError::Unreachable(error.into()))
    }

    async fn devices(&self, node: &Node, account: AccountId) -> Result<Devices, PeerError> {
        let token = self.token(node).await?;
        self.client.devices(&node.address, &token, account).await.map_err(peer)
    }
}

#[async_trait]
impl Peers for Asker {
    async fn ask(
        &self,
        node: &Node,
        device: DeviceId,
        question: ToDevice,
    ) -> Result<FromDevice, PeerError> {
        let token = self.token(node).await?;
        self.client.ask(&node.address, &token, device, &question).await.map_err(peer)
    }

    async fn wish(&self, node: &Node, setup: SetupId, wish: PersonWish) -> Result<(), PeerError> {
        let token = self.token(node).await?;
        let wish = match wish {
            PersonWish::Approve => WishBody::Approve,
            PersonWish::Decline => WishBody::Decline,
            PersonWish::Stop(mode) => WishBody::Stop { mode },
            PersonWish::Resume { force } => WishBody::Resume { force },
        };
        self.client.wish(&node.address, &token, setup, wish).await.map_err(peer)
    }
}

fn peer(error: NodeError) -> PeerError {
    match error {
        NodeError::NotHere => PeerError::NotHere,
        NodeError::Refused(problem) => PeerError::Refused(problem),
        other @ (NodeError::Unreachable(_) | _) => PeerError::Unreachable(other.into()),
    }
}
