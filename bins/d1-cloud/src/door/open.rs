//! Opening the door.

use super::{accept, config, watch};
use crate::{compose::App, config::Config};
use d1_core::{OnFailure, Supervisor};
use d1_orchestrator::{Authorities, AuthorityError};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;
use tokio_rustls::rustls;

/// Why there is no door for devices.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoorError {
    /// There is nobody who signs.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// TLS cannot be spoken like this.
    #[error("TLS cannot be spoken like this")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The address that devices are told makes no sense.
    #[error("`{0}` is not an address like wss://d1.example:7702")]
    Address(String),
}

impl From<rustls::Error> for DoorError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error.into())
    }
}

/// A door that is open.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// Where devices reach it, as `wss://host:port`.
    pub(crate) url: Arc<str>,
}

/// A door that has its place, and lets nobody in yet.
#[derive(Debug)]
pub(crate) struct Threshold {
    pub(crate) door: Door,
    listener: TcpListener,
    host: String,
    most_from_one: usize,
}

impl Threshold {
    /// Holds the place of a door, if there is to be one.
    pub(crate) async fn hold(config: &Config) -> Result<Option<Self>, DoorError> {
        let Some(address) = config.link_listen else { return Ok(None) };
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| DoorError::Listen { address, source })?;
        let address =
            listener.local_addr().map_err(|source| DoorError::Listen { address, source })?;
        let url = match &config.link_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("wss://{address}"),
        };
        let host = host(&url).ok_or_else(|| DoorError::Address(url.clone()))?;
        let most_from_one = config.ceilings.most_from_address as usize;
        Ok(Some(Self { door: Door { url: url.into() }, listener, host, most_from_one }))
    }
}

/// The host of an address like `wss://host:port`, without the brackets of IPv6.
fn host(url: &str) -> Option<String> {
    let place = url.strip_prefix("wss://")?;
    let place = place.parse::<axum::http::uri::Authority>().ok()?;
    let host = place.host().trim_matches(['[', ']']);
    let bare = !place.as_str().contains('@') && !host.is_empty();
    bare.then(|| host.to_owned())
}

/// Lets devices in from now on, for as long as the server lives.
pub(crate) async fn open(
    threshold: Threshold,
    authorities: Authorities,
    app: App,
    supervisor: &Supervisor,
) -> Result<(), DoorError> {
    let Threshold { listener, host, most_from_one, .. } = threshold;
    let clock = Arc::clone(&app.clock);
    let said = config::first(&authorities, &host, clock.now()).await?;
    let speech = said.subscribe();
    let until = |work: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| {
        let stopping = supervisor.stopping();
        async move {
            tokio::select! {
                () = work => {}
                () = stopping.cancelled() => {}
            }
        }
    };
    let keeping = config::keep(said, authorities, host, clock);
    supervisor.run("door for devices, what it shows", until(Box::pin(keeping)));
    supervisor.run("door for devices, who is shut out", until(Box::pin(watch::watch(app.clone()))));
    let accepting = until(Box::pin(accept::accept(listener, most_from_one, speech, app)));
    supervisor.spawn("door for devices", OnFailure::StopAll, async move {
        accepting.await;
        Ok::<(), std::convert::Infallible>(())
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_a_secure_address_and_nothing_else() {
        assert_eq!(host("wss://d1.example:7702").unwrap(), "d1.example");
        assert_eq!(host("wss://[::1]:7702").unwrap(), "::1");
        for bad in ["", "ws://d1.example", "wss://", "wss://a@b:1", "wss://d1.example/x", "d1"] {
            assert_eq!(host(bad), None, "{bad}");
        }
    }
}
