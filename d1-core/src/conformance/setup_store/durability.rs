//! What outlives the process that wrote it.

use super::*;
use crate::{Page, StoreError};

/// Checks that everything is still there when the same store is opened again.
///
/// `open` gives the same store every time, and is only called when no earlier one
/// is in use. It begins empty.
pub async fn setup_store_durability<F, S>(open: F)
where
    F: Fn() -> S,
    S: Future<Output = Arc<dyn SetupStore>>,
{
    let mut laws = Laws::default();
    let account = AccountId::generate();
    let (setup, written) = write(open().await, account).await;
    let found = look(&open().await, account).await;
    laws.check("setups_outlive_the_process", same(found.setups, written.setups)).await;
    laws.check("news_outlives_the_process", same(found.news, written.news)).await;
    laws.check("unfinished_is_found_again", same(found.unfinished, written.unfinished)).await;
    laws.check("keys_outlive_the_process", keys_stand(open().await, setup.clone())).await;
    laws.check("versions_outlive_the_process", versions_stand(open().await, setup)).await;
    laws.all_hold();
}

struct Seen {
    setups: Vec<Setup>,
    news: Vec<Vec<Progress>>,
    unfinished: Vec<Setup>,
}

/// Keeps setups in several states, and says what is known in the end.
async fn write(store: Port, account: AccountId) -> (Setup, Seen) {
    let waiting = kept(&store, account).await;
    let first = a_setup(account);
    let mut setup = store.create(&first, Some("key"), &[said(1)]).await.unwrap();
    approve(&mut setup);
    store.save(&mut setup, &[said(2)], NOW).await.unwrap();
    store.tell(setup.id, &[said(3), said(4)], NOW).await.unwrap();
    store.tell(waiting.id, &[said(1)], NOW).await.unwrap();
    finish_first_task(&mut setup);
    store.save(&mut setup, &[said(5)], NOW).await.unwrap();
    store.tell(setup.id, &[said(6)], NOW).await.unwrap();
    anybodys(&store).await;
    let seen = look(&store, account).await;
    assert_eq!((seen.setups.len(), seen.news[0].len(), seen.unfinished.len()), (2, 6, 1));
    (setup, seen)
}

async fn look(store: &Port, account: AccountId) -> Seen {
    let setups = store.list(account, Page::default()).await.unwrap();
    let mut news = Vec::new();
    for setup in &setups {
        news.push(all_news(store, setup.id).await);
    }
    Seen { setups, news, unfinished: store.unfinished().await.unwrap() }
}

async fn same<T: PartialEq + std::fmt::Debug>(found: T, written: T) {
    assert_eq!(found, written);
}

async fn keys_stand(store: Port, setup: Setup) {
    let repeated = Setup { id: SetupId::generate(), ..setup.clone() };
    assert_eq!(store.create(&repeated, Some("key"), &[]).await.unwrap(), setup);
    let other = Setup { device: DeviceId::generate(), ..repeated };
    let refused = store.create(&other, Some("key"), &[]).await;
    assert!(matches!(refused, Err(StoreError::KeyConflict(_))));
}

async fn versions_stand(store: Port, setup: Setup) {
    let mut stale = Setup { version: setup.version - 1, ..setup.clone() };
    let refused = store.save(&mut stale, &[], NOW).await;
    assert!(matches!(refused, Err(StoreError::Stale(_))));
    let mut next = setup;
    store.save(&mut next, &[said(7)], NOW).await.unwrap();
    assert_eq!(all_news(&store, next.id).await.last().map(|news| news.seq), Some(7));
}
