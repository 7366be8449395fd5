//! The addresses that devices reach by TLS, and a connection to one.

use super::tls::{Credentials, Trust, client};
use d1_core::TransportError;
use rustls::{ClientConfig, pki_types::ServerName};
use std::{error::Error, io, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::tungstenite::http::Uri;

/// A server, how to reach it, and how it is known.
#[derive(Clone, Debug)]
pub(crate) struct SecureAddress {
    /// As it was given.
    pub(crate) text: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

impl SecureAddress {
    /// The server at `url` (`wss://host:port`).
    pub(crate) fn new(
        url: &str,
        trust: &Trust,
        credentials: Option<&Credentials>,
    ) -> Result<Self, TransportError> {
        let refused = |why: &str| TransportError::Refused {
            address: url.chars().take(200).collect(),
            why: why.into(),
        };
        let wrong = || refused("it is not an address like wss://d1.example:7702");
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let (Some("wss"), Some(host), true) = (uri.scheme_str(), uri.host(), bare) else {
            return Err(wrong());
        };
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let config = client(trust, credentials).map_err(|error| TransportError::Unreachable {
            address: url.to_owned(),
            source: error.into(),
        })?;
        Ok(Self {
            text: url.to_owned(),
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(443),
            name: name.map_err(|_| wrong())?,
            config,
        })
    }

    /// Connects, and learns that it is the right server.
    pub(crate) async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let host = self.host.trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, self.port)).await?;
        stream.set_nodelay(true)?;
        TlsConnector::from(Arc::clone(&self.config)).connect(self.name.clone(), stream).await
    }

    pub(crate) fn unreachable(
        &self,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> TransportError {
        TransportError::Unreachable { address: self.text.clone(), source: source.into() }
    }
}

/// Whether somebody answered there who is not vouched for as the one that was meant.
pub(crate) fn is_stranger(error: &TransportError) -> bool {
    let TransportError::Unreachable { source, .. } = error else { return false };
    let inner = source.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let tls = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}
