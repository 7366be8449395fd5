//! Who comes through the door, each within bounds: so many at once, so many from one address,
//! so long for a handshake, so long for a head.

use super::config::Speech;
use crate::{
    compose::App,
    front,
    patience::{HEAD_WITHIN, Leave, MAX_FIELDS, MAX_HEAD, Patient},
    routes,
};
use axum::{Router, extract::Request};
use d1_orchestrator::DeviceCertificate;
use d1_protocol::tls::ALPN_ENROL;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tokio_rustls::{LazyConfigAcceptor, rustls::server::Acceptor, server::TlsStream};

/// How many connections there are at most: a large fleet of devices, and room for those who
/// come back before they are missed.
const MAX_CONNECTIONS: usize = 32_768;
/// How long a handshake may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// How long to rest when connections cannot be accepted.
const REST: Duration = Duration::from_millis(100);

/// A connection over TLS whose other end takes what it asked for.
type Secure = TlsStream<Patient<TcpStream>>;

/// What each connection gets to.
#[derive(Clone)]
struct Rooms {
    device: Router,
    enrol: Router,
}

/// Accepts for ever.
pub(super) async fn accept(
    listener: TcpListener,
    most_from_one: usize,
    speech: watch::Receiver<Speech>,
    app: App,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let crowd = Crowd::of(most_from_one);
    let rooms = Rooms {
        device: routes::for_certified_devices(app.clone()),
        enrol: routes::for_newcomers(app.clone()),
    };
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection of a device could not be accepted");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let Some(guest) = crowd.enter(peer.ip(), place) else {
            tracing::warn!(%peer, "too many connections from one address");
            continue;
        };
        let speech = speech.borrow().clone();
        let (rooms, stopping) = (rooms.clone(), app.supervisor.stopping());
        app.supervisor.run("connection of a device", async move {
            let _guest = guest;
            tokio::select! {
                () = serve(stream, peer, speech, rooms) => {}
                () = stopping.cancelled() => {}
            }
        });
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, speech: Speech, rooms: Rooms) {
    let leave = Leave::default();
    let greeted = match timeout(HANDSHAKE_WITHIN, greet(stream, speech, leave.clone())).await {
        Ok(greeted) => greeted,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    let stream = match greeted {
        Ok(stream) => stream,
        Err(error) => return tracing::debug!(%peer, %error, "no handshake"),
    };
    let shown = match shown(&stream) {
        Ok(shown) => shown,
        Err(error) => {
            return tracing::warn!(%peer, %error, "a certificate of ours is none of a device");
        }
    };
    let room = if shown.is_some() { rooms.device } else { rooms.enrol };
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (mut room, leave, mut request) = (room.clone(), leave.clone(), request);
        if let Some(shown) = shown {
            request.extensions_mut().insert(shown);
        }
        async move { front::answer(&mut room, request, peer, &leave).await }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(MAX_FIELDS)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = served.await {
        tracing::debug!(%peer, %error, "a connection of a device ended");
    }
}

/// The handshake: with a certificate, or for those who say that they come to get one.
async fn greet(stream: TcpStream, speech: Speech, leave: Leave) -> io::Result<Secure> {
    stream.set_nodelay(true)?;
    let stream = Patient::new(stream, leave);
    let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let newcomer = {
        let hello = begun.client_hello();
        let mut asked = hello.alpn().into_iter().flatten();
        asked.any(|it| it == ALPN_ENROL)
    };
    begun.into_stream(if newcomer { speech.enrol } else { speech.device }).await
}

/// The certificate that was shown; none where none is asked for.
fn shown(stream: &Secure) -> Result<Option<DeviceCertificate>, d1_orchestrator::AuthorityError> {
    let (_, session) = stream.get_ref();
    if session.alpn_protocol() == Some(ALPN_ENROL) {
        return Ok(None);
    }
    let first = session.peer_certificates().and_then(<[_]>::first);
    DeviceCertificate::read(first.map_or(&[][..], AsRef::as_ref)).map(Some)
}

/// How many are here from each address.
#[derive(Clone, Debug)]
struct Crowd {
    here: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most_from_one: usize,
}

/// Somebody who is here, until dropped.
#[derive(Debug)]
struct Guest {
    crowd: Crowd,
    from: IpAddr,
    _place: OwnedSemaphorePermit,
}

impl Crowd {
    fn of(most_from_one: usize) -> Self {
        Self { here: Arc::default(), most_from_one }
    }

    fn enter(&self, from: IpAddr, place: OwnedSemaphorePermit) -> Option<Guest> {
        let mut all = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let here = all.entry(from).or_default();
        if *here >= self.most_from_one {
            return None;
        }
        *here += 1;
        Some(Guest { crowd: self.clone(), from, _place: place })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut all = self.crowd.here.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = all.get_mut(&self.from) {
            *here -= 1;
            if *here == 0 {
                all.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: usize = 9;

    #[tokio::test]
    async fn one_address_takes_no_more_than_its_share_and_gives_it_back() {
        let (crowd, places) = (Crowd::of(FEW), Arc::new(Semaphore::new(MAX_CONNECTIONS)));
        let enter = |from: &str| {
            let place = Arc::clone(&places).try_acquire_owned().unwrap();
            crowd.enter(from.parse().unwrap(), place)
        };
        let mut here: Vec<_> =
            (0..FEW).map(|_| enter("192.0.2.7").expect("there is room")).collect();
        assert!(enter("192.0.2.7").is_none());
        assert!(enter("192.0.2.8").is_some());
        here.pop();
        assert!(enter("192.0.2.7").is_some());
        here.clear();
        assert!(crowd.here.lock().unwrap().is_empty());
        assert_eq!(places.available_permits(), MAX_CONNECTIONS);
    }
}
