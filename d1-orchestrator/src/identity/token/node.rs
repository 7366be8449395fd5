//! Tokens by which servers know each other: signed with the keys that they share, for one other
//! server, and good for a minute.
//!
//! They are of a type of their own and name another audience, so neither is ever taken for a
//! person's. Whoever can sign one can read the keys, and could sign anything.

use super::{
    error::TokenError,
    issue::{AccessTokens, random_name, sign},
    verify::{Times, read},
};
use crate::identity::keys::Keys;
use d1_core::{Clock, NodeId};
use jsonwebtoken::{Algorithm, Validation};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// How long a server may take to bring a token to another one.
const NODE_TOKEN_LIFE: Duration = Duration::from_secs(60);

/// What says that a token is one of a server (RFC 8725 §3.11).
const TYPE: &str = "node+jwt";

/// Issues and verifies the tokens of one server.
#[derive(Clone, Debug)]
pub struct NodeTokens {
    node: NodeId,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: NodeId,
    aud: NodeId,
    exp: u64,
    nbf: u64,
    iat: u64,
    jti: String,
}

impl NodeTokens {
    /// The tokens of `node`, signed with the keys that it shares with the others.
    #[must_use]
    pub const fn new(node: NodeId, keys: Keys, clock: Arc<dyn Clock>) -> Self {
        Self { node, keys, clock }
    }

    /// A token that says to `node` who asks.
    pub async fn issue(&self, node: NodeId) -> Result<String, TokenError> {
        let now = self.clock.now().0 / 1_000;
        let claims = Claims {
            iss: self.node,
            aud: node,
            exp: now + NODE_TOKEN_LIFE.as_secs(),
            nbf: now,
            iat: now,
            jti: random_name()?,
        };
        sign(&self.keys, TYPE, &claims).await
    }

    /// Which server asks this one, if the token is one of them and good now.
    pub async fn verify(&self, token: &str) -> Result<NodeId, TokenError> {
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_audience(&[self.node]);
        rules.set_required_spec_claims(&["aud", "exp", "iss", "nbf"]);
        let claims: Claims = read(&self.keys, token, TYPE, rules).await?;
        let times = Times { iat: claims.iat, nbf: claims.nbf, exp: claims.exp };
        times.are_good(&*self.clock, NODE_TOKEN_LIFE)?;
        Ok(claims.iss)
    }
}

impl AccessTokens {
    /// The tokens by which servers that share these keys know each other.
    #[must_use]
    pub fn of_node(&self, node: NodeId) -> NodeTokens {
        NodeTokens::new(node, self.keys.clone(), Arc::clone(&self.clock))
    }
}
