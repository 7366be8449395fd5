//! A connection whose other end takes what it asked for.
//!
//! Taking a little now and then is not enough: what was buffered has to be gone within
//! [`TAKE_WITHIN`] of the moment the network took no more, or the connection is over.

use super::TAKE_WITHIN;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// A connection whose other end takes what it asked for.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    stream: S,
    leave: Leave,
    /// When it is enough; while something waits to be taken.
    enough: Option<Pin<Box<Sleep>>>,
}

/// Leave to take one's time: what becomes a link looks after itself, by signs of life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leave(Arc<AtomicBool>);

impl Leave {
    /// From now on the other end may take its time.
    pub(crate) fn give(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_given(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<S> Patient<S> {
    pub(crate) const fn new(stream: S, leave: Leave) -> Self {
        Self { stream, leave, enough: None }
    }

    /// What was tried, or that it took too long.
    fn within<T>(
        &mut self,
        cx: &mut Context<'_>,
        tried: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if tried.is_ready() || self.leave.is_given() {
            return tried;
        }
        let enough = self.enough.get_or_insert_with(|| Box::pin(sleep(TAKE_WITHIN)));
        ready!(enough.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the answer is not taken")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.within(cx, tried)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.within(cx, tried)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Whoever flushes has written everything before: nothing of it waits any more.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.enough = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tried = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.within(cx, tried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
        time::{Duration, Instant},
    };

    /// More than fits into the other end.
    const MUCH: [u8; 64] = [7; 64];

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_nothing_or_a_drop_at_a_time_is_left() {
        for drop_by_drop in [false, true] {
            let (near, mut far) = duplex(16);
            let mut near = Patient::new(near, Leave::default());
            let began = Instant::now();
            let sipping = async {
                loop {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    if drop_by_drop {
                        far.read_u8().await.unwrap();
                    }
                }
            };
            let written = tokio::select! {
                written = async { near.write_all(&MUCH).await?; near.flush().await } => written,
                () = sipping => Ok(()),
            };
            assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert_eq!(began.elapsed(), TAKE_WITHIN);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_each_buffer_in_time_may_take_as_long_as_it_needs() {
        let (near, mut far) = duplex(16);
        let mut near = Patient::new(near, Leave::default());
        let taking = async {
            let mut taken = 0;
            while taken < 4 * MUCH.len() {
                tokio::time::sleep(TAKE_WITHIN / 8).await;
                taken += far.read(&mut [0; 16]).await.unwrap();
            }
        };
        let writing = async {
            for _ in 0..4 {
                near.write_all(&MUCH).await.unwrap();
                near.flush().await.unwrap();
            }
        };
        let began = Instant::now();
        tokio::join!(writing, taking);
        assert!(began.elapsed() > TAKE_WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_leave_is_waited_for() {
        let (near, mut far) = duplex(16);
        let leave = Leave::default();
        let mut near = Patient::new(near, leave.clone());
        leave.give();
        let late = async {
            tokio::time::sleep(10 * TAKE_WITHIN).await;
            far.read_exact(&mut [0; MUCH.len()]).await
        };
        let (written, read) = tokio::join!(near.write_all(&MUCH), late);
        assert!(written.is_ok() && read.is_ok());
    }
}
