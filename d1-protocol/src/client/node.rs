//! Asks another server, as one of them.
//!
//! A device may take minutes to answer, so a server that has died is not told from one that
//! waits by the answer alone: while it is waited for, the server is asked whether it lives.

use super::{ClientError, address::local, calls::bounded, connection::asker};
use crate::{
    api::{self, Devices, ProblemBody, WishBody},
    decode_from_device, encode_to_device,
};
use bytes::Bytes;
use d1_core::{AccountId, DeviceId, FromDevice, Problem, SetupId, ToDevice};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::CONTENT_TYPE};
use std::{error::Error, time::Duration};

/// How long a connection to another server may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// How long any answer may take: a little more than a device may, which is asked.
const ANSWER_WITHIN: Duration = Duration::from_secs(5 * 60 + 30);
/// How often a server that is waited for is asked whether it lives.
const LIVES_EVERY: Duration = Duration::from_secs(2);
/// How long it may take to say so.
const LIVES_WITHIN: Duration = Duration::from_secs(3);
/// The media type of a frame.
const FRAME: &str = "application/x-protobuf";

/// Why another server did not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// It has not got the link of the device, and has done nothing.
    #[error("the device is not linked to that server")]
    NotHere,
    /// It does not answer, or makes no sense. Nobody knows what it has done.
    #[error("the other server does not answer")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// It answers why not.
    #[error("{0}")]
    Refused(Box<Problem>),
}

impl NodeError {
    fn unreachable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreachable(error.into())
    }
}

/// Asks other servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct NodeClient {
    http: reqwest::Client,
}

/// Whom to ask, and by what one is known there.
#[derive(Clone, Copy, Debug)]
struct At<'a> {
    address: &'a str,
    token: &'a str,
}

impl NodeClient {
    /// A client without open connections.
    pub fn new() -> Result<Self, ClientError> {
        Ok(Self { http: asker("http://", CONNECT_WITHIN)? })
    }

    /// Whether this is the address of a server that may be asked: of this machine, as there is
    /// no TLS between servers yet.
    pub fn check(address: &str) -> Result<(), ClientError> {
        local(address).map(drop)
    }

    /// Puts a question to a device that is linked to the server at `address`.
    pub async fn ask(
        &self,
        address: &str,
        token: &str,
        device: DeviceId,
        question: &ToDevice,
    ) -> Result<FromDevice, NodeError> {
        let body = encode_to_device(question).map_err(NodeError::unreachable)?;
        let path = api::NODE_QUESTION.replace("{id}", &device.to_string());
        let call = self.call(At { address, token }, Method::POST, &path)?;
        let answer = self.answer(address, call.header(CONTENT_TYPE, FRAME).body(body)).await?;
        decode_from_device(Bytes::from(answer)).map_err(NodeError::unreachable)
    }

    /// Has the server at `address` do with a setup as a person wishes.
    pub async fn wish(
        &self,
        address: &str,
        token: &str,
        setup: SetupId,
        wish: WishBody,
    ) -> Result<(), NodeError> {
        let path = api::NODE_WISH.replace("{id}", &setup.to_string());
        let call = self.call(At { address, token }, Method::POST, &path)?;
        self.answer(address, call.json(&wish)).await.map(drop)
    }

    /// The devices of an account that are linked to the server at `address`.
    pub async fn devices(
        &self,
        address: &str,
        token: &str,
        account: AccountId,
    ) -> Result<Devices, NodeError> {
        let path = api::NODE_DEVICES.replace("{id}", &account.to_string());
        let call = self.call(At { address, token }, Method::GET, &path)?;
        let answer = self.answer(address, call.timeout(LIVES_WITHIN)).await?;
        serde_json::from_slice(&answer).map_err(NodeError::unreachable)
    }

    fn call(&self, at: At<'_>, method: Method, path: &str) -> Result<RequestBuilder, NodeError> {
        let mut url = local(at.address).map_err(NodeError::unreachable)?;
        url.set_path(path);
        let call = self.http.request(method, url).timeout(ANSWER_WITHIN);
        Ok(call.bearer_auth(at.token))
    }

    /// What is answered, unless the server dies meanwhile.
    async fn answer(&self, address: &str, call: RequestBuilder) -> Result<Vec<u8>, NodeError> {
        let answered = async {
            let answer = call.send().await.map_err(NodeError::unreachable)?;
            read(answer).await
        };
        tokio::select! {
            biased;
            answered = answered => answered,
            dead = self.until_dead(address) => Err(dead),
        }
    }

    /// Asks again and again whether a server lives, and returns when it does not.
    async fn until_dead(&self, address: &str) -> NodeError {
        let lives = async || {
            let mut url = local(address).map_err(NodeError::unreachable)?;
            url.set_path(api::HEALTH);
            let asked = self.http.get(url).timeout(LIVES_WITHIN).send().await;
            asked.map(drop).map_err(NodeError::unreachable)
        };
        loop {
            tokio::time::sleep(LIVES_EVERY).await;
            if let Err(dead) = lives().await {
                return dead;
            }
        }
    }
}

async fn read(answer: Response) -> Result<Vec<u8>, NodeError> {
    let status = answer.status();
    if status == StatusCode::MISDIRECTED_REQUEST {
        return Err(NodeError::NotHere);
    }
    if status == StatusCode::UNAUTHORIZED {
        return Err(NodeError::unreachable(
            "it does not know this server; see that both share keys",
        ));
    }
    let body = bounded(answer).await.map_err(NodeError::unreachable)?;
    if status.is_success() {
        return Ok(body);
    }
    match serde_json::from_slice::<ProblemBody>(&body) {
        Ok(told) => Err(NodeError::Refused(Box::new(told.problem))),
        Err(_) => Err(NodeError::unreachable(format!("it answered {status}"))),
    }
}
