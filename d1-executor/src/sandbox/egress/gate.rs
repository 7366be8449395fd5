//! The gate of one command: the sockets that were made inside, served from outside.
//!
//! It has a thread of its own, so it works wherever the command was started from, and nothing of
//! a command can hold up another. When the gate is dropped, its sockets, its connections and its
//! thread are gone. When a socket of it breaks, all of it is closed, and the record says why.

use super::{audit::EgressRecord, connection, grant::Egress, outside::Outside, world::World};
use d1_core::NetworkUse;
use futures_util::future::{BoxFuture, FutureExt as _, select_all};
use std::{
    io,
    net::{TcpListener as StdListener, UdpSocket as StdSocket},
    os::fd::OwnedFd,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// The longest question over UDP that is read; a real one is far shorter.
const LONGEST_QUESTION: usize = 4096;
/// How long to wait for descriptors when there are none left.
const NO_DESCRIPTORS: Duration = Duration::from_millis(20);

/// The sockets made inside the namespace of a command.
#[derive(Debug)]
pub(crate) struct Door {
    /// Where questions for names arrive.
    pub(crate) questions: OwnedFd,
    /// Where they arrive over TCP.
    pub(crate) long_questions: OwnedFd,
    /// Where connections arrive, for each port that is allowed.
    pub(crate) ports: Vec<OwnedFd>,
}

/// The gate of one command.
#[derive(Debug)]
pub(crate) struct Gate {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
    record: Arc<EgressRecord>,
}

impl Gate {
    /// Serves these sockets, for as long as this lives.
    pub(crate) fn open(door: Door, network: &Egress, outside: Outside) -> io::Result<Self> {
        let record = Arc::new(EgressRecord::default());
        let world = World::new(network, outside, Arc::clone(&record));
        let stop = CancellationToken::new();
        let (tell, hear) = mpsc::sync_channel(1);
        let stopping = stop.clone();
        let thread = std::thread::Builder::new()
            .name("d1-egress".into())
            .spawn(move || serve(door, &world, &stopping, &tell))?;
        // Made before the answer is known, so that a failure ends the thread, too.
        let gate = Self { stop, thread: Some(thread), record };
        hear.recv().map_err(|_| io::Error::other("its thread ended without a word"))??;
        Ok(gate)
    }

    /// What went through so far.
    pub(crate) fn so_far(&self) -> NetworkUse {
        self.record.so_far()
    }

    /// Ends every connection; after that the record is complete. It waits for the thread, which
    /// has nothing to wait for itself.
    pub(crate) fn close(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            self.record.close("the gate itself broke");
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.close();
    }
}

/// The thread.
fn serve(
    door: Door,
    world: &Arc<World>,
    stop: &CancellationToken,
    tell: &mpsc::SyncSender<io::Result<()>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(tell.send(Err(error))),
    };
    runtime.block_on(async {
        let serving = match all(door, world) {
            Ok(serving) => serving,
            Err(error) => return drop(tell.send(Err(error))),
        };
        let _heard = tell.send(Ok(()));
        tokio::select! {
            () = stop.cancelled() => {}
            (why, ..) = select_all(serving) => {
                tracing::error!(%why, "the network of a command is closed");
                world.record.close(&why.to_string());
            }
        }
    });
    // A name that is being looked up by the system cannot be called back; it leads nowhere.
    runtime.shutdown_background();
}

type Serving<'a> = BoxFuture<'a, io::Error>;

/// What serves each socket; it ends only when its socket breaks.
fn all<'a>(door: Door, world: &'a Arc<World>) -> io::Result<Vec<Serving<'a>>> {
    let listener = |fd: OwnedFd| {
        let listener = StdListener::from(fd);
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    };
    let questions = StdSocket::from(door.questions);
    questions.set_nonblocking(true)?;
    let questions = UdpSocket::from_std(questions)?;
    let mut all = vec![
        answer(questions, world).boxed(),
        accept(listener(door.long_questions)?, world, answer_at_length).boxed(),
    ];
    for port in door.ports {
        all.push(accept(listener(port)?, world, connection::serve).boxed());
    }
    Ok(all)
}

/// Answers questions, until its socket breaks.
async fn answer(questions: UdpSocket, world: &Arc<World>) -> io::Error {
    let mut question = [0; LONGEST_QUESTION];
    loop {
        let (read, from) = match questions.recv_from(&mut question).await {
            Ok(asked) => asked,
            // Somebody to whom we answered is gone.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
            Err(error) => return error,
        };
        if let Some(answer) = world.answer(&question[..read]) {
            // Who asked may be gone.
            let _sent = questions.send_to(&answer, from).await;
        }
    }
}

/// Serves every connection, until its socket breaks.
async fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    world: &Arc<World>,
    serve: fn(Arc<World>, TcpStream) -> F,
) -> io::Error {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_ended) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _from)) => {
                connections.spawn(serve(Arc::clone(world), stream));
            }
            Err(error) if is_passing(&error) => tokio::time::sleep(NO_DESCRIPTORS).await,
            Err(error) => return error,
        }
    }
}

/// Whether the socket is as good as before (`accept(2)`).
fn is_passing(error: &io::Error) -> bool {
    const EMFILE: i32 = 24;
    const ENFILE: i32 = 23;
    matches!(error.raw_os_error(), Some(EMFILE | ENFILE))
        || matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::Interrupted
                | io::ErrorKind::OutOfMemory
        )
}

/// Answers questions over TCP, each with its length before it (RFC 7766).
async fn answer_at_length(world: Arc<World>, mut stream: TcpStream) {
    let Ok(_place) = world.meter.admit() else { return };
    let exchange = async |stream: &mut TcpStream| {
        let length = stream.read_u16().await?;
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await?;
        let answer = world.answer(&question).ok_or(io::ErrorKind::InvalidData)?;
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], &answer].concat()).await
    };
    let greeting = world.meter.budget.greeting();
    while let Ok(Ok(())) = timeout(greeting, exchange(&mut stream)).await {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketType, socket};

    /// The sockets of a door, and where long questions arrive.
    fn door(ports: Vec<OwnedFd>) -> (Door, std::net::SocketAddr) {
        let long = StdListener::bind("127.0.0.1:0").unwrap();
        let at = long.local_addr().unwrap();
        let questions = StdSocket::bind("127.0.0.1:0").unwrap().into();
        (Door { questions, long_questions: long.into(), ports }, at)
    }

    #[test]
    fn when_one_socket_breaks_all_are_closed_and_the_record_says_why() {
        // Nobody ever listened at this one.
        let deaf = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        let (door, at) = door(vec![deaf]);
        let network = Egress::of(vec!["example.org".parse().unwrap()]);
        let mut gate = Gate::open(door, &network, Outside::new()).unwrap();
        gate.thread.take().unwrap().join().unwrap();
        let closed = gate.so_far().closed;
        assert!(closed.contains("Invalid argument"), "{closed}");
        let error = std::net::TcpStream::connect(at).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn a_gate_that_is_dropped_closes_its_sockets_and_ends_its_connections() {
        use std::io::Read as _;
        let (door, at) = door(Vec::new());
        let network = Egress::of(vec!["example.org".parse().unwrap()]);
        let gate = Gate::open(door, &network, Outside::new()).unwrap();
        let mut open = std::net::TcpStream::connect(at).unwrap();
        drop(gate);
        assert_eq!(open.read(&mut [0; 1]).unwrap_or(0), 0);
        assert!(std::net::TcpStream::connect(at).is_err());
    }
}
