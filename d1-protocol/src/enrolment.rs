//! How a device asks for its certificates: one connection for each question, to a server that
//! it knows.

use crate::{
    api::{self, EnrolRequest, PapersView, ProblemBody, RecoverRequest, RenewRequest},
    transport::{
        secure::{SecureAddress, is_stranger},
        tls::{Credentials, Trust},
    },
};
use bytes::Bytes;
use d1_core::{Category, Problem, TransportError};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use std::{error::Error, time::Duration};

/// How long a connection and an answer may take.
const WITHIN: Duration = Duration::from_secs(30);
/// The most bytes of an answer: a dozen certificates.
const MAX_ANSWER: usize = 64 * 1024;

/// Why a device got no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// The server says why not.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The server cannot be reached, or is not the one that was meant.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It answered something that makes no sense.
    #[error("the cloud's answer makes no sense; see that both are of versions that fit")]
    Nonsense(#[source] Box<dyn Error + Send + Sync>),
}

impl EnrolmentError {
    /// The same, told so that a person can act on it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => (**problem).clone(),
            Self::Transport(error) => unreached(error),
            Self::Nonsense(source) => {
                let text = self.to_string();
                let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
                Problem::new("D1-NET-002", Category::Network, title)
                    .because(source.to_string())
                    .next(remedy)
            }
        }
    }
}

fn unreached(error: &TransportError) -> Problem {
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    let title = if is_stranger(error) {
        "who answers there is not the cloud of this authority".to_owned()
    } else {
        error.to_string()
    };
    Problem::new("D1-NET-001", Category::Network, title)
        .because(cause)
        .leaving("nothing was changed")
        .next("see that the address and the authority are those that the cloud told")
}

/// Asks a cloud for certificates, as a device.
#[derive(Clone, Debug)]
pub struct EnrolmentClient(SecureAddress);

impl EnrolmentClient {
    /// A client of the server at `url` (`wss://host:port`), which is known by `trust`, for a
    /// device that has no certificate.
    pub fn new(url: &str, trust: &Trust) -> Result<Self, TransportError> {
        SecureAddress::new(url, trust, None).map(Self)
    }

    /// The same, for a device that shows the certificate it has.
    pub fn known(
        url: &str,
        trust: &Trust,
        credentials: &Credentials,
    ) -> Result<Self, TransportError> {
        SecureAddress::new(url, trust, Some(credentials)).map(Self)
    }

    /// Enrols.
    pub async fn enrol(&self, request: &EnrolRequest) -> Result<PapersView, EnrolmentError> {
        self.ask(api::ENROL, request).await
    }

    /// Gets the next certificate with the last one.
    pub async fn renew(&self, request: &RenewRequest) -> Result<PapersView, EnrolmentError> {
        self.ask(api::RENEW, request).await
    }

    /// Gets the next certificate though the last one is over.
    pub async fn recover(&self, request: &RecoverRequest) -> Result<PapersView, EnrolmentError> {
        self.ask(api::RECOVER, request).await
    }

    async fn ask(&self, path: &str, body: &impl Serialize) -> Result<PapersView, EnrolmentError> {
        let body = serde_json::to_vec(body).map_err(|error| nonsense(error.into()))?;
        let asked = tokio::time::timeout(WITHIN, self.ask_once(path, body.into())).await;
        let (status, answer) = asked.map_err(|elapsed| self.0.unreachable(elapsed))??;
        if (200..300).contains(&status) {
            return serde_json::from_slice(&answer).map_err(|error| nonsense(error.into()));
        }
        let told = serde_json::from_slice::<ProblemBody>(&answer).map(|body| body.problem);
        Err(EnrolmentError::Refused(Box::new(told.unwrap_or_else(|_| {
            let title = format!("the cloud answered {status}");
            Problem::new("D1-NET-004", Category::Network, title)
        }))))
    }

    async fn ask_once(&self, path: &str, body: Bytes) -> Result<(u16, Bytes), EnrolmentError> {
        let lost = |error: hyper::Error| self.0.unreachable(error);
        let stream = self.0.connect().await.map_err(|error| self.0.unreachable(error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        let host = format!("{}:{}", self.0.host, self.0.port);
        let request = Request::post(path)
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| nonsense(error.into()))?;
        let asking = async {
            let answer = sender.send_request(request).await.map_err(lost)?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            Ok((status, body.map_err(nonsense)?.to_bytes()))
        };
        tokio::pin!(asking, connection);
        // The connection is driven by whoever waits for the answer, and ends with it.
        tokio::select! {
            biased;
            answered = &mut asking => answered,
            ended = &mut connection => match ended {
                Ok(()) => asking.await,
                Err(error) => Err(lost(error).into()),
            },
        }
    }
}

fn nonsense(error: Box<dyn Error + Send + Sync>) -> EnrolmentError {
    EnrolmentError::Nonsense(error)
}
