//! Keeps a task's output: numbered, bounded in size, written down before it is told.

use super::live::News;
use d1_core::{Journal, Output, OutputChunk, TaskId};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// How many pieces of output may wait to be written down before the command is slowed.
pub(super) const OUTPUT_QUEUE: usize = 64;

/// The most chunks written down at once.
const BATCH: usize = 64;

/// Writes down what comes until the other side is gone, and tells the number of each batch.
///
/// When the journal cannot be written the rest is let go, so that the command is not
/// held up; what was kept stays without gaps. Returns how many bytes were let go.
pub(super) async fn record(
    journal: Arc<dyn Journal>,
    (task, attempt): (TaskId, u32),
    mut first_seq: u64,
    mut output: mpsc::Receiver<Output>,
    news: watch::Sender<News>,
) -> u64 {
    let mut batch = Vec::with_capacity(BATCH);
    let mut lost = 0_u64;
    while output.recv_many(&mut batch, BATCH).await > 0 {
        let chunks: Vec<OutputChunk> = batch
            .drain(..)
            .flat_map(split)
            .map(|output| {
                let seq = first_seq;
                first_seq += 1;
                OutputChunk { task, attempt, seq, output }
            })
            .collect();
        let bytes: usize = chunks.iter().map(|chunk| chunk.output.bytes.len()).sum();
        if lost == 0 {
            match journal.append(&chunks).await {
                Ok(()) => {
                    news.send_modify(|news| news.last_chunk = first_seq - 1);
                    continue;
                }
                Err(error) => tracing::warn!(%task, %error, "output is lost from here on"),
            }
        }
        lost = lost.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
    lost
}

fn split(output: Output) -> Vec<Output> {
    if output.bytes.len() <= OutputChunk::MAX_BYTES {
        return vec![output];
    }
    let piece = |bytes: &[u8]| Output { stream: output.stream, bytes: bytes.to_vec() };
    output.bytes.chunks(OutputChunk::MAX_BYTES).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::Stream;

    #[test]
    fn a_large_piece_is_split_and_nothing_of_it_is_lost() {
        let bytes: Vec<u8> = (0..150_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let pieces = split(Output { stream: Stream::Stdout, bytes: bytes.clone() });
        assert_eq!(pieces.len(), 3);
        assert!(pieces.iter().all(|piece| piece.bytes.len() <= OutputChunk::MAX_BYTES));
        assert_eq!(pieces.concat_bytes(), bytes);
    }

    trait ConcatBytes {
        fn concat_bytes(&self) -> Vec<u8>;
    }
    impl ConcatBytes for Vec<Output> {
        fn concat_bytes(&self) -> Vec<u8> {
            self.iter().flat_map(|piece| piece.bytes.clone()).collect()
        }
    }
}
