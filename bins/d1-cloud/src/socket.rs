//! From the server's WebSocket to a link's frames.
//!
//! 1. Binary messages carry messages; pings, and what answers them, are beats. Beats without an
//!    end are no sign of life but a flood.
//! 2. Whoever breaks the rules of WebSockets (RFC 6455), or sends text, is told by the code that
//!    says so (§7.4.1), and the link is over.
//! 3. Whoever closes is answered before the link is over.

use crate::seats::Taken;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use d1_protocol::websocket::Frame;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _, ready};
use std::{
    future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Error as Broken, error::CapacityError};

/// How many beats there may be within [`BEATS_WITHIN`]: an honest side sends one in that time.
const MAX_BEATS: u32 = 256;
const BEATS_WITHIN: Duration = Duration::from_secs(15);

/// The socket as frames, with its place until it is over.
pub(crate) fn framed(
    socket: WebSocket,
    place: Taken,
) -> impl Stream<Item = Result<Frame, axum::Error>> + Sink<Frame> + Send {
    Strict { socket, end: End::NotYet, beats: Beats::new(), _place: place }.with(|frame| {
        future::ready(Ok::<Message, axum::Error>(match frame {
            Frame::Message(bytes) => Message::Binary(bytes),
            Frame::Beat => Message::Ping(bytes::Bytes::new()),
        }))
    })
}

/// A socket whose other side keeps the rules, or is told that it does not.
struct Strict {
    socket: WebSocket,
    end: End,
    beats: Beats,
    _place: Taken,
}

/// How far the end of a socket is.
enum End {
    /// It goes on.
    NotYet,
    /// There is a last word to say.
    Say(CloseFrame),
    /// It is said, and has to leave.
    Leave,
    /// There is nothing more to hear.
    Over,
}

impl Strict {
    /// The next frame, or how the socket ends.
    fn hear(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, End>> {
        Poll::Ready(match ready!(self.socket.poll_next_unpin(cx)) {
            Some(Ok(Message::Binary(bytes))) => Ok(Frame::Message(bytes)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) if self.beats.one_more() => {
                Ok(Frame::Beat)
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                Err(say(close_code::POLICY, "too many pings and pongs"))
            }
            Some(Ok(Message::Text(_))) => {
                Err(say(close_code::UNSUPPORTED, "messages are binary here"))
            }
            // The answer to it waits to leave.
            Some(Ok(Message::Close(_))) => Err(End::Leave),
            Some(Err(error)) => Err(last_word(error)),
            None => Err(End::Over),
        })
    }

    /// Says the last word, whatever the other side still says.
    fn end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match std::mem::replace(&mut self.end, End::Over) {
                End::NotYet | End::Over => return Poll::Ready(()),
                End::Say(word) => match self.socket.poll_ready_unpin(cx) {
                    Poll::Ready(Ok(())) => {
                        let said = self.socket.start_send_unpin(Message::Close(Some(word)));
                        self.end = if said.is_ok() { End::Leave } else { End::Over };
                    }
                    Poll::Ready(Err(_)) => {}
                    Poll::Pending => {
                        self.end = End::Say(word);
                        return Poll::Pending;
                    }
                },
                End::Leave => {
                    if self.socket.poll_flush_unpin(cx).is_pending() {
                        self.end = End::Leave;
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl Stream for Strict {
    type Item = Result<Frame, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if matches!(self.end, End::NotYet) {
            match ready!(self.hear(cx)) {
                Ok(frame) => return Poll::Ready(Some(Ok(frame))),
                Err(end) => self.end = end,
            }
        }
        self.end(cx).map(|()| None)
    }
}

impl Sink<Message> for Strict {
    type Error = axum::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.socket.poll_ready_unpin(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), axum::Error> {
        self.socket.start_send_unpin(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.socket.poll_flush_unpin(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.socket.poll_close_unpin(cx)
    }
}

fn say(code: u16, why: &'static str) -> End {
    End::Say(CloseFrame { code, reason: why.into() })
}

/// What whoever broke a rule is told; nothing, where nobody is left to hear it.
fn last_word(error: axum::Error) -> End {
    match error.into_inner().downcast_ref() {
        Some(Broken::Protocol(_)) => say(close_code::PROTOCOL, "this breaks RFC 6455"),
        Some(Broken::Utf8(_)) => say(close_code::INVALID, "this is not UTF-8"),
        Some(Broken::Capacity(CapacityError::MessageTooLong { .. })) => {
            say(close_code::SIZE, "messages are smaller here")
        }
        _ => End::Over,
    }
}

/// Counts beats.
struct Beats {
    since: Instant,
    count: u32,
}

impl Beats {
    fn new() -> Self {
        Self { since: Instant::now(), count: 0 }
    }

    /// Whether one more is fine.
    fn one_more(&mut self) -> bool {
        if self.since.elapsed() > BEATS_WITHIN {
            *self = Self::new();
        }
        self.count += 1;
        self.count <= MAX_BEATS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn beats_without_an_end_are_a_flood_and_those_of_a_long_life_are_not() {
        let mut beats = Beats::new();
        assert!((0..MAX_BEATS).all(|_| beats.one_more()));
        assert!(!beats.one_more());
        let mut beats = Beats::new();
        for _ in 0..4 * MAX_BEATS {
            assert!(beats.one_more());
            tokio::time::advance(BEATS_WITHIN / 100).await;
        }
    }
}
