//! When one end is dropped, the other hears so, after everything that was said before.

use super::*;

/// How many words are said over one who says goodbye, at most.
const ON_AND_ON: u64 = 100_000;

pub(super) async fn laws<F, L>(laws: &mut Laws, make: &F)
where
    F: Fn() -> L,
    L: Future<Output = Ends>,
{
    let (ours, theirs) = make().await;
    laws.check("a_device_hears_all_before_the_end", patiently(last_words(ours, theirs))).await;
    let (ours, theirs) = make().await;
    let heard = patiently(last_words(theirs, ours));
    laws.check("an_orchestrator_hears_all_before_the_end", heard).await;
    let interrupted = patiently(speaking_over(make().await));
    laws.check("one_who_is_speaking_hears_the_last_words", interrupted).await;
    let (ours, theirs) = make().await;
    laws.check("nothing_can_be_said_to_a_device_that_is_gone", patiently(gone(ours, theirs))).await;
    let (ours, theirs) = make().await;
    let gone = patiently(gone(theirs, ours));
    laws.check("nothing_can_be_said_to_an_orchestrator_that_is_gone", gone).await;
}

async fn last_words<A: Word, B: Word>(speaker: Link<A, B>, mut listener: Link<B, A>) {
    say(&speaker.tx, words(DEPTH)).await;
    drop(speaker);
    assert_eq!(hear_out(&mut listener.rx).await, words(DEPTH));
    // The end stays the end.
    assert_eq!(listener.rx.recv().await, None);
}

/// The listener speaks on and on, so that the end meets words that nobody will hear.
async fn speaking_over((ours, mut theirs): Ends) {
    let tx = theirs.tx.clone();
    let speaks_on = async {
        for number in 0..ON_AND_ON {
            if tx.send(FromDevice::counting(number)).await.is_err() {
                break;
            }
        }
    };
    let ends = async {
        say(&ours.tx, words(DEPTH)).await;
        drop(ours);
    };
    let ((), (), heard) = tokio::join!(speaks_on, ends, hear_out(&mut theirs.rx));
    assert_eq!(heard, words(DEPTH));
}

async fn gone<A: Word, B: Word>(speaker: Link<A, B>, listener: Link<B, A>) {
    drop(listener);
    // A socket tells of the end a moment later than a queue.
    speaker.tx.closed().await;
    assert!(speaker.tx.send(A::counting(1)).await.is_err());
}
