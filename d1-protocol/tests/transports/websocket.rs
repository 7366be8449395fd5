//! Links over WebSocket.

use d1_core::{
    DeviceLink, FromDevice, OrchestratorLink, Supervisor, TaskId, ToDevice, Transport as _,
    TransportError, conformance,
};
use d1_protocol::{
    MAX_FRAME_BYTES,
    websocket::{self, Frame},
};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _, future};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Error, Message,
        handshake::server::{ErrorResponse, Request, Response},
    },
};

/// What a server makes of a socket it has accepted.
fn framed(
    socket: WebSocketStream<tokio::net::TcpStream>,
) -> impl Stream<Item = Result<Frame, Error>> + Sink<Frame, Error = Error> + Send {
    socket
        .take_while(|message| future::ready(!matches!(message, Ok(Message::Close(_)))))
        .map(|message| {
            let message = message?;
            let binary = message.is_binary();
            Ok(if binary { Frame::Message(message.into_data()) } else { Frame::Beat })
        })
        .with(|frame| {
            future::ready(Ok(match frame {
                Frame::Message(bytes) => Message::Binary(bytes),
                Frame::Beat => Message::Ping(Vec::new().into()),
            }))
        })
}

fn welcome(_: &Request, response: Response) -> Result<Response, ErrorResponse> {
    Ok(response)
}

/// A server that accepts one socket after the other.
struct Server {
    listener: TcpListener,
    supervisor: Supervisor,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, supervisor: Supervisor::default() }
    }

    fn dial(&self) -> websocket::Dial {
        let url = format!("ws://{}", self.listener.local_addr().unwrap());
        websocket::Dial::new(&url, Some("a-token".into()), self.supervisor.clone()).unwrap()
    }

    async fn socket(&self) -> WebSocketStream<tokio::net::TcpStream> {
        let (stream, _) = self.listener.accept().await.unwrap();
        accept_hdr_async(stream, welcome).await.unwrap()
    }

    /// Both ends of a new link.
    async fn ends(&self) -> (OrchestratorLink, DeviceLink) {
        let dial = self.dial();
        let (device, socket) = tokio::join!(dial.connect(), self.socket());
        (websocket::accept(Box::pin(framed(socket)), &self.supervisor), device.unwrap())
    }

    /// A device's end, and the bare socket at the other.
    async fn half(&self) -> (WebSocketStream<tokio::net::TcpStream>, DeviceLink) {
        let dial = self.dial();
        let (device, socket) = tokio::join!(dial.connect(), self.socket());
        (socket, device.unwrap())
    }
}

#[tokio::test]
async fn links_over_websocket_obey_every_law() {
    let server = Server::start().await;
    conformance::transport(|| server.ends()).await;
}

#[tokio::test]
async fn nobody_at_an_address_is_said_with_the_address() {
    let server = Server::start().await;
    let (dial, address) = (server.dial(), server.listener.local_addr().unwrap());
    drop(server.listener);
    let error = dial.connect().await.unwrap_err();
    assert_eq!(error.to_string(), format!("nobody answers at ws://{address}"));
}

#[tokio::test]
async fn a_server_that_refuses_is_quoted() {
    let server = Server::start().await;
    let refuse = async {
        let (stream, _) = server.listener.accept().await.unwrap();
        let refuse = |request: &Request, _: Response| {
            assert_eq!(request.headers()["authorization"], "Bearer a-token");
            let mut answer = ErrorResponse::new(None);
            *answer.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::FORBIDDEN;
            Err(answer)
        };
        assert!(accept_hdr_async(stream, refuse).await.is_err());
    };
    let dial = server.dial();
    let (refused, ()) = tokio::join!(dial.connect(), refuse);
    let TransportError::Refused { why, .. } = refused.unwrap_err() else { unreachable!() };
    assert_eq!(why, "it answered 403 Forbidden");
}

#[tokio::test]
async fn a_device_asks_at_the_path_where_a_cloud_accepts_links() {
    let server = Server::start().await;
    let refuse = async {
        let (stream, _) = server.listener.accept().await.unwrap();
        let refuse = |request: &Request, _: Response| {
            assert_eq!(request.uri().path(), d1_protocol::api::LINK);
            let mut answer = ErrorResponse::new(None);
            *answer.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::NOT_FOUND;
            Err(answer)
        };
        assert!(accept_hdr_async(stream, refuse).await.is_err());
    };
    let dial = server.dial();
    let (refused, ()) = tokio::join!(dial.connect(), refuse);
    let TransportError::Refused { why, .. } = refused.unwrap_err() else { unreachable!() };
    assert_eq!(why, "it answered 404 Not Found");
}

#[tokio::test]
async fn somebody_who_does_not_speak_websocket_is_no_cloud() {
    let server = Server::start().await;
    let babble = async {
        let (mut stream, _) = server.listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 mail\r\n\r\n").await.unwrap();
        stream
    };
    let dial = server.dial();
    let (refused, _stream) = tokio::join!(dial.connect(), babble);
    assert!(matches!(refused, Err(TransportError::Unreachable { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_goodbye_ends_the_link_for_both() {
    let server = Server::start().await;
    let (mut socket, mut device) = server.half().await;
    socket.close(None).await.unwrap();
    assert_eq!(device.rx.recv().await, None);
    tokio::time::timeout(Duration::from_secs(60), device.tx.closed()).await.unwrap();
}

#[tokio::test]
async fn words_that_are_no_messages_end_the_link() {
    let server = Server::start().await;
    let (mut socket, mut device) = server.half().await;
    socket.send(Message::Binary(vec![0xff; 16].into())).await.unwrap();
    assert_eq!(device.rx.recv().await, None);
}

#[tokio::test]
async fn a_message_of_an_unknown_kind_is_answered_and_the_link_goes_on() {
    let server = Server::start().await;
    let (mut socket, mut device) = server.half().await;
    // Field 127: a kind of the future.
    socket.send(Message::Binary(vec![0xfa, 0x07, 0].into())).await.unwrap();
    let complaint = loop {
        let message = socket.next().await.unwrap().unwrap();
        if message.is_binary() {
            break message.into_data();
        }
    };
    let FromDevice::Error(problem) = d1_protocol::decode_from_device(complaint).unwrap() else {
        unreachable!("a device complains");
    };
    assert_eq!(problem.code, "D1-LINK-001");
    let forget = ToDevice::Forget { task: TaskId::generate(), attempt: 1 };
    let frame = d1_protocol::encode_to_device(&forget).unwrap();
    socket.send(Message::Binary(frame)).await.unwrap();
    assert_eq!(device.rx.recv().await, Some(forget));
}

#[tokio::test]
async fn talk_that_is_text_is_a_sign_of_life_and_nothing_more() {
    let server = Server::start().await;
    let (mut socket, mut device) = server.half().await;
    socket.send(Message::text("hello?")).await.unwrap();
    let forget = ToDevice::Forget { task: TaskId::generate(), attempt: 1 };
    let frame = d1_protocol::encode_to_device(&forget).unwrap();
    socket.send(Message::Binary(frame)).await.unwrap();
    assert_eq!(device.rx.recv().await, Some(forget));
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_link_before_it_is_kept() {
    let server = Server::start().await;
    let (mut socket, mut device) = server.half().await;
    // The other side may close before all of it is sent.
    let _closed = socket.send(Message::Binary(vec![0; 4 * MAX_FRAME_BYTES].into())).await;
    assert_eq!(device.rx.recv().await, None);
}
