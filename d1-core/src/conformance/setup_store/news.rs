//! News: numbered from one, without gaps, whoever tells it.

use super::*;
use crate::Timestamp;
use tokio::task::JoinSet;

pub(super) async fn laws<F, S>(laws: &mut Laws, make: &F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    laws.check("news_counts_from_one_without_gaps", counts_on(make().await)).await;
    laws.check("racing_tellers_leave_no_gap", racers_leave_no_gap(make().await)).await;
    laws.check("telling_does_not_change_the_setup", setup_unchanged(make().await)).await;
    laws.check("news_goes_on_after_a_number", goes_on(make().await)).await;
    laws.check("every_setup_has_its_own_news", own_news(make().await)).await;
}

fn numbered(news: impl IntoIterator<Item = (ProgressEvent, u64)>) -> Vec<Progress> {
    let numbered = news.into_iter().zip(1..);
    numbered.map(|((event, at), seq)| Progress { seq, at: Timestamp(at), event }).collect()
}

async fn counts_on(store: Port) {
    let setup = a_setup(AccountId::generate());
    let mut setup = store.create(&setup, None, &[said(1), said(2)]).await.unwrap();
    let mut stale = setup.clone();
    store.tell(setup.id, &[said(3)], Timestamp(5)).await.unwrap();
    store.save(&mut setup, &[said(4), said(5)], Timestamp(6)).await.unwrap();
    store.tell(setup.id, &[], Timestamp(7)).await.unwrap();
    store.save(&mut setup, &[], Timestamp(7)).await.unwrap();
    store.save(&mut stale, &[said(0)], Timestamp(7)).await.unwrap_err();
    // Time that goes backwards changes nothing about the order.
    store.tell(setup.id, &[said(6), said(7)], Timestamp(4)).await.unwrap();
    let at = [NOW.0, NOW.0, 5, 6, 6, 4, 4];
    let told = numbered((1..).map(said).zip(at));
    assert_eq!(all_news(&store, setup.id).await, told);
}

async fn racers_leave_no_gap(store: Port) {
    let setup = anybodys(&store).await;
    let mut racers = JoinSet::new();
    for racer in 0..u64::from(RACERS) {
        let (store, id) = (Arc::clone(&store), setup.id);
        racers.spawn(async move {
            for turn in 0..4 {
                let first = racer * 100 + turn * 2;
                store.tell(id, &[said(first), said(first + 1)], Timestamp(racer)).await.unwrap();
            }
        });
    }
    while let Some(ended) = racers.join_next().await {
        ended.unwrap();
    }
    let told = all_news(&store, setup.id).await;
    let seqs: Vec<_> = told.iter().map(|news| news.seq).collect();
    assert_eq!(seqs, (1..=u64::from(RACERS) * 8).collect::<Vec<_>>());
    for racer in 0..u64::from(RACERS) {
        let own = told.iter().filter(|news| news.at == Timestamp(racer));
        let own: Vec<_> = own.map(|news| news.event.clone()).collect();
        assert_eq!(own, (racer * 100..racer * 100 + 8).map(said).collect::<Vec<_>>());
    }
}

async fn setup_unchanged(store: Port) {
    let mut setup = anybodys(&store).await;
    store.tell(setup.id, &[said(1)], Timestamp(9)).await.unwrap();
    assert_eq!(store.get(setup.id).await.unwrap(), setup);
    store.save(&mut setup, &[], NOW).await.unwrap();
}

async fn goes_on(store: Port) {
    let setup = anybodys(&store).await;
    let news: Vec<_> = (1..=10).map(said).collect();
    store.tell(setup.id, &news, NOW).await.unwrap();
    let told = all_news(&store, setup.id).await;
    for (after, limit) in [(0, 3), (3, 3), (9, 3), (0, 10), (5, usize::MAX)] {
        let from = usize::try_from(after).unwrap();
        let to = from.saturating_add(limit).min(told.len());
        assert_eq!(store.progress(setup.id, after, limit).await.unwrap(), told[from..to]);
    }
    for (after, limit) in [(10, 3), (11, 3), (u64::MAX, 3), (0, 0)] {
        assert_eq!(store.progress(setup.id, after, limit).await.unwrap(), []);
    }
}

async fn own_news(store: Port) {
    let (one, other) = (anybodys(&store).await, anybodys(&store).await);
    store.tell(one.id, &[said(1)], NOW).await.unwrap();
    store.tell(other.id, &[said(2)], NOW).await.unwrap();
    store.tell(one.id, &[said(3)], NOW).await.unwrap();
    let at = |event| (event, NOW.0);
    assert_eq!(all_news(&store, one.id).await, numbered([said(1), said(3)].map(at)));
    assert_eq!(all_news(&store, other.id).await, numbered([said(2)].map(at)));
}
