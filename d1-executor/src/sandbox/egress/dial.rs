//! Calls whom a name leads to: looks it up once, judges every address, and calls what was judged.

use super::{
    address::{Inside, judge},
    audit::{Ticket, decision},
    name::DomainName,
    own,
    rule::HostRule,
    world::World,
};
use crate::doctor::Proxy;
use d1_core::{NetworkAsk, NetworkReason};
use http_body_util::Empty;
use hyper::{Request, body::Bytes, client::conn::http1, header, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

/// Of so many addresses of one name each gets a try, one after the other.
const MOST_ADDRESSES: usize = 8;

/// What bytes go over, outside.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A connection to whom a name leads to.
pub(super) struct Called {
    pub(super) stream: Box<dyn Wire>,
    pub(super) ticket: Ticket,
    /// The proxy at the other end, when it wants to be asked instead of passing bytes on.
    pub(super) via: Option<Proxy>,
}

impl World {
    /// Calls `port` of `host`. A refusal is written down already.
    pub(super) async fn call(
        &self,
        host: &DomainName,
        port: u16,
        is_plain: bool,
    ) -> Result<Called, NetworkReason> {
        let until = Instant::now() + self.meter.budget.connect();
        if !self.outside.owner.lets_call(&HostRule::of_name(host, port)) {
            self.no(host, ("", port), NetworkReason::NoLongerAllowed);
            return Err(NetworkReason::NoLongerAllowed);
        }
        if let Some(proxy) = self.proxy(host, is_plain) {
            return self.through(proxy, (host, port), is_plain, until).await;
        }
        let looked_up = timeout_at(until, self.outside.resolver.addresses(host, port)).await;
        let found = match looked_up {
            Ok(Ok(found)) if !found.is_empty() => found,
            Ok(Ok(_) | Err(_)) | Err(_) => {
                self.no(host, ("", port), NetworkReason::NotResolved);
                return Err(NetworkReason::NotResolved);
            }
        };
        let callable = self.judged(host, port, found)?;
        self.first(host, port, &callable, until).await
    }

    /// Calls an address that is allowed as such.
    pub(super) async fn call_address(&self, to: SocketAddr) -> Result<Called, NetworkReason> {
        let until = Instant::now() + self.meter.budget.connect();
        if !self.outside.owner.lets_call(&HostRule::of_address(to.ip(), to.port())) {
            let (address, reason) = (to.ip().to_string(), NetworkReason::NoLongerAllowed);
            self.refuse(NetworkAsk::Connection, "", (&address, to.port()), reason);
            return Err(reason);
        }
        let (stream, ticket) = self.one("", to.port(), to, until).await?;
        Ok(Called { stream: Box::new(stream), ticket, via: None })
    }

    /// The addresses that may be called; when none may, why the first may not.
    fn judged(
        &self,
        host: &DomainName,
        port: u16,
        found: Vec<SocketAddr>,
    ) -> Result<Vec<SocketAddr>, NetworkReason> {
        let own = own::addresses();
        let still = |net: &&Inside| self.outside.owner.lets_lead(net);
        let inside: Vec<&Inside> = self.inside.iter().filter(still).collect();
        let why_not = |address: &SocketAddr| {
            let ip = address.ip().to_canonical();
            // What cannot be told may be ours.
            let is_own = own.as_ref().map_or(true, |own| own.contains(&ip)) && !ip.is_loopback();
            let is_inside = |it: &Inside| if is_own { it.is(ip) } else { it.has(ip) };
            if inside.iter().any(|net| is_inside(net)) {
                return None;
            }
            judge(ip).or(is_own.then_some(NetworkReason::OwnAddress))
        };
        let (callable, refused): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|address| why_not(address).is_none());
        for address in &refused {
            if let Some(reason) = why_not(address) {
                self.no(host, (&address.ip().to_string(), port), reason);
            }
        }
        match refused.first().and_then(why_not) {
            Some(reason) if callable.is_empty() => Err(reason),
            Some(_) | None => Ok(callable),
        }
    }

    async fn first(
        &self,
        host: &DomainName,
        port: u16,
        callable: &[SocketAddr],
        until: Instant,
    ) -> Result<Called, NetworkReason> {
        let most = callable.len().min(MOST_ADDRESSES);
        for (at, address) in callable.iter().take(most).enumerate() {
            // One that does not answer must not take the time of all the others.
            let left = until.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(most - at).unwrap_or(1);
            match self.one(host.as_str(), port, *address, Instant::now() + share).await {
                Ok((stream, ticket)) => {
                    return Ok(Called { stream: Box::new(stream), ticket, via: None });
                }
                Err(NetworkReason::NotConnected) => {}
                Err(reason) => return Err(reason),
            }
        }
        Err(NetworkReason::NotConnected)
    }

    /// Calls one address, after that was written down.
    async fn one(
        &self,
        host: &str,
        port: u16,
        to: SocketAddr,
        until: Instant,
    ) -> Result<(TcpStream, Ticket), NetworkReason> {
        let address = to.ip().to_canonical().to_string();
        let ticket =
            self.decide(&decision(NetworkAsk::Connection, host, (&address, port), None))?;
        match timeout_at(until, TcpStream::connect(to)).await {
            Ok(Ok(stream)) => {
                // Whoever waits for a small packet should have it.
                stream.set_nodelay(true).unwrap_or_default();
                Ok((stream, ticket))
            }
            Ok(Err(_)) | Err(_) => {
                self.record.end(ticket, (0, 0), Some(NetworkReason::NotConnected));
                Err(NetworkReason::NotConnected)
            }
        }
    }

    /// Goes through the owner's proxy: it looks up the name, so its addresses cannot be judged
    /// here, and the record says so by naming the proxy.
    async fn through(
        &self,
        proxy: Proxy,
        (host, port): (&DomainName, u16),
        is_plain: bool,
        until: Instant,
    ) -> Result<Called, NetworkReason> {
        let name = format!("{proxy:?}");
        self.record.goes_through(&name);
        let place = format!("proxy {name}");
        let ticket =
            self.decide(&decision(NetworkAsk::Connection, host.as_str(), (&place, port), None))?;
        let cut = |reason| {
            self.record.end(ticket, (0, 0), Some(reason));
            reason
        };
        let connecting = TcpStream::connect((proxy.host.as_str(), proxy.port));
        let stream = match timeout_at(until, connecting).await {
            Ok(Ok(stream)) if proxy.is_plain => stream,
            Ok(Ok(_) | Err(_)) | Err(_) => return Err(cut(NetworkReason::NotConnected)),
        };
        if is_plain {
            return Ok(Called { stream: Box::new(stream), ticket, via: Some(proxy) });
        }
        let left = until.saturating_duration_since(Instant::now());
        match timeout(left, tunnel(stream, &format!("{host}:{port}"), &proxy)).await {
            Ok(Ok(stream)) => Ok(Called { stream: Box::new(stream), ticket, via: None }),
            Ok(Err(_)) | Err(_) => Err(cut(NetworkReason::ProxyRefused)),
        }
    }

    fn no(&self, host: &DomainName, to: (&str, u16), reason: NetworkReason) {
        self.refuse(NetworkAsk::Connection, host.as_str(), to, reason);
    }
}

/// Has the proxy pass bytes on (RFC 9110, 9.3.6).
async fn tunnel(stream: TcpStream, to: &str, proxy: &Proxy) -> io::Result<TokioIo<Upgraded>> {
    let mut request = Request::connect(to).header(header::HOST, to);
    if let Some(secret) = &proxy.authorization {
        request = request.header(header::PROXY_AUTHORIZATION, secret);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(io::Error::other)?;
    let (mut ask, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let asking = async {
        let answer = ask.send_request(request).await.map_err(io::Error::other)?;
        if !answer.status().is_success() {
            return Err(io::Error::other(answer.status().to_string()));
        }
        hyper::upgrade::on(answer).await.map_err(io::Error::other)
    };
    let carrying = async { connection.with_upgrades().await.map_err(io::Error::other) };
    let (through, ()) = futures_util::future::try_join(asking, carrying).await?;
    Ok(TokioIo::new(through))
}
