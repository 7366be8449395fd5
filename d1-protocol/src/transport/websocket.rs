//! Links over WebSocket (RFC 6455): one binary message for each of ours, pings as heartbeat.
//!
//! Plain on this machine only. Links to other machines go over TLS, and the device shows its
//! certificate (feature `secure`).

use super::{
    pump::{Heartbeat, link},
    side::{Device, Orchestrator},
};
#[cfg(feature = "secure")]
use super::{
    secure::SecureAddress,
    tls::{Credentials, Trust},
};
use crate::{
    MAX_FRAME_BYTES,
    api::{LINK, ProblemBody},
};
use d1_core::{
    DeviceLink, FromDevice, OrchestratorLink, Supervisor, ToDevice, Transport, TransportError,
};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use std::{error::Error, fmt, future, net::IpAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        handshake::client::Request,
        http::{HeaderValue, Uri, header::AUTHORIZATION},
        protocol::WebSocketConfig,
    },
};

pub use super::pump::Frame;

/// How long a connection and its handshake may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How often the other side is asked for a sign of life, and how long it may be silent.
const HEARTBEAT: Heartbeat =
    Heartbeat { every: Duration::from_secs(15), patience: Duration::from_secs(45) };
/// How many bytes are read from the socket at once; an idle link costs about this much.
pub const READ_BUFFER: usize = 4 * 1024;

/// Dials a cloud, as a device.
pub struct Dial {
    request: Request,
    address: String,
    road: Road,
    supervisor: Supervisor,
}

/// How the server is reached.
enum Road {
    /// On this machine, by host and port.
    Plain(String, u16),
    /// Anywhere, over TLS.
    #[cfg(feature = "secure")]
    Secure(SecureAddress),
}

