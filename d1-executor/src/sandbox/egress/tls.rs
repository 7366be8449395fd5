//! A connection on the port for TLS: the greeting is read and checked, then bytes are passed on.

use super::{
    dial::Wire,
    hello::{Hello, UNKNOWN_NAME},
    meter::Metered,
    name::DomainName,
    world::{Open, World},
};
use d1_core::{NetworkAsk, NetworkReason};
use std::sync::Arc;
use tokio::{
    io::{
        AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional_with_sizes,
    },
    time::timeout,
};

/// What is read of a greeting at once.
const PIECE: usize = 4096;
/// What is passed on at once, in each direction.
pub(super) const COPY: usize = 64 * 1024;

/// Serves it to its end.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    world: &Arc<World>,
    (host, port): (&DomainName, u16),
    mut command: Metered<S>,
) {
    let mut hello = Hello::new();
    let greeting = world.meter.budget.greeting();
    let greeted = timeout(greeting, greet(&mut hello, host, &mut command)).await;
    let refused = match greeted.unwrap_or(Err(NetworkReason::TooSlow)) {
        Ok(true) => match world.call(host, port, false).await {
            Ok(called) => {
                let line = Arc::clone(&command.line);
                let _open = Open { world: Arc::clone(world), ticket: called.ticket, line };
                return pass_on(hello.into_bytes(), &mut command, called.stream).await;
            }
            // It is written down by whom it was refused.
            Err(_reason) => return turn_away(&mut command.inner).await,
        },
        // It hung up and never said whom it wants.
        Ok(false) => return,
        Err(reason) => command.line.cut().unwrap_or(reason),
    };
    world.refuse(NetworkAsk::Connection, host.as_str(), ("", port), refused);
    turn_away(&mut command.inner).await;
}

/// Reads the greeting; false when it hung up before its end.
pub(super) async fn greet<S: AsyncRead + Unpin>(
    hello: &mut Hello,
    host: &DomainName,
    command: &mut S,
) -> Result<bool, NetworkReason> {
    let mut piece = [0; PIECE];
    loop {
        let read = command.read(&mut piece).await.unwrap_or(0);
        if read == 0 {
            return Ok(false);
        }
        if hello.take(&piece[..read], host)? {
            return Ok(true);
        }
    }
}

/// Passes on what came first, and then everything, until both have hung up.
pub(super) async fn pass_on<S: AsyncRead + AsyncWrite + Unpin>(
    first: Vec<u8>,
    command: &mut Metered<S>,
    mut outside: Box<dyn Wire>,
) {
    if outside.write_all(&first).await.is_err() {
        return;
    }
    // Why it ended is in the line, when it was we who ended it.
    let _ended = copy_bidirectional_with_sizes(command, &mut outside, COPY, COPY).await;
}

/// Says that the name is not known, and hangs up.
pub(super) async fn turn_away<S: AsyncWrite + Unpin>(command: &mut S) {
    let _it_is_gone = command.write_all(&UNKNOWN_NAME).await;
    let _it_is_gone = command.shutdown().await;
}
