//! Where people and programs come in: HTTP/1.1, and HTTP/2 for gRPC, each within bounds.
//!
//! 1. There are so many connections at most; who comes then waits in the queue of the system.
//! 2. A connection says within [`HEAD_WITHIN`] what it is for, or is over: also one that says
//!    nothing at all, or only the first letters of a protocol.
//! 3. What follows, its request has to be there in time, and the answer be taken in time.
//! 4. When the server stops, whatever was asked is answered, and the connection is over.

use crate::{
    compose::App,
    patience::{HEAD_WITHIN, Leave, MAX_FIELDS, MAX_HEAD, Patient, Prompt},
    routes,
};
use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::StatusCode,
};
use d1_core::Supervisor;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

/// How many connections there are at most.
const MAX_CONNECTIONS: usize = 8_192;
/// How long to rest when connections cannot be accepted.
const REST: Duration = Duration::from_millis(100);
/// The most bytes of an answer that wait for one connection to take them.
const MAX_WAITING: usize = 64 * 1024;
/// How many calls of one HTTP/2 connection are under way at most.
const MAX_CALLS: u32 = 100;
/// How many calls may be taken back before they were looked at; more is an attack.
const MAX_TAKEN_BACK: usize = 20;
/// How often an HTTP/2 connection is asked for a sign of life, and how long it may take.
const ALIVE_EVERY: Duration = Duration::from_secs(20);
const ALIVE_WITHIN: Duration = Duration::from_secs(10);

/// Accepts until the server stops.
pub(crate) async fn accept(listener: TcpListener, app: App) {
    let (supervisor, stopping) = (app.supervisor.clone(), app.supervisor.stopping());
    let routes = routes::router(app);
    tokio::select! {
        () = accept_all(listener, routes, &supervisor) => {}
        () = stopping.cancelled() => {}
    }
}

async fn accept_all(listener: TcpListener, routes: Router, supervisor: &Supervisor) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let speech = speech();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let (speech, routes) = (speech.clone(), routes.clone());
        let stopping = supervisor.stopping();
        supervisor.run("connection of a client", async move {
            serve(stream, peer, &speech, routes, stopping).await;
            drop(place);
        });
    }
}

/// How HTTP is spoken.
fn speech() -> auto::Builder<TokioExecutor> {
    let mut speech = auto::Builder::new(TokioExecutor::new());
    speech
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(MAX_FIELDS)
        .max_buf_size(MAX_WAITING);
    speech
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .max_concurrent_streams(MAX_CALLS)
        .max_pending_accept_reset_streams(MAX_TAKEN_BACK)
        .max_send_buf_size(MAX_WAITING)
        .keep_alive_interval(ALIVE_EVERY)
        .keep_alive_timeout(ALIVE_WITHIN);
    speech
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    speech: &auto::Builder<TokioExecutor>,
    routes: Router,
    stopping: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        return tracing::debug!(%peer, %error, "a connection was gone at once");
    }
    let (leave, asked) = (Leave::default(), CancellationToken::new());
    let stream = TokioIo::new(Patient::new(stream, leave.clone()));
    let service = service_fn(|request: Request<Incoming>| {
        asked.cancel();
        let (mut routes, leave) = (routes.clone(), leave.clone());
        async move { answer(&mut routes, request, peer, &leave).await }
    });
    let mut connection = pin!(speech.serve_connection_with_upgrades(stream, service));
    let mut says_nothing = pin!(tokio::time::sleep(HEAD_WITHIN));
    let mut is_going = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "a connection ended");
                }
                return;
            }
            () = says_nothing.as_mut(), if !asked.is_cancelled() => {
                if !asked.is_cancelled() {
                    return tracing::debug!(%peer, "a connection asked nothing in time");
                }
            }
            () = stopping.cancelled(), if !is_going => {
                is_going = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Answers one request, whose body comes in time; what becomes a link has leave to take its
/// time.
pub(crate) async fn answer(
    routes: &mut Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    leave: &Leave,
) -> Result<axum::response::Response, std::convert::Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let answered = routes.call(request.map(Prompt::new)).await;
    if answered.as_ref().is_ok_and(|it| it.status() == StatusCode::SWITCHING_PROTOCOLS) {
        leave.give();
    }
    answered
}
