//! From the server's WebSocket to a link's frames.

use axum::extract::ws::{Message, WebSocket};
use d1_protocol::websocket::Frame;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use std::future;

/// The socket as frames: binary messages carry messages, pings and pongs are beats.
pub(crate) fn framed(
    socket: WebSocket,
) -> impl Stream<Item = Result<Frame, axum::Error>> + Sink<Frame> + Send {
    socket
        .take_while(|message| future::ready(!matches!(message, Ok(Message::Close(_)))))
        .map(|message| {
            message.map(|message| match message {
                Message::Binary(bytes) => Frame::Message(bytes),
                Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {
                    Frame::Beat
                }
            })
        })
        .with(|frame| {
            future::ready(Ok::<Message, axum::Error>(match frame {
                Frame::Message(bytes) => Message::Binary(bytes),
                Frame::Beat => Message::Ping(bytes::Bytes::new()),
            }))
        })
}
