//! How long a link over a socket waits for whom: the other end is a test, and time is paused.

use bytes::Bytes;
use d1_core::{FromDevice, LinkSender, OrchestratorLink, Supervisor, TaskId, ToDevice};
use d1_protocol::{
    decode_to_device, encode_from_device,
    websocket::{self, Frame},
};
use futures_util::{Sink, Stream, StreamExt as _, stream::unfold};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::PollSender;

/// How many frames the socket itself holds.
const BUFFER: usize = 2;
/// More than anybody waits for anything.
const EVER: Duration = Duration::from_secs(2 * 3600);

/// A socket made of two channels. It fails as sockets do when the other end is gone.
struct Socket {
    heard: Pin<Box<dyn Stream<Item = io::Result<Frame>> + Send>>,
    said: PollSender<Frame>,
}

/// The other end of a [`Socket`], in the hands of the test.
struct Peer {
    say: mpsc::Sender<io::Result<Frame>>,
    hear: mpsc::Receiver<Frame>,
}

fn socket() -> (Socket, Peer) {
    let (say, heard) = mpsc::channel(BUFFER);
    let (said, hear) = mpsc::channel(BUFFER);
    let heard = unfold(heard, |mut heard| async move { Some((heard.recv().await?, heard)) });
    (Socket { heard: heard.boxed(), said: PollSender::new(said) }, Peer { say, hear })
}

impl Stream for Socket {
    type Item = io::Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.heard.poll_next_unpin(cx)
    }
}

impl Sink<Frame> for Socket {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(
            ready!(self.said.poll_reserve(cx)).map_err(|_| io::ErrorKind::BrokenPipe.into()),
        )
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> io::Result<()> {
        self.said.send_item(frame).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.said.close();
        Poll::Ready(Ok(()))
    }
}

fn link() -> (OrchestratorLink, Peer, Supervisor) {
    let supervisor = Supervisor::default();
    let (socket, peer) = socket();
    (websocket::accept(socket, &supervisor), peer, supervisor)
}

fn stored(seq: u64) -> ToDevice {
    ToDevice::OutputStored { task: TaskId::from_bytes([7; 16]), attempt: 1, seq }
}

fn lease() -> FromDevice {
    FromDevice::Lease(vec![TaskId::from_bytes([7; 16])])
}

fn frame(message: &FromDevice) -> Frame {
    Frame::Message(encode_from_device(message).unwrap())
}

/// The next message that is heard, and no sign of life.
async fn next(peer: &mut Peer) -> Option<ToDevice> {
    loop {
        match peer.hear.recv().await? {
            Frame::Message(bytes) => return Some(decode_to_device(bytes).unwrap()),
            Frame::Beat => {}
        }
    }
}

/// Says one thing after the other until there is no more room, and tells how many.
async fn fill(link: &OrchestratorLink) -> u64 {
    let mut said = 0;
    while let Ok(room) = tokio::time::timeout(Duration::from_millis(1), link.tx.reserve()).await {
        said += 1;
        room.unwrap().send(stored(said));
    }
    said
}

/// What the link hears next.
async fn hears(link: &mut OrchestratorLink) -> Option<FromDevice> {
    tokio::time::timeout(EVER, link.rx.recv()).await.unwrap()
}

/// Waits until nothing can be said any more.
async fn ends(tx: &LinkSender<ToDevice>) {
    tokio::time::timeout(EVER, tx.closed()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sign_of_life_is_asked_for_every_quarter_of_a_minute() {
    let (_link, mut peer, _supervisor) = link();
    let start = Instant::now();
    for beat in 1..=2 {
        assert_eq!(peer.hear.recv().await, Some(Frame::Beat));
        assert_eq!(start.elapsed().as_secs(), beat * 15);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_other_side_is_given_up() {
    let (mut link, _peer, _supervisor) = link();
    let start = Instant::now();
    assert_eq!(hears(&mut link).await, None);
    assert_eq!(start.elapsed().as_secs(), 45);
    ends(&link.tx).await;
}

#[tokio::test(start_paused = true)]
async fn one_who_only_gives_signs_of_life_is_not_given_up() {
    let (mut link, peer, _supervisor) = link();
    let lives = async {
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_secs(44)).await;
            peer.say.send(Ok(Frame::Beat)).await.unwrap();
        }
        peer.say.send(Ok(frame(&lease()))).await.unwrap();
    };
    let (heard, ()) = tokio::join!(hears(&mut link), lives);
    assert_eq!(heard, Some(lease()));
}

#[tokio::test(start_paused = true)]
async fn one_who_neither_reads_nor_speaks_is_given_up_in_the_middle_of_a_word() {
    let (mut link, _peer, supervisor) = link();
    fill(&link).await;
    assert_eq!(hears(&mut link).await, None);
    ends(&link.tx).await;
    assert!(supervisor.shut_down(EVER).await);
}

#[tokio::test(start_paused = true)]
async fn one_who_stops_speaking_and_does_not_read_is_gone() {
    let (mut link, peer, _supervisor) = link();
    fill(&link).await;
    drop(peer.say);
    assert_eq!(hears(&mut link).await, None);
    ends(&link.tx).await;
    drop(peer.hear);
}

#[tokio::test(start_paused = true)]
async fn a_slow_listener_hears_the_last_words_however_many_there_are() {
    let (link, mut peer, _supervisor) = link();
    let said = fill(&link).await;
    drop(link);
    for number in 1..=said {
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(next(&mut peer).await, Some(stored(number)));
    }
    assert_eq!(next(&mut peer).await, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_the_line_broke_is_heard() {
    let (mut link, peer, _supervisor) = link();
    for _ in 0..BUFFER {
        peer.say.send(Ok(frame(&lease()))).await.unwrap();
    }
    drop(peer.hear);
    link.tx.send(stored(1)).await.unwrap();
    ends(&link.tx).await;
    for _ in 0..BUFFER {
        assert_eq!(hears(&mut link).await, Some(lease()));
    }
    assert_eq!(hears(&mut link).await, None);
}

#[tokio::test(start_paused = true)]
async fn one_who_does_not_listen_to_the_last_words_is_left() {
    let (link, peer, _supervisor) = link();
    fill(&link).await;
    drop(link);
    tokio::time::timeout(EVER, peer.say.closed()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_fails_on_and_on_is_left_at_once() {
    let (link, peer, supervisor) = link();
    drop(link.rx);
    // Nobody listens any more: what comes is thrown away, but not without end.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut taken = 0;
    while peer.say.send(Err(io::ErrorKind::ConnectionReset.into())).await.is_ok() {
        taken += 1;
        assert!(taken < 100, "one who only fails is listened to for ever");
    }
    ends(&link.tx).await;
    assert!(supervisor.shut_down(EVER).await);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_that_stops_ends_a_link_that_is_stuck() {
    let (mut link, _peer, supervisor) = link();
    fill(&link).await;
    assert!(supervisor.shut_down(EVER).await);
    assert_eq!(hears(&mut link).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_nonsense_is_complained_about_within_bounds() {
    let (link, mut peer, _supervisor) = link();
    fill(&link).await;
    // Whole, and of a kind nobody knows.
    let nonsense = Frame::Message(Bytes::from_static(&[0xfa, 0x07, 0]));
    for _ in 0..1000 {
        peer.say.send(Ok(nonsense.clone())).await.unwrap();
    }
    drop(link);
    let mut complaints = 0;
    while let Some(message) = next(&mut peer).await {
        complaints += usize::from(matches!(message, ToDevice::Error(_)));
    }
    assert!(complaints <= 16, "{complaints} complaints");
}
