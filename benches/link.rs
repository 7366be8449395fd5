//! What a word and its answer cost over each transport, beside one byte through a bare socket.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use d1_core::{
    DeviceLink, FromDevice, Link, OrchestratorLink, Supervisor, TaskId, ToDevice, Transport as _,
};
use d1_protocol::{
    unix,
    websocket::{self, Frame},
};
use d1_world::Contest;
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UnixStream},
};
use tokio_tungstenite::tungstenite::{Error, Message};

const TURNS: usize = 4_000;
const GRACE: Duration = Duration::from_secs(1);

/// A device that answers every word at once.
async fn echo(mut device: DeviceLink) {
    while let Some(word) = device.rx.recv().await {
        if let ToDevice::Forget { task, .. } = word {
            device.tx.send(FromDevice::Lease(vec![task])).await.unwrap();
        }
    }
}

async fn ask(link: &mut OrchestratorLink) {
    let task = TaskId::generate();
    link.tx.send(ToDevice::Forget { task, attempt: 1 }).await.unwrap();
    assert_eq!(link.rx.recv().await, Some(FromDevice::Lease(vec![task])));
}

fn in_memory(supervisor: &Supervisor) -> OrchestratorLink {
    let (ours, theirs) = Link::pair();
    supervisor.run("echo", echo(theirs));
    ours
}

async fn over_unix(supervisor: &Supervisor) -> OrchestratorLink {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = unix::Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
    let dial = unix::Dial::new(&path, supervisor.clone());
    let (link, accepted) = tokio::join!(dial.connect(), listener.accept());
    supervisor.run("echo", echo(accepted.unwrap().0));
    link.unwrap()
}

async fn over_websocket(supervisor: &Supervisor) -> OrchestratorLink {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let dial = websocket::Dial::new(&url, None, supervisor.clone()).unwrap();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let frames = socket
            .map(|message| {
                let message = message?;
                let frame = if message.is_binary() {
                    Frame::Message(message.into_data())
                } else {
                    Frame::Beat
                };
                Ok::<_, Error>(frame)
            })
            .with(|frame| async move {
                Ok::<_, Error>(match frame {
                    Frame::Message(bytes) => Message::Binary(bytes),
                    Frame::Beat => Message::Ping(Vec::new().into()),
                })
            });
        websocket::accept(Box::pin(frames), supervisor)
    };
    let (device, link) = tokio::join!(dial.connect(), serve);
    supervisor.run("echo", echo(device.unwrap()));
    link
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let supervisor = Supervisor::default();
    let (mut bare, mut other) = UnixStream::pair().unwrap();
    supervisor.run("bare echo", async move {
        let mut byte = [0];
        while other.read_exact(&mut byte).await.is_ok() {
            other.write_all(&byte).await.unwrap();
        }
    });
    let mut memory = in_memory(&supervisor);
    let mut unix = over_unix(&supervisor).await;
    let mut websocket = over_websocket(&supervisor).await;
    let mut contest = Contest::new("one word and its answer, one thread");
    for _ in 0..TURNS {
        let byte = async {
            bare.write_all(&[1]).await.unwrap();
            bare.read_exact(&mut [0]).await.unwrap();
        };
        contest.wait("one byte, bare Unix socket", byte).await;
        contest.wait("in memory", ask(&mut memory)).await;
        contest.wait("Unix socket", ask(&mut unix)).await;
        contest.wait("WebSocket on loopback", ask(&mut websocket)).await;
    }
    contest.report();
    drop((memory, unix, websocket, bare));
    supervisor.shut_down(GRACE).await;
}
