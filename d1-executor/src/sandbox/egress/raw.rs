//! A connection on a port that was granted by its number: any protocol may be spoken there.
//!
//! What can be looked into is looked into, as on the ports for HTTP: a command that begins with
//! TLS or a request has to name the host it called. When it waits for the other side to begin,
//! or says something else, bytes are passed on as they are.

use super::{
    dial::Called,
    hello::Hello,
    http,
    meter::Metered,
    name::DomainName,
    tls::{self, pass_on, turn_away},
    world::{Open, World},
};
use d1_core::{NetworkAsk, NetworkReason};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    time::timeout,
};

/// A TLS record that begins a handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;
/// What is read at first; the longest method of HTTP fits in.
const FIRST: usize = 4096;
/// How requests begin.
const METHODS: [&str; 10] = [
    "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "TRACE ", "CONNECT ", "PRI ",
];

/// Serves it to its end.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    world: &Arc<World>,
    (host, port): (&DomainName, u16),
    mut command: Metered<S>,
) {
    // A refusal is written down already.
    let Ok(mut called) = world.call(host, port, false).await else { return };
    let line = Arc::clone(&command.line);
    let open = Open { world: Arc::clone(world), ticket: called.ticket, line };
    let mut first = vec![0; FIRST];
    let read = tokio::select! {
        read = command.read(&mut first) => read,
        began = outside_begins(&mut called) => match began {
            Ok(bytes) if command.write_all(&bytes).await.is_ok() => {
                return pass_on(Vec::new(), &mut command, called.stream).await;
            }
            Ok(_) | Err(_) => return,
        },
    };
    first.truncate(read.unwrap_or(0));
    if first.first() == Some(&HANDSHAKE) {
        let mut hello = Hello::new();
        let refused = match hello.take(&first, host) {
            Ok(true) => Ok(true),
            Ok(false) => {
                let greeting = world.meter.budget.greeting();
                let rest = timeout(greeting, tls::greet(&mut hello, host, &mut command)).await;
                rest.unwrap_or(Err(NetworkReason::TooSlow))
            }
            Err(reason) => Err(reason),
        };
        match refused {
            Ok(true) => pass_on(hello.into_bytes(), &mut command, called.stream).await,
            Ok(false) => {}
            Err(reason) => {
                drop(open);
                world.refuse(NetworkAsk::Connection, host.as_str(), ("", port), reason);
                turn_away(&mut command.inner).await;
            }
        }
        return;
    }
    if METHODS.iter().any(|method| first.starts_with(method.as_bytes())) {
        return http::serve_begun(world, (host, port), (first, command), called).await;
    }
    pass_on(first, &mut command, called.stream).await;
}

/// Waits until the other side says something first.
async fn outside_begins(called: &mut Called) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; FIRST];
    let mut buf = ReadBuf::new(&mut bytes);
    let read =
        std::future::poll_fn(|cx| std::pin::Pin::new(&mut called.stream).poll_read(cx, &mut buf));
    read.await?;
    let read = buf.filled().len();
    bytes.truncate(read);
    Ok(bytes)
}
