//! One connection: to the first address that answers, through the proxy where there is one.

use super::{Destination, NetworkError, Proxy};
use d1_core::Timestamp;
use futures_util::future::{select_ok, try_join};
use http_body_util::Empty;
use hyper::{
    Method, Request, Response, Uri,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{self, HeaderValue},
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    time::{Duration, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// How long a name may take. One after the other, these bounds fit into the deadline of a slow
/// check, that of a greeting twice.
const LOOK_UP: Duration = Duration::from_secs(3);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a proxy may take to let us through, and a handshake to be over.
pub(super) const GREET: Duration = Duration::from_millis(1500);
/// How long the head of an answer may take.
pub(super) const ANSWER: Duration = Duration::from_millis(1500);
/// Of so many addresses of one host each gets a try, all at once.
const MOST_ADDRESSES: usize = 4;

/// What bytes go over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Waits for an answer, but not longer than this.
pub(super) async fn within<T>(
    bound: Duration,
    work: impl Future<Output = Result<T, NetworkError>>,
) -> Result<T, NetworkError> {
    let timed_out = |_| NetworkError::TimedOut { after: bound };
    tokio::time::timeout(bound, work).await.map_err(timed_out)?
}

pub(super) async fn look_up(host: &str) -> Result<Vec<IpAddr>, NetworkError> {
    let looking = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((host, 0)));
    let found = looking.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let found = found.map_err(|source| NetworkError::NoName { source })?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.dedup();
    if addresses.is_empty() {
        return Err(NetworkError::NoName { source: io::ErrorKind::NotFound.into() });
    }
    Ok(addresses)
}

pub(super) async fn connect(to: SocketAddr) -> Result<TcpStream, NetworkError> {
    let connecting = tokio::time::timeout(CONNECT, TcpStream::connect(to));
    let stream = connecting.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    stream.map_err(|source| NetworkError::NoConnection { source })
}

/// A connection to whom is asked, or for plain HTTP to the proxy that asks them.
pub(super) async fn open(to: &Destination) -> Result<Box<dyn Stream>, NetworkError> {
    let (host, port) = to.first();
    let addresses = look_up(&host).await?;
    let tries = addresses.into_iter().take(MOST_ADDRESSES);
    let tries = tries.map(|ip| Box::pin(connect(SocketAddr::new(ip, port))));
    let (stream, _) = select_ok(tries).await?;
    match &to.proxy {
        Some(proxy) if to.uri.scheme_str() == Some("https") => {
            within(GREET, tunnel(stream, to, proxy)).await
        }
        Some(_) | None => Ok(Box::new(stream)),
    }
}

/// Has the proxy let us through (RFC 9110, 9.3.6).
async fn tunnel(
    stream: TcpStream,
    to: &Destination,
    proxy: &Proxy,
) -> Result<Box<dyn Stream>, NetworkError> {
    let target = authority(to);
    let request = Request::connect(&target).header(header::HOST, &target);
    let request = authorized(request, proxy).body(Empty::<Bytes>::new()).map_err(broken)?;
    let (mut ask, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let asking = async {
        let answer = ask.send_request(request).await.map_err(broken)?;
        if !answer.status().is_success() {
            return Err(NetworkError::Proxy { status: answer.status().as_u16() });
        }
        hyper::upgrade::on(answer).await.map_err(broken)
    };
    let carrying = async { connection.with_upgrades().await.map_err(broken) };
    let (through, ()) = try_join(asking, carrying).await?;
    Ok(Box::new(TokioIo::new(through)))
}

/// Asks for the head of a page, over a connection that is there.
pub(super) async fn head(
    stream: impl Read + Write + Unpin,
    to: &Destination,
) -> Result<Response<Incoming>, NetworkError> {
    let via = to.proxy.as_ref().filter(|_| to.uri.scheme_str() == Some("http"));
    let path = to.uri.path_and_query().map_or("/", |path| path.as_str());
    // A proxy has to be told whom to ask.
    let target = if via.is_some() { to.uri.to_string() } else { path.to_owned() };
    let request = Request::builder()
        .method(Method::HEAD)
        .uri(target)
        .header(header::HOST, authority(to))
        .header(header::USER_AGENT, concat!("d1-doctor/", env!("CARGO_PKG_VERSION")))
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::CONNECTION, "close");
    let request = via.into_iter().fold(request, authorized);
    let request = request.body(Empty::<Bytes>::new()).map_err(broken)?;
    let (mut ask, connection) = http1::handshake(stream).await.map_err(broken)?;
    let answer = ask.send_request(request);
    tokio::pin!(connection, answer);
    tokio::select! {
        answer = &mut answer => answer.map_err(broken),
        // It may be over with the answer; then the answer is there already.
        ended = &mut connection => match ended {
            Ok(()) => answer.await.map_err(broken),
            Err(error) => Err(broken(error)),
        },
    }
}

fn authorized(
    request: hyper::http::request::Builder,
    proxy: &Proxy,
) -> hyper::http::request::Builder {
    match &proxy.authorization {
        Some(secret) => request.header(header::PROXY_AUTHORIZATION, secret),
        None => request,
    }
}

/// The host with its port, and with brackets where it is an address of IPv6.
fn authority(to: &Destination) -> String {
    format!("{}:{}", to.uri.host().unwrap_or_default(), to.port())
}

pub(super) fn broken(error: impl std::error::Error) -> NetworkError {
    NetworkError::Broken { why: error.to_string() }
}

/// The date of an answer (RFC 9110, 6.6.1).
pub(super) fn date(value: &HeaderValue) -> Option<Timestamp> {
    let at = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    let since = at.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp(u64::try_from(since.as_millis()).ok()?))
}

/// The host that an answer sends us to; `None` when we may stay.
pub(super) fn sent_to(value: &HeaderValue) -> Option<String> {
    let uri: Uri = value.to_str().ok()?.parse().ok()?;
    uri.host().map(str::to_lowercase)
}
