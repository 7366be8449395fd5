//! The port: what may be asked of the network, and what comes back.

use super::Destination;
use d1_core::Timestamp;
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// The network. Each question has a bound of its own, and comes back within it.
#[async_trait::async_trait]
pub trait Network: fmt::Debug + Send + Sync {
    /// The addresses of a host; never an empty list.
    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, NetworkError>;

    /// Connects, and hangs up.
    async fn connect(&self, to: SocketAddr) -> Result<(), NetworkError>;

    /// One TLS handshake. A certificate that is not believed is an answer, not an error.
    async fn handshake(&self, to: &Destination) -> Result<Presented, NetworkError>;

    /// Asks for the head of a page over HTTP, or over HTTPS where the system believes the other
    /// side. A redirection is not followed.
    async fn head(&self, to: &Destination) -> Result<Answer, NetworkError>;
}

/// How the other side of a handshake showed who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Who vouches for it, as its certificate says; `None` when that cannot be read.
    pub issuer: Option<String>,
    /// Whether the authorities of this system vouch for it.
    pub by_system: Result<(), Refusal>,
    /// Whether the authorities vouch for it that many tools bring along.
    pub by_bundled: Result<(), Refusal>,
}

/// Why a certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody that is known vouches for it.
    #[error("no authority that is known vouches for it")]
    UnknownAuthority,
    /// It is over.
    #[error("its certificate has expired")]
    Expired,
    /// It has not begun.
    #[error("its certificate is not valid yet")]
    NotYet,
    /// It is somebody else's.
    #[error("its certificate is for another name")]
    OtherName,
    /// Anything else.
    #[error("its certificate is not believed: {0}")]
    Other(String),
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// When it was made, by the clock of the other side.
    pub date: Option<Timestamp>,
    /// How long it may have lain in stores on the way.
    pub age: Duration,
    /// The host that it sends us to, when it does.
    pub sent_to: Option<String>,
}

/// Why the network did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The name has no address, or nobody could be asked.
    #[error("its name cannot be looked up")]
    NoName {
        /// What the resolver said.
        source: io::Error,
    },
    /// There is no connection.
    #[error("it cannot be connected to: {source}")]
    NoConnection {
        /// Why not.
        source: io::Error,
    },
    /// There is a connection, and nothing comes over it in time.
    #[error("it takes the connection, and says nothing within {after:?}")]
    TimedOut {
        /// How long it had.
        after: Duration,
    },
    /// The proxy on the way does not let us through.
    #[error("the proxy says {status}")]
    Proxy {
        /// The status by which it says so.
        status: u16,
    },
    /// It speaks, and not as it should.
    #[error("it breaks off: {why}")]
    Broken {
        /// What went wrong.
        why: String,
    },
}
