//! What a job says while it runs: passed on in small pieces as it comes, kept for the record.

use crate::{Digest, Ended, Output, OutputChunk, Stream, TaskResult, Usage};
use tokio::sync::mpsc;

/// How many bytes of each stream are passed on; what comes after is counted and dropped.
const MOST: usize = 1024 * 1024;

/// What a job says while it runs.
pub(super) struct Voice<'a> {
    output: &'a mpsc::Sender<Output>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    dropped: u64,
}

impl<'a> Voice<'a> {
    pub(super) fn new(output: &'a mpsc::Sender<Output>) -> Self {
        Self { output, stdout: Vec::new(), stderr: Vec::new(), dropped: 0 }
    }

    /// Says it; waits for a slow listener, and not for one that is gone.
    pub(super) async fn say(&mut self, stream: Stream, bytes: &[u8]) {
        for piece in bytes.chunks(OutputChunk::MAX_BYTES) {
            let fits = self.room(stream).min(piece.len());
            self.dropped += (piece.len() - fits) as u64;
            self.record(stream, piece);
            if fits > 0 {
                let said = Output { stream, bytes: piece[..fits].to_vec() };
                let _nobody_listens = self.output.send(said).await;
            }
        }
    }

    fn room(&self, stream: Stream) -> usize {
        let said = match stream {
            Stream::Stdout => self.stdout.len(),
            Stream::Stderr => self.stderr.len(),
            Stream::Note => 0,
        };
        MOST.saturating_sub(said)
    }

    fn record(&mut self, stream: Stream, piece: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout.extend(piece),
            Stream::Stderr => self.stderr.extend(piece),
            Stream::Note => {}
        }
    }

    /// The end of the job, with what it said.
    pub(super) fn close(self, ended: Ended) -> Ended {
        let digests = [&self.stdout, &self.stderr].map(|all| *Digest::of(all).as_bytes());
        Ended {
            stdout: text(&self.stdout),
            stderr: text(&self.stderr),
            output_digest: Digest::of(&digests.concat()),
            dropped_bytes: self.dropped,
            usage: Usage {
                output_bytes: (self.stdout.len() + self.stderr.len()) as u64,
                ..ended.usage
            },
            ..ended
        }
    }
}

/// The beginning, as text, of at most [`TaskResult::MAX_TEXT`] bytes.
fn text(bytes: &[u8]) -> String {
    let mut text =
        String::from_utf8_lossy(&bytes[..bytes.len().min(TaskResult::MAX_TEXT)]).into_owned();
    let fits = text.floor_char_boundary(TaskResult::MAX_TEXT);
    text.truncate(fits);
    text
}
