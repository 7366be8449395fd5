//! Every transport sits the exam of links, and keeps its own promises besides.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use d1_core::{
    DeviceLink, FromDevice, OrchestratorLink, Supervisor, TaskId, ToDevice, Transport as _,
    TransportError, conformance,
};
use d1_protocol::{
    MAX_FRAME_BYTES, encode_from_device, memory,
    websocket::{self, Frame},
};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _, future};
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

#[tokio::test(start_paused = true)]
async fn links_in_memory_obey_every_law() {
    let (dial, acceptor) = memory::pair();
    let acceptor = tokio::sync::Mutex::new(acceptor);
    conformance::transport(|| async {
        let mut acceptor = acceptor.lock().await;
        let (ours, theirs) = tokio::join!(dial.connect(), acceptor.accept());
        (ours.unwrap(), theirs.unwrap())
    })
    .await;
}

#[tokio::test]
async fn links_over_websocket_obey_every_law() {
    let server = Server::start().await;
    conformance::transport(|| server.ends()).await;
}

#[tokio::test]
async fn nobody_in_memory_is_said() {
    let (dial, acceptor) = memory::pair::<ToDevice, FromDevice>();
    drop(acceptor);
    assert!(matches!(dial.connect().await, Err(TransportError::Refused { .. })));
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
    let forget = ToDevice::Forget(TaskId::generate());
    let frame = d1_protocol::encode_to_device(&forget).unwrap();
    socket.send(Message::Binary(frame)).await.unwrap();
    assert_eq!(device.rx.recv().await, Some(forget));
}

#[tokio::test]
async fn talk_that_is_text_is_a_sign_of_life_and_nothing_more() {
    let server = Server::start().await;
    let (mut socket, mut device) = server.half().await;
    socket.send(Message::text("hello?")).await.unwrap();
    let forget = ToDevice::Forget(TaskId::generate());
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

#[cfg(unix)]
mod unix {
    use super::*;
    use bytes::BufMut as _;
    use d1_protocol::unix::{Dial, Listener};
    use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};
    use tokio::{io::AsyncWriteExt as _, net::UnixStream};

    fn place() -> (tempfile::TempDir, PathBuf, Supervisor) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("daemon.sock");
        (folder, path, Supervisor::default())
    }

    #[tokio::test]
    async fn links_over_a_socket_file_obey_every_law() {
        let (_folder, path, supervisor) = place();
        let listener = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
        let dial = Dial::new(&path, supervisor);
        conformance::transport(|| async {
            let (ours, theirs) = tokio::join!(dial.connect(), listener.accept());
            (ours.unwrap(), theirs.unwrap().0)
        })
        .await;
    }

    #[tokio::test]
    async fn the_kernel_tells_who_is_at_the_other_end() {
        let (_folder, path, supervisor) = place();
        let listener = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
        let dial = Dial::new(&path, supervisor);
        let (_link, accepted) = tokio::join!(dial.connect(), listener.accept());
        let (_, peer) = accepted.unwrap();
        assert_eq!(peer.pid, i32::try_from(std::process::id()).ok());
        let own = fs::metadata("/proc/self").unwrap();
        assert_eq!(peer.uid, std::os::unix::fs::MetadataExt::uid(&own));
    }

    #[tokio::test]
    async fn a_socket_file_lets_in_nobody_but_whom_its_mode_names() {
        for mode in [0o600, 0o660] {
            let (_folder, path, supervisor) = place();
            let _listener = Listener::bind(&path, mode, supervisor).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        }
    }

    #[tokio::test]
    async fn a_socket_that_somebody_listens_on_is_not_taken_and_a_dead_one_is() {
        let (_folder, path, supervisor) = place();
        let first = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
        let second = Listener::bind(&path, 0o600, supervisor.clone()).unwrap_err();
        assert!(matches!(second, TransportError::Refused { .. }), "{second}");
        // As a process leaves it that is killed: the file stays, nobody listens.
        let left = fs::File::open(path.parent().unwrap()).unwrap();
        drop((first, left));
        let _third = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
        assert!(Dial::new(&path, supervisor).connect().await.is_ok());
    }

    #[tokio::test]
    async fn nobody_at_a_socket_is_said_with_its_path() {
        let (_folder, path, supervisor) = place();
        let error = Dial::new(&path, supervisor).connect().await.unwrap_err();
        assert_eq!(error.to_string(), format!("nobody answers at {}", path.display()));
    }

    #[tokio::test]
    async fn a_frame_that_claims_to_be_huge_ends_the_link_and_is_not_waited_for() {
        let (_folder, path, supervisor) = place();
        let listener = Listener::bind(&path, 0o600, supervisor).unwrap();
        let (stream, accepted) = tokio::join!(UnixStream::connect(&path), listener.accept());
        let (mut stream, (mut device, _)) = (stream.unwrap(), accepted.unwrap());
        let mut frame = Vec::new();
        frame.put_u32(u32::MAX);
        stream.write_all(&frame).await.unwrap();
        assert_eq!(device.rx.recv().await, None);
    }

    #[tokio::test]
    async fn an_other_side_that_dies_in_the_middle_of_a_frame_ends_the_link() {
        let (_folder, path, supervisor) = place();
        let listener = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
        let dial = Dial::new(&path, supervisor);
        let (ours, accepted) = tokio::join!(dial.connect(), listener.accept());
        let (mut ours, (theirs, _)) = (ours.unwrap(), accepted.unwrap());
        let lease = FromDevice::Lease(vec![TaskId::generate()]);
        theirs.tx.send(lease.clone()).await.unwrap();
        drop(theirs);
        assert_eq!(ours.rx.recv().await, Some(lease.clone()));
        assert_eq!(ours.rx.recv().await, None);

        let (stream, accepted) = tokio::join!(UnixStream::connect(&path), listener.accept());
        let (mut stream, (mut device, _)) = (stream.unwrap(), accepted.unwrap());
        let whole = encode_from_device(&lease).unwrap();
        let mut half = Vec::new();
        half.put_u32(u32::try_from(whole.len()).unwrap());
        half.extend_from_slice(&whole[..whole.len() / 2]);
        stream.write_all(&half).await.unwrap();
        drop(stream);
        assert_eq!(device.rx.recv().await, None);
    }
}
