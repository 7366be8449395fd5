//! The [`Transport`] port: make a link to the other side.

use crate::Link;
use std::{error::Error, fmt};

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// Nobody answers there.
    #[error("nobody answers at {address}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Somebody answers, and will not have us.
    #[error("{address} refused the link: {why}")]
    Refused {
        /// Where.
        address: String,
        /// In whose words.
        why: String,
    },
}

/// Makes links, each a new conversation with the same other side.
///
/// A link keeps the order of messages and loses none while it lasts. When one end
/// is dropped, the other end hears `None` after everything that was said before.
/// A slow reader slows the writer; it never costs unbounded memory.
#[async_trait::async_trait]
pub trait Transport<Out, In>: fmt::Debug + Send + Sync {
    /// Makes a link.
    async fn connect(&self) -> Result<Link<Out, In>, TransportError>;
}
