//! The peer: a server that only holds WebSockets, in a process of its own.

use crate::args::Buffers;
use d1_protocol::websocket::READ_BUFFER;
use futures_util::{StreamExt as _, stream};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, accept_async_with_config, connect_async,
    tungstenite::protocol::WebSocketConfig,
};

/// How many dial at once.
const AT_ONCE: usize = 64;

/// Serves for ever, each link by a task of its own.
pub(crate) async fn serve(buffers: Buffers) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    let config = match buffers {
        Buffers::Default => WebSocketConfig::default(),
        Buffers::Tuned => {
            WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(0)
        }
    };
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let Ok(mut socket) = accept_async_with_config(stream, Some(config)).await else {
                return;
            };
            while let Some(Ok(_)) = socket.next().await {}
        });
    }
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    /// This program again, as the peer.
    pub(crate) fn start(buffers: Buffers) -> Self {
        let name = match buffers {
            Buffers::Default => "default",
            Buffers::Tuned => "tuned",
        };
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.args(["--bare-peer", name]).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
        Self { child, address: address.trim().to_owned() }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Holds so many links.
    pub(crate) async fn hold(&self, links: u32) -> Vec<WebSocketStream<MaybeTlsStream<TcpStream>>> {
        let url = format!("ws://{}", self.address);
        let dial = |_| async { connect_async(&url).await.unwrap().0 };
        stream::iter(0..links).map(dial).buffer_unordered(AT_ONCE).collect().await
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _already_dead = self.child.kill();
        let _already_reaped = self.child.wait();
    }
}
