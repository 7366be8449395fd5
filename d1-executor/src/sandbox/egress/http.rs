//! A connection on the port for HTTP: every request is read, checked and asked anew.
//!
//! 1. hyper reads a request; what cannot be read is answered `400` and the connection ends.
//! 2. It has to name, once, the host that was called ([`check`]).
//! 3. It is written anew: no framing, no field of the connection gets through that we did not
//!    write ourselves, so nobody behind us can read it otherwise than we did.

use super::{
    audit::{Ticket, decision},
    dial::Called,
    meter::{Line, Metered},
    name::DomainName,
    request::{anew, check, strip},
    world::{Open, World},
};
use crate::doctor::Proxy;
use d1_core::{NetworkAsk, NetworkReason};
use http_body_util::{Either, Full};
use hyper::{
    Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    client::conn::http1::{SendRequest, handshake},
    header::{self, HeaderValue},
    server::conn::http1::Builder,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io::Cursor, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    sync::Mutex,
    task::JoinSet,
};

/// The longest head of a request.
const LONGEST_HEAD: usize = 64 * 1024;
type Answer = Response<Either<Incoming, Full<Bytes>>>;

/// Serves it to its end.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    world: &Arc<World>,
    to: (&DomainName, u16),
    command: Metered<S>,
) {
    let relay = Relay::new(world, to, &command.line);
    relay.serve(command).await;
}

/// The same for one that has begun, and has a connection outside already.
pub(super) async fn serve_begun<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    world: &Arc<World>,
    to: (&DomainName, u16),
    (first, command): (Vec<u8>, Metered<S>),
    called: Called,
) {
    let relay = Relay::new(world, to, &command.line);
    let Ok(ask) = relay.greet(called).await else { return };
    *relay.outside.lock().await = Some(ask);
    let (read, write) = tokio::io::split(command);
    relay.serve(tokio::io::join(Cursor::new(first).chain(read), write)).await;
}

/// Answers whatever is asked with "no".
pub(super) async fn turn_away<S: AsyncRead + AsyncWrite + Unpin>(world: &World, command: S) {
    let no = service_fn(async |_request: Request<Incoming>| {
        Ok::<_, Infallible>(refusal(NetworkReason::NoName))
    });
    let _it_is_gone = builder(world).serve_connection(TokioIo::new(command), no).await;
}

fn builder(world: &World) -> Builder {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(world.meter.budget.greeting())
        .max_buf_size(LONGEST_HEAD)
        .preserve_header_case(true)
        .half_close(true);
    builder
}

/// A connection outside over which requests are asked.
struct Ask {
    sender: SendRequest<Incoming>,
    via: Option<Proxy>,
}

/// One connection of the command, and the one outside that it is let through to.
struct Relay {
    world: Arc<World>,
    host: DomainName,
    port: u16,
    line: Arc<Line>,
    outside: Mutex<Option<Ask>>,
    carriers: std::sync::Mutex<JoinSet<()>>,
    opened: std::sync::Mutex<Vec<Open>>,
}

impl Relay {
    fn new(world: &Arc<World>, (host, port): (&DomainName, u16), line: &Arc<Line>) -> Self {
        Self {
            world: Arc::clone(world),
            host: host.clone(),
            port,
            line: Arc::clone(line),
            outside: Mutex::new(None),
            carriers: std::sync::Mutex::new(JoinSet::new()),
            opened: std::sync::Mutex::new(Vec::new()),
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, command: S) {
        let answer = service_fn(async |request| Ok::<_, Infallible>(self.answer(request).await));
        let served = builder(&self.world).serve_connection(TokioIo::new(command), answer).await;
        let reason = match served {
            Err(error) if error.is_timeout() => NetworkReason::TooSlow,
            Err(error) if error.is_parse() => NetworkReason::NotHttp,
            // It hung up, or we did, and that is written down.
            Ok(()) | Err(_) => return,
        };
        self.no(self.host.as_str(), reason);
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        match check(&request, &self.host, self.port) {
            Ok(()) => self.ask(request).await.unwrap_or_else(refusal),
            Err((asked, reason)) => {
                self.no(&asked, reason);
                refusal(reason)
            }
        }
    }

    async fn ask(&self, mut request: Request<Incoming>) -> Result<Answer, NetworkReason> {
        let place = ("", self.port);
        self.world.decide(&decision(NetworkAsk::Request, self.host.as_str(), place, None))?;
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let path = path.parse::<Uri>().map_err(|_| NetworkReason::NotHttp)?;
        let mut outside = self.outside.lock().await;
        let mut retried = false;
        loop {
            let ask = match outside.take().filter(|ask| !ask.sender.is_closed()) {
                Some(ask) => outside.insert(ask),
                None => {
                    let called = self.world.call(&self.host, self.port, true).await?;
                    outside.insert(self.greet(called).await?)
                }
            };
            anew(&mut request, &path, ask.via.as_ref().map(|via| (via, &self.host)))?;
            let sent = match ask.sender.ready().await {
                Ok(()) => ask.sender.try_send_request(request).await,
                Err(_closed) if !retried => {
                    (*outside, retried) = (None, true);
                    continue;
                }
                Err(_closed) => return Err(NetworkReason::NotConnected),
            };
            match sent {
                Ok(answer) => return Ok(answer_anew(answer)),
                // The other side hung up before it heard anything; that is not the command's fault.
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) if !retried => {
                        (request, *outside, retried) = (unsent, None, true);
                    }
                    Some(_) | None => return Err(NetworkReason::NotConnected),
                },
            }
        }
    }

    /// Begins to speak HTTP outside; what carries it ends with this relay.
    async fn greet(&self, called: Called) -> Result<Ask, NetworkReason> {
        let Called { stream, ticket, via } = called;
        self.open(ticket);
        let (sender, carrier) =
            handshake(TokioIo::new(stream)).await.map_err(|_| NetworkReason::NotConnected)?;
        let carried = async {
            let _its_end_is_seen_by_who_asks = carrier.await;
        };
        locked(&self.carriers).spawn(carried);
        Ok(Ask { sender, via })
    }

    fn open(&self, ticket: Ticket) {
        let (world, line) = (Arc::clone(&self.world), Arc::clone(&self.line));
        let mut opened = locked(&self.opened);
        // All bytes of the command are those of its first connection outside.
        if opened.is_empty() {
            opened.push(Open { world, ticket, line });
        }
    }

    fn no(&self, asked: &str, reason: NetworkReason) {
        self.world.refuse(NetworkAsk::Request, asked, ("", self.port), reason);
    }
}

fn locked<T>(it: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    it.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What a program is told that may not ask.
fn refusal(reason: NetworkReason) -> Answer {
    let status = if reason == NetworkReason::OtherHost {
        StatusCode::MISDIRECTED_REQUEST
    } else if [NetworkReason::NotResolved, NetworkReason::NotConnected].contains(&reason) {
        StatusCode::BAD_GATEWAY
    } else {
        StatusCode::FORBIDDEN
    };
    let text = format!(
        "d1-doctor does not let this through: {} ({}). Trying another way will not help; \
         whoever started the command can allow a host by its name.\n",
        reason.text(),
        reason.code()
    );
    let mut answer = Response::new(Either::Right(Full::new(Bytes::from(text))));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.insert("x-d1-doctor", HeaderValue::from_static(reason.code()));
    answer
}

fn answer_anew(mut answer: Response<Incoming>) -> Answer {
    strip(answer.headers_mut());
    answer.map(Either::Left)
}
