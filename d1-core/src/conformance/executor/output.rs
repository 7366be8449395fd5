//! What a job writes: as it comes, in order, in small pieces.

use super::*;
use crate::{OutputChunk, Stream, TaskResult};

pub(super) async fn laws<F, E>(laws: &mut Laws, make: &F)
where
    F: Fn() -> E,
    E: Future<Output = Examinee>,
{
    laws.check("output_comes_whole_and_in_order", patiently(in_order(make().await))).await;
    laws.check("output_comes_in_small_pieces", patiently(small(make().await))).await;
    laws.check("the_record_of_output_is_short", patiently(short(make().await))).await;
    laws.check("all_that_is_written_is_counted", patiently(counted(make().await))).await;
    laws.check("a_reader_that_is_gone_stops_nothing", patiently(unheard(make().await))).await;
}

async fn talked(examinee: &Examinee) -> Option<(Ended, Vec<Output>, Vec<u8>)> {
    let (action, written) = examinee.talkative.clone()?;
    assert!(written.len() > OutputChunk::MAX_BYTES, "the sample has to fill more than a piece");
    let job = examinee.job(&action).await;
    let (ended, heard) = examinee.heard(&job, &Stop::new()).await;
    Some((ended.unwrap(), heard, written))
}

async fn in_order(examinee: Examinee) {
    let Some((ended, heard, written)) = talked(&examinee).await else { return };
    assert_eq!(ended.outcome, Outcome::Succeeded);
    let stdout = heard.into_iter().filter(|piece| piece.stream == Stream::Stdout);
    let heard: Vec<u8> = stdout.flat_map(|piece| piece.bytes).collect();
    assert_eq!((heard.len() as u64, ended.dropped_bytes), (written.len() as u64, 0));
    assert!(heard == written, "what was heard is not what was written");
}

async fn small(examinee: Examinee) {
    let Some((_, heard, _)) = talked(&examinee).await else { return };
    for piece in heard {
        assert!((1..=OutputChunk::MAX_BYTES).contains(&piece.bytes.len()));
    }
}

async fn short(examinee: Examinee) {
    let Some((ended, _, written)) = talked(&examinee).await else { return };
    assert!(ended.stdout.len() <= TaskResult::MAX_TEXT);
    assert!(ended.stderr.len() <= TaskResult::MAX_TEXT);
    let first: String = String::from_utf8_lossy(&written).chars().take(64).collect();
    assert!(ended.stdout.starts_with(&first), "the record begins as the output does");
}

async fn counted(examinee: Examinee) {
    let Some((ended, heard, _)) = talked(&examinee).await else { return };
    let streams = heard.iter().filter(|piece| piece.stream != Stream::Note);
    let heard: u64 = streams.map(|piece| piece.bytes.len() as u64).sum();
    assert_eq!(ended.usage.output_bytes, heard + ended.dropped_bytes);
}

async fn unheard(examinee: Examinee) {
    let talkative = examinee.talkative.clone().map(|(action, _)| action);
    for action in examinee.reversible.iter().chain(&talkative) {
        let job = examinee.job(action).await;
        let (tx, rx) = mpsc::channel(WAITING);
        drop(rx);
        let ended = examinee.executor.run(&job, &tx, &Stop::new()).await.unwrap();
        assert_eq!(ended.outcome, Outcome::Succeeded);
    }
}
