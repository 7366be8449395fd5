//! Carries messages between a link's channels and a socket.
//!
//! Two background tasks for every link. The writer sends what is said, everything that waits
//! in one go, and closes the socket when the local end is dropped. The reader hands over what
//! is heard and waits when nobody takes it, so that a slow listener slows the other side. A
//! message that is not understood is answered with a complaint; bytes that are no message at
//! all end the link. Once either ends, the other does, too, also in the middle of a word.

use super::side::Side;
use bytes::Bytes;
use d1_core::{Link, LinkReceiver, LinkSender, Supervisor, WeakLinkSender, link_queue};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_util::sync::CancellationToken;

/// How much may wait to be said when the other side is complained to.
const COMPLAINTS: usize = 8;
/// How many messages are written before the socket is flushed at the latest.
const COALESCE: usize = 64;
/// How long a side that has said its last words waits for them to get any further.
const LINGER: Duration = Duration::from_secs(5);

/// What a socket carries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "websocket"),
    expect(unreachable_pub, reason = "servers hand in frames of WebSockets only")
)]
pub enum Frame {
    /// One message.
    Message(Bytes),
    /// A sign of life: asked for when written, given when read.
    Beat,
}

/// How a silent other side is found out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heartbeat {
    /// How often a sign of life is asked for.
    pub(super) every: Duration,
    /// Without any for so long the link has ended.
    pub(super) patience: Duration,
}

/// What the two tasks of a link tell each other.
#[derive(Clone, Debug, Default)]
struct Signs {
    /// The link has ended.
    gone: CancellationToken,
    /// The socket has taken something.
    taken: Arc<Notify>,
}

/// Makes a link of a socket.
pub(super) fn link<S, T, E>(
    socket: T,
    heartbeat: Option<Heartbeat>,
    supervisor: &Supervisor,
) -> Link<S::Out, S::In>
where
    S: Side,
    T: Stream<Item = Result<Frame, E>> + Sink<Frame> + Send + 'static,
    E: Send + 'static,
{
    let (tx, outgoing) = link_queue(Link::<S::Out, S::In>::DEPTH);
    let (incoming, rx) = link_queue(Link::<S::Out, S::In>::DEPTH);
    // Whoever only complains does not keep the link open.
    let complain = tx.downgrade();
    let (sink, stream) = socket.split();
    let signs = Signs::default();
    let writer = write::<S, _>(sink, outgoing, heartbeat, signs.clone());
    let reader = read::<S, _, _>(stream, incoming, complain, heartbeat, signs.clone());
    let (gone, stopping) = (signs.gone.clone(), supervisor.stopping());
    supervisor.run("link writer", async move {
        // Nobody waits for a socket whose other end is gone to take the rest of a word.
        tokio::select! {
            () = writer => {}
            () = gone.cancelled() => {}
        }
    });
    supervisor.run("link reader", async move {
        tokio::select! {
            () = reader => {}
            () = stopping.cancelled() => {}
        }
        signs.gone.cancel();
    });
    Link { tx, rx }
}

async fn write<S: Side, K: Sink<Frame> + Unpin>(
    mut sink: K,
    mut outgoing: LinkReceiver<S::Out>,
    heartbeat: Option<Heartbeat>,
    signs: Signs,
) {
    let every = heartbeat.map_or(Duration::from_secs(3600), |heartbeat| heartbeat.every);
    let mut beat = interval_at(Instant::now() + every, every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let written = tokio::select! {
            biased;
            message = outgoing.recv() => match message {
                Some(message) => write_all::<S, K>(&mut sink, message, &mut outgoing, &signs).await,
                None => break,
            },
            _ = beat.tick(), if heartbeat.is_some() => sink.send(Frame::Beat).await.is_ok(),
        };
        if !written {
            signs.gone.cancel();
            return;
        }
    }
    // Everything that was said is sent; the other side hears the end after it.
    let _already_closed = sink.close().await;
}

/// Writes a message and those that wait behind it, then flushes once.
async fn write_all<S: Side, K: Sink<Frame> + Unpin>(
    sink: &mut K,
    first: S::Out,
    waiting: &mut LinkReceiver<S::Out>,
    signs: &Signs,
) -> bool {
    let (mut next, mut written) = (Some(first), 0);
    while let Some(message) = next {
        match S::encode(&message) {
            Ok(bytes) => {
                if sink.feed(Frame::Message(bytes)).await.is_err() {
                    return false;
                }
                signs.taken.notify_one();
            }
            // Not sent, and not silently: whoever waits for it runs into its own deadline.
            Err(error) => tracing::error!(%error, "a message cannot be sent"),
        }
        written += 1;
        next = if written < COALESCE { waiting.try_recv().ok() } else { None };
    }
    sink.flush().await.is_ok()
}

async fn read<S, T, E>(
    mut stream: T,
    incoming: LinkSender<S::In>,
    complain: WeakLinkSender<S::Out>,
    heartbeat: Option<Heartbeat>,
    signs: Signs,
) where
    S: Side,
    T: Stream<Item = Result<Frame, E>> + Unpin,
{
    loop {
        let frame = tokio::select! {
            // What the other side said before it went is heard first.
            biased;
            frame = stream.next() => frame,
            () = silence(heartbeat) => {
                tracing::info!("the other side has been silent for too long");
                return;
            }
            () = incoming.closed() => return linger(stream, signs).await,
            () = signs.gone.cancelled() => return,
        };
        let bytes = match frame {
            Some(Ok(Frame::Message(bytes))) => bytes,
            Some(Ok(Frame::Beat)) => continue,
            Some(Err(_)) | None => return,
        };
        match S::decode(bytes) {
            Ok(message) => {
                if incoming.send(message).await.is_err() {
                    return linger(stream, signs).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a message was not understood");
                // More about the same flood would tell nothing new.
                if let Some(say) = complain.upgrade().filter(|say| say.waiting() < COMPLAINTS) {
                    let _enough = say.try_send(S::complain(error.problem()));
                }
                if error.ends_link() {
                    return;
                }
            }
        }
    }
}

async fn silence(heartbeat: Option<Heartbeat>) {
    match heartbeat {
        Some(heartbeat) => tokio::time::sleep(heartbeat.patience).await,
        None => std::future::pending().await,
    }
}

/// Nobody listens here any more: what comes is dropped, until the other side is gone, or takes
/// nothing more of the writer's last words.
async fn linger<T, E>(mut stream: T, signs: Signs)
where
    T: Stream<Item = Result<Frame, E>> + Unpin,
{
    let drain = async { while let Some(Ok(_)) = stream.next().await {} };
    let stall = async { while timeout(LINGER, signs.taken.notified()).await.is_ok() {} };
    tokio::select! {
        () = drain => {}
        () = stall => {}
        () = signs.gone.cancelled() => {}
    }
}
