//! Reads what a program writes, passes it on, and knows when nothing more comes.

use super::{
    last_line::LastLine,
    spool::Tail,
    transcript::{Closed, Transcript},
};
use d1_core::{Output, OutputChunk, Stream};
use std::{
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{io::AsyncReadExt as _, net::unix::pipe, sync::mpsc};
use tokio_util::sync::CancellationToken;

/// How many bytes are read at once: one piece of output.
const BUFFER: usize = OutputChunk::MAX_BYTES;
/// How often a growing file is looked at, at first and at most.
const LOOK_FIRST: Duration = Duration::from_millis(5);
const LOOK_AT_MOST: Duration = Duration::from_millis(100);
/// How long a pipe is listened to after its program has ended, when others still hold it.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Where a stream comes from.
#[derive(Debug)]
pub(super) enum Source {
    Pipe(pipe::Receiver),
    File(Tail),
}

/// What the streams of one program have together: how many bytes they may, and a last line.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicU64,
    last: Mutex<LastLine>,
    /// Fires when there were more.
    pub(super) spent: CancellationToken,
}

impl Budget {
    pub(super) fn of(bytes: u64) -> Self {
        Self {
            left: AtomicU64::new(bytes),
            last: Mutex::default(),
            spent: CancellationToken::new(),
        }
    }

    /// The last line of all.
    pub(super) fn last_line(&self) -> MutexGuard<'_, LastLine> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, bytes: &[u8]) {
        self.last_line().write(bytes);
        let count = bytes.len();
        let take = |left: u64| left.checked_sub(count as u64);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            self.left.store(0, Ordering::Relaxed);
            self.spent.cancel();
        }
    }
}

/// A stream that was read to its end.
pub(super) struct Captured {
    pub(super) closed: Closed,
    /// Bytes that were thrown away unread.
    pub(super) unread: u64,
}

/// Reads until the end: of the pipe, or of the file once `ended` has fired.
///
/// A reader that is slow slows the program; one that is gone does not stop it.
pub(super) async fn capture(
    stream: Stream,
    source: Source,
    to: mpsc::Sender<Output>,
    ended: CancellationToken,
) -> io::Result<Captured> {
    capture_within(stream, source, to, ended, &Budget::of(u64::MAX)).await
}

/// The same, and says when it becomes more than `budget` has; reads on all the same.
pub(super) async fn capture_within(
    stream: Stream,
    source: Source,
    to: mpsc::Sender<Output>,
    ended: CancellationToken,
    budget: &Budget,
) -> io::Result<Captured> {
    let mut transcript = Transcript::new(stream);
    let unread = match source {
        Source::Pipe(pipe) => {
            read_pipe(pipe, &mut transcript, &to, (&ended, budget)).await.map(|()| 0)
        }
        Source::File(tail) => read_file(tail, &mut transcript, &to, &ended).await,
    }?;
    let mut closed = transcript.close();
    if let Some(last) = closed.last.take() {
        let _reader_gone = to.send(last).await;
    }
    Ok(Captured { closed, unread })
}

async fn read_pipe(
    mut pipe: pipe::Receiver,
    transcript: &mut Transcript,
    to: &mpsc::Sender<Output>,
    (ended, budget): (&CancellationToken, &Budget),
) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        buffer.reserve(BUFFER);
        let count = tokio::select! {
            biased;
            count = pipe.read_buf(&mut buffer) => count?,
            () = quiet_after(ended) => return Ok(()),
        };
        if count == 0 {
            return Ok(());
        }
        budget.take(&buffer);
        pass_on(transcript, &mut buffer, to).await;
    }
}

/// Some time after the end: a process that was left behind may hold the pipe for ever.
async fn quiet_after(ended: &CancellationToken) {
    ended.cancelled().await;
    tokio::time::sleep(LAST_WORDS).await;
}

async fn read_file(
    mut tail: Tail,
    transcript: &mut Transcript,
    to: &mpsc::Sender<Output>,
    ended: &CancellationToken,
) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let (mut wait, mut thrown_away) = (LOOK_FIRST, 0);
    loop {
        // Asked before reading: what was written before the end is then still read.
        let last = ended.is_cancelled();
        let (count, unread) = tail.read(&mut buffer)?;
        thrown_away += unread;
        if count > 0 {
            wait = LOOK_FIRST;
            pass_on(transcript, &mut buffer[..count].to_vec(), to).await;
        } else if last {
            return Ok(thrown_away);
        } else {
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(LOOK_AT_MOST),
                () = ended.cancelled() => {}
            }
        }
    }
}

async fn pass_on(transcript: &mut Transcript, bytes: &mut Vec<u8>, to: &mpsc::Sender<Output>) {
    if let Some(output) = transcript.write(bytes) {
        let _reader_gone = to.send(output).await;
    }
}
