//! How much of the network one command has used, and may.

use super::grant::EgressBudget;
use d1_core::NetworkReason;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// What all connections of a command use together.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) budget: EgressBudget,
    sent: AtomicU64,
    received: AtomicU64,
    at_once: AtomicU32,
    in_all: AtomicU32,
}

impl Meter {
    pub(super) fn new(budget: EgressBudget) -> Arc<Self> {
        let (sent, received) = (AtomicU64::new(0), AtomicU64::new(0));
        let (at_once, in_all) = (AtomicU32::new(0), AtomicU32::new(0));
        Arc::new(Self { budget, sent, received, at_once, in_all })
    }

    /// A place for one more connection, until it is dropped.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Place, NetworkReason> {
        if self.in_all.fetch_add(1, Relaxed) >= self.budget.in_all {
            // It stays where it is, so that it never wraps around.
            self.in_all.fetch_sub(1, Relaxed);
            return Err(NetworkReason::TooManyInAll);
        }
        // Its place is given back when this is dropped, whatever is decided.
        let (before, place) = (self.at_once.fetch_add(1, Relaxed), Place(Arc::clone(self)));
        if before >= self.budget.at_once { Err(NetworkReason::TooManyAtOnce) } else { Ok(place) }
    }

    /// A line on which bytes are counted.
    pub(super) fn line(self: &Arc<Self>) -> Arc<Line> {
        Arc::new(Line {
            meter: Arc::clone(self),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            last: Mutex::new(Instant::now()),
            cut: OnceLock::new(),
        })
    }
}

/// A place for one connection.
#[derive(Debug)]
pub(super) struct Place(Arc<Meter>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.at_once.fetch_sub(1, Relaxed);
    }
}

/// What one connection uses.
#[derive(Debug)]
pub(super) struct Line {
    meter: Arc<Meter>,
    sent: AtomicU64,
    received: AtomicU64,
    last: Mutex<Instant>,
    cut: OnceLock<NetworkReason>,
}

impl Line {
    /// Bytes that the command sent and received.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.sent.load(Relaxed), self.received.load(Relaxed))
    }

    /// Why it was cut, when it was.
    pub(super) fn cut(&self) -> Option<NetworkReason> {
        self.cut.get().copied()
    }

    /// Cuts it; the first reason counts.
    pub(super) fn cut_for(&self, reason: NetworkReason) {
        let _the_first_counts = self.cut.set(reason);
    }

    /// Returns when nothing went over it for too long.
    pub(super) async fn idle(&self) {
        let idle = self.meter.budget.idle();
        loop {
            let due = *self.last.lock().unwrap_or_else(PoisonError::into_inner) + idle;
            if due <= Instant::now() {
                return self.cut_for(NetworkReason::Idle);
            }
            tokio::time::sleep_until(due).await;
        }
    }

    fn count(&self, bytes: usize, what: What) -> io::Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let (all, most, reason) = match what {
            What::Sent => {
                (&self.meter.sent, self.meter.budget.sent_bytes, NetworkReason::SentTooMuch)
            }
            What::Received => {
                let most = self.meter.budget.received_bytes;
                (&self.meter.received, most, NetworkReason::ReceivedTooMuch)
            }
        };
        if all.fetch_add(bytes, Relaxed).saturating_add(bytes) > most {
            // What did not go is not counted.
            all.fetch_sub(bytes, Relaxed);
            self.cut_for(reason);
            return Err(io::Error::other(reason.text()));
        }
        let own = match what {
            What::Sent => &self.sent,
            What::Received => &self.received,
        };
        own.fetch_add(bytes, Relaxed);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Ok(())
    }

    /// Takes back what was counted and not written.
    fn uncount(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(0);
        self.meter.received.fetch_sub(bytes, Relaxed);
        self.received.fetch_sub(bytes, Relaxed);
    }
}

#[derive(Clone, Copy)]
enum What {
    Sent,
    Received,
}

/// The end of a connection that the command holds: what is read from it is sent, what is written
/// to it is received. More than it may is never passed on.
#[derive(Debug)]
pub(super) struct Metered<S> {
    pub(super) inner: S,
    pub(super) line: Arc<Line>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let counted = self.line.count(buf.filled().len() - before, What::Sent);
        if counted.is_err() {
            buf.set_filled(before);
        }
        Poll::Ready(counted)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.line.count(buf.len(), What::Received)?;
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        let went = match &written {
            Poll::Ready(Ok(went)) => *went,
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        };
        self.line.uncount(buf.len() - went);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    fn meter(change: impl Fn(&mut EgressBudget)) -> Arc<Meter> {
        let mut budget = EgressBudget::USUAL;
        change(&mut budget);
        Meter::new(budget)
    }

    #[test]
    fn each_bound_on_connections_has_its_own_reason_and_an_ended_one_makes_room() {
        let meter = meter(|it| (it.at_once, it.in_all) = (2, 4));
        let (one, _two) = (meter.admit().unwrap(), meter.admit().unwrap());
        assert_eq!(meter.admit().unwrap_err(), NetworkReason::TooManyAtOnce);
        drop(one);
        let _three = meter.admit().unwrap();
        assert_eq!(meter.admit().unwrap_err(), NetworkReason::TooManyInAll);
    }

    #[tokio::test]
    async fn not_one_byte_more_than_the_budget_is_passed_on() {
        let meter = meter(|it| (it.sent_bytes, it.received_bytes) = (5, 3));
        let (ours, mut command) = tokio::io::duplex(64);
        let mut ours = Metered { inner: ours, line: meter.line() };
        command.write_all(b"12345").await.unwrap();
        let mut five = [0; 5];
        ours.read_exact(&mut five).await.unwrap();
        command.write_all(b"6").await.unwrap();
        ours.read_exact(&mut [0; 1]).await.unwrap_err();
        assert_eq!(ours.line.cut(), Some(NetworkReason::SentTooMuch));
        let mut other = Metered { inner: ours.inner, line: meter.line() };
        other.write_all(b"abc").await.unwrap();
        other.write_all(b"d").await.unwrap_err();
        assert_eq!(other.line.cut(), Some(NetworkReason::ReceivedTooMuch));
        assert_eq!((ours.line.bytes(), other.line.bytes()), ((5, 0), (0, 3)));
        drop(other);
        let mut got = Vec::new();
        command.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"abc");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_line_is_cut_and_one_that_speaks_is_not() {
        let meter = meter(|it| it.idle_ms = 1000);
        let (ours, mut command) = tokio::io::duplex(64);
        let mut ours = Metered { inner: ours, line: meter.line() };
        let line = Arc::clone(&ours.line);
        let began = Instant::now();
        let talk = async {
            for _ in 0..3 {
                tokio::time::advance(std::time::Duration::from_millis(900)).await;
                command.write_all(b"x").await.unwrap();
                ours.read_exact(&mut [0; 1]).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = line.idle() => {}
            () = talk => {}
        }
        assert!(began.elapsed().as_millis() >= 3700, "{:?}", began.elapsed());
        assert_eq!(line.cut(), Some(NetworkReason::Idle));
    }
}
