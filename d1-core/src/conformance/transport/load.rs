//! Too much and too large: bounded, and nothing is lost by it.

use super::*;
use std::time::Duration;

/// Large enough that sockets cannot hide many of them in their buffers.
const LARGE: usize = 48 * 1024;
/// More large words than any bounded link holds for one who does not listen.
const BOUND: u64 = 1024;
/// A speaker that waits so long for room is being slowed. One that is slow for another
/// reason is taken for slowed, never the other way round.
const QUIET: Duration = Duration::from_millis(250);
/// More than any frame holds.
const TOO_LARGE: usize = 1024 * 1024;

pub(super) async fn laws<F, L>(laws: &mut Laws, make: &F)
where
    F: Fn() -> L,
    L: Future<Output = Ends>,
{
    let (ours, theirs) = make().await;
    laws.check("a_slow_device_slows_its_orchestrator", patiently(slowed(ours, theirs))).await;
    let (ours, theirs) = make().await;
    laws.check("a_slow_orchestrator_slows_its_device", patiently(slowed(theirs, ours))).await;
    let (ours, theirs) = make().await;
    let refused = patiently(harms_no_other(ours, theirs));
    laws.check("an_order_too_large_harms_no_other", refused).await;
    let (ours, theirs) = make().await;
    let refused = patiently(harms_no_other(theirs, ours));
    laws.check("a_report_too_large_harms_no_other", refused).await;
}

/// Speaks until there is no room, then is heard to the end: everything is there, in order.
async fn slowed<A: Word, B: Word>(speaker: Link<A, B>, mut listener: Link<B, A>) {
    let mut said = 0;
    while let Ok(room) = tokio::time::timeout(QUIET, speaker.tx.reserve()).await {
        said += 1;
        assert!(said <= BOUND, "{BOUND} words of {LARGE} bytes wait for one who does not listen");
        room.unwrap().send(A::heavy(said, LARGE));
    }
    let goes_on = say(&speaker.tx, [A::counting(said + 1)]);
    let hears_all = async {
        for number in 1..=said {
            assert_eq!(listener.rx.recv().await.unwrap(), A::heavy(number, LARGE));
        }
        assert_eq!(listener.rx.recv().await.unwrap(), A::counting(said + 1));
    };
    tokio::join!(goes_on, hears_all);
}

/// A word that is larger than a frame arrives whole, where there are no frames, or not at
/// all. Those before and after it arrive.
async fn harms_no_other<A: Word, B: Word>(speaker: Link<A, B>, mut listener: Link<B, A>) {
    let large = A::heavy(2, TOO_LARGE);
    say(&speaker.tx, [A::counting(1), large.clone(), A::counting(3)]).await;
    drop(speaker);
    let mut heard = hear_out(&mut listener.rx).await;
    heard.retain(|word| *word != large);
    assert_eq!(heard, [A::counting(1), A::counting(3)]);
}