impl Dial {
    /// Dials the cloud at `url` (`ws://host:port`), presenting `token`.
    pub fn new(
        url: &str,
        token: Option<String>,
        supervisor: Supervisor,
    ) -> Result<Self, TransportError> {
        let refused =
            |why: &str| TransportError::Refused { address: url.to_owned(), why: why.into() };
        let uri: Uri =
            url.parse().map_err(|_| refused("it is not an address like ws://127.0.0.1:7701"))?;
        if uri.scheme_str() != Some("ws") {
            return Err(refused("only ws:// goes with a token; enrol for links over TLS"));
        }
        let host = uri.host().unwrap_or_default().to_owned();
        if !is_this_machine(&host) {
            return Err(refused("it is on another machine, and links there need TLS"));
        }
        let port = uri.port_u16().unwrap_or(80);
        let full = format!("ws://{host}:{port}{LINK}");
        let mut request =
            full.into_client_request().map_err(|_| refused("it is not an address"))?;
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| refused("the token has characters that cannot be sent"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(Self { request, address: url.to_owned(), road: Road::Plain(host, port), supervisor })
    }

    /// Dials the cloud at `url` (`wss://host:port`), which is known by `trust`, showing this
    /// certificate.
    #[cfg(feature = "secure")]
    pub fn secure(
        url: &str,
        trust: &Trust,
        credentials: &Credentials,
        supervisor: Supervisor,
    ) -> Result<Self, TransportError> {
        let to = SecureAddress::new(url, trust, Some(credentials))?;
        let full = format!("wss://{}:{}{LINK}", to.host, to.port);
        let request = full.into_client_request().map_err(|error| to.unreachable(error))?;
        Ok(Self { request, address: url.to_owned(), road: Road::Secure(to), supervisor })
    }

    fn unreachable(&self, source: impl Into<Box<dyn Error + Send + Sync>>) -> TransportError {
        TransportError::Unreachable { address: self.address.clone(), source: source.into() }
    }

    /// Becomes a link over a connection that is there.
    async fn greet<S>(&self, stream: S) -> Result<DeviceLink, TransportError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match client_async_with_config(self.request.clone(), stream, Some(config())).await {
            Ok((socket, _)) => {
                Ok(link::<Device, _, _>(framed(socket), Some(HEARTBEAT), &self.supervisor))
            }
            Err(tungstenite::Error::Http(response)) => {
                Err(TransportError::Refused { address: self.address.clone(), why: why(&response) })
            }
            Err(error) => Err(self.unreachable(error)),
        }
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial").field("address", &self.address).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl Transport<FromDevice, ToDevice> for Dial {
    async fn connect(&self) -> Result<DeviceLink, TransportError> {
        let connecting = async {
            match &self.road {
                Road::Plain(host, port) => {
                    let host = host.trim_matches(['[', ']']);
                    let stream = TcpStream::connect((host, *port)).await;
                    let stream = stream.map_err(|error| self.unreachable(error))?;
                    stream.set_nodelay(true).map_err(|error| self.unreachable(error))?;
                    self.greet(stream).await
                }
                #[cfg(feature = "secure")]
                Road::Secure(to) => {
                    let stream = to.connect().await.map_err(|error| self.unreachable(error))?;
                    self.greet(stream).await
                }
            }
        };
        let connected = tokio::time::timeout(CONNECT_WITHIN, connecting).await;
        connected.map_err(|elapsed| self.unreachable(elapsed))?
    }
}

/// What a server says that will have no link: the title of its problem, where it tells one.
fn why(response: &tungstenite::http::Response<Option<Vec<u8>>>) -> String {
    let body = response.body().as_deref().unwrap_or_default();
    let told = serde_json::from_slice::<ProblemBody>(body).map(|body| body.problem.title);
    told.unwrap_or_else(|_| format!("it answered {}", response.status()))
}

/// Makes a link of a socket that a server has accepted.
///
/// The server's own WebSocket is handed in as a stream and sink of [`Frame`]s: its binary
/// messages as [`Frame::Message`], pings to be sent and anything else it hears as
/// [`Frame::Beat`].
pub fn accept<T, E>(socket: T, supervisor: &Supervisor) -> OrchestratorLink
where
    T: Stream<Item = Result<Frame, E>> + Sink<Frame> + Send + 'static,
    E: Send + 'static,
{
    link::<Orchestrator, _, _>(socket, Some(HEARTBEAT), supervisor)
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_FRAME_BYTES)
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES))
}

fn framed<S>(
    socket: S,
) -> impl Stream<Item = Result<Frame, tungstenite::Error>> + Sink<Frame> + Send
where
    S: Stream<Item = Result<Message, tungstenite::Error>>
        + Sink<Message, Error = tungstenite::Error>
        + Send,
{
    socket
        .take_while(|message| future::ready(!matches!(message, Ok(Message::Close(_)))))
        .map(|message| {
            message.map(|message| match message {
                Message::Binary(bytes) => Frame::Message(bytes),
                Message::Text(_)
                | Message::Ping(_)
                | Message::Pong(_)
                | Message::Close(_)
                | Message::Frame(_) => Frame::Beat,
            })
        })
        .with(|frame| {
            future::ready(Ok::<Message, tungstenite::Error>(match frame {
                Frame::Message(bytes) => Message::Binary(bytes),
                Frame::Beat => Message::Ping(bytes::Bytes::new()),
            }))
        })
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_dialled_without_tls() {
        let dial = |url| Dial::new(url, Some("secret-secret-secret".into()), Supervisor::default());
        for fine in ["ws://127.0.0.1:7701", "ws://localhost:1", "ws://[::1]:7701"] {
            assert!(dial(fine).is_ok(), "{fine}");
        }
        for bad in
            ["ws://example.org:80", "wss://127.0.0.1", "http://127.0.0.1", "", "ws://10.0.0.1:1"]
        {
            assert!(dial(bad).is_err(), "{bad}");
        }
        let shown = format!("{:?}", dial("ws://127.0.0.1:1").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
