//! What one stream wrote: the head as it comes, then only the tail, and an exact count of what
//! fell between.

use d1_core::{Output, Stream, TaskResult};

/// How many bytes of a stream are passed on as they come.
pub(super) const HEAD: usize = 1024 * 1024;
/// How many of the last bytes are kept beyond that.
pub(super) const TAIL: usize = 64 * 1024;
/// How many bytes of text are kept for the record: half from the head, half from the tail.
const TEXT: usize = TaskResult::MAX_TEXT - 128;

/// What one stream wrote.
#[derive(Debug)]
pub(super) struct Transcript {
    stream: Stream,
    total: u64,
    head_text: Vec<u8>,
    tail: Vec<u8>,
    digest: blake3::Hasher,
}

/// A stream that has ended.
pub(super) struct Closed {
    /// What is still to be passed on.
    pub(super) last: Option<Output>,
    /// How many bytes it wrote.
    pub(super) total: u64,
    /// Bytes that were not passed on.
    pub(super) dropped: u64,
    /// The text for the record.
    pub(super) text: String,
    /// The BLAKE3 digest of everything.
    pub(super) digest: [u8; 32],
}

impl Transcript {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            total: 0,
            head_text: Vec::new(),
            tail: Vec::new(),
            digest: blake3::Hasher::new(),
        }
    }

    /// Takes in what was written; gives back what is to be passed on now. What is in `bytes`
    /// after is of no meaning.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) -> Option<Output> {
        self.digest.update(bytes);
        let passed = usize::try_from(self.total).map_or(HEAD, |total| total.min(HEAD));
        self.total += bytes.len() as u64;
        let now = bytes[..bytes.len().min(HEAD - passed)].to_vec();
        let room = (TEXT / 2).saturating_sub(self.head_text.len());
        self.head_text.extend(&bytes[..bytes.len().min(room)]);
        self.keep(bytes);
        (!now.is_empty()).then_some(Output { stream: self.stream, bytes: now })
    }

    /// Nothing more comes.
    pub(super) fn close(self) -> Closed {
        let beyond = self.total.saturating_sub(HEAD as u64);
        let kept = usize::try_from(beyond).unwrap_or(usize::MAX).min(TAIL);
        let tail = &self.tail[self.tail.len().saturating_sub(TAIL)..];
        let last = tail[tail.len() - kept..].to_vec();
        let dropped = beyond - kept as u64;
        let text = text(&self.head_text, tail, self.total);
        let last = (!last.is_empty()).then_some(Output { stream: self.stream, bytes: last });
        Closed { last, total: self.total, dropped, text, digest: self.digest.finalize().into() }
    }

    /// The last bytes of everything, for the text and for what comes after the head; some more,
    /// so that they need not be moved each time.
    fn keep(&mut self, bytes: &mut Vec<u8>) {
        if bytes.len() >= TAIL {
            std::mem::swap(&mut self.tail, bytes);
            return;
        }
        let too_many = self.tail.len().saturating_sub(TAIL);
        if too_many >= TAIL {
            self.tail.drain(..too_many);
        }
        self.tail.extend_from_slice(bytes);
    }
}

fn text(head: &[u8], tail: &[u8], total: u64) -> String {
    let whole = usize::try_from(total).unwrap_or(usize::MAX);
    if whole <= head.len() {
        return String::from_utf8_lossy(head).into_owned();
    }
    let rest = (whole - head.len()).min(TEXT / 2).min(tail.len());
    let left_out = whole - head.len() - rest;
    let end = String::from_utf8_lossy(&tail[tail.len() - rest..]).into_owned();
    let start = String::from_utf8_lossy(head);
    if left_out == 0 {
        format!("{start}{end}")
    } else {
        format!("{start}\n… {left_out} bytes left out …\n{end}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_without_being_counted(
            pieces in prop::collection::vec(0_usize..200_000, 0..20),
        ) {
            let mut transcript = Transcript::new(Stream::Stdout);
            let (mut passed, mut all) = (Vec::new(), Vec::new());
            for (n, length) in pieces.iter().enumerate() {
                let bytes: Vec<u8> = (0..*length).map(|at| (at * 7 + n) as u8).collect();
                passed.extend(transcript.write(&mut bytes.clone()).map(|o| o.bytes).unwrap_or_default());
                all.extend(bytes);
            }
            let closed = transcript.close();
            passed.extend(closed.last.map(|o| o.bytes).unwrap_or_default());
            prop_assert_eq!(passed.len() as u64 + closed.dropped, all.len() as u64);
            let head = all.len().min(HEAD);
            prop_assert_eq!(&passed[..head], &all[..head]);
            prop_assert_eq!(&passed[head..], &all[all.len() - (passed.len() - head)..]);
            prop_assert_eq!(closed.digest, *blake3::hash(&all).as_bytes());
            prop_assert!(closed.text.len() <= 4 * TaskResult::MAX_TEXT);
        }
    }

    #[test]
    fn short_output_is_the_text_and_long_output_tells_what_is_missing() {
        let mut short = Transcript::new(Stream::Stderr);
        short.write(&mut b"hello".to_vec());
        assert_eq!(short.close().text, "hello");
        let mut long = Transcript::new(Stream::Stderr);
        long.write(&mut vec![b'x'; 100_000]);
        assert!(long.close().text.contains("bytes left out"));
    }
}
