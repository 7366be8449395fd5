//! Creating and saving: whole, once, and never over somebody else's head.

use super::*;
use crate::{Progress, StoreError, Timestamp};
use tokio::task::JoinSet;

pub(super) async fn creations<F, S>(laws: &mut Laws, make: &F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    laws.check("a_created_setup_can_be_read_back", created_is_kept(make().await)).await;
    laws.check("a_setup_is_created_once", created_once(make().await)).await;
    laws.check("what_is_unknown_is_not_found", unknown_is_not_found(make().await)).await;
}

async fn created_is_kept(store: Port) {
    let mut setup = a_setup(AccountId::generate());
    approve(&mut setup);
    finish_first_task(&mut setup);
    (setup.epoch, setup.version, setup.undo_of) = (7, 3, Some(SetupId::generate()));
    let news = [ProgressEvent::Planned, said(1)];
    assert_eq!(store.create(&setup, None, &news).await.unwrap(), setup);
    assert_eq!(store.get(setup.id).await.unwrap(), setup);
    let told =
        |(event, seq): (&ProgressEvent, u64)| Progress { seq, at: NOW, event: event.clone() };
    let told: Vec<_> = news.iter().zip(1..).map(told).collect();
    assert_eq!(all_news(&store, setup.id).await, told);
}

async fn created_once(store: Port) {
    let setup = anybodys(&store).await;
    let mut other = a_setup(AccountId::generate());
    other.id = setup.id;
    let refused = store.create(&other, Some("key"), &[said(1)]).await;
    assert!(matches!(refused, Err(StoreError::AlreadyExists(id)) if id == setup.id));
    assert_eq!(store.get(setup.id).await.unwrap(), setup);
    assert_eq!(all_news(&store, setup.id).await, []);
    assert_eq!(store.list(other.account, crate::Page::default()).await.unwrap(), []);
    // The key of what was refused is still free.
    let fresh = a_setup(other.account);
    assert_eq!(store.create(&fresh, Some("key"), &[]).await.unwrap(), fresh);
}

async fn unknown_is_not_found(store: Port) {
    anybodys(&store).await;
    let mut never = a_setup(AccountId::generate());
    let unchanged = never.clone();
    let errors = [
        store.get(never.id).await.map(drop),
        store.save(&mut never, &[said(1)], NOW).await,
        store.tell(never.id, &[said(1)], NOW).await,
        store.progress(never.id, 0, 1).await.map(drop),
    ];
    for refused in errors {
        assert!(matches!(refused, Err(StoreError::NotFound(id)) if id == never.id));
    }
    assert_eq!(never, unchanged);
}

pub(super) async fn saves<F, S>(laws: &mut Laws, make: &F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    laws.check("a_saved_setup_is_one_version_higher", one_higher(make().await)).await;
    laws.check("a_stale_writer_keeps_nothing", stale_keeps_nothing(make().await)).await;
    laws.check("of_racing_writers_one_wins", one_wins(make().await)).await;
    laws.check("no_save_is_lost_between_writers", none_lost(make().await)).await;
}

async fn one_higher(store: Port) {
    let (mut setup, other) = (anybodys(&store).await, anybodys(&store).await);
    approve(&mut setup);
    for version in 1..=3 {
        setup.epoch += 10;
        let expected = Setup { version, ..setup.clone() };
        store.save(&mut setup, &[], Timestamp(version)).await.unwrap();
        assert_eq!(setup, expected);
        assert_eq!(store.get(setup.id).await.unwrap(), expected);
    }
    finish_first_task(&mut setup);
    store.save(&mut setup, &[], NOW).await.unwrap();
    assert_eq!(store.get(setup.id).await.unwrap(), setup);
    assert_eq!(store.get(other.id).await.unwrap(), other);
}

async fn stale_keeps_nothing(store: Port) {
    let mut setup = anybodys(&store).await;
    let mut stale = setup.clone();
    store.save(&mut setup, &[said(1)], NOW).await.unwrap();
    for version in [0, 2, u64::MAX] {
        stale.version = version;
        approve(&mut stale);
        let unchanged = stale.clone();
        let refused = store.save(&mut stale, &[said(2)], NOW).await;
        assert!(matches!(refused, Err(StoreError::Stale(id)) if id == setup.id));
        assert_eq!(stale, unchanged);
    }
    assert_eq!(store.get(setup.id).await.unwrap(), setup);
    assert_eq!(all_news(&store, setup.id).await.len(), 1);
}

async fn one_wins(store: Port) {
    let setup = anybodys(&store).await;
    let mut racers = JoinSet::new();
    for racer in 0..u64::from(RACERS) {
        let (store, mut own) = (Arc::clone(&store), setup.clone());
        own.epoch = racer;
        racers.spawn(async move {
            match store.save(&mut own, &[said(racer)], NOW).await {
                Ok(()) => Some(own),
                Err(StoreError::Stale(_)) => None,
                Err(other) => panic!("{other}"),
            }
        });
    }
    let won: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    assert_eq!(won, [store.get(setup.id).await.unwrap()]);
    let news = [Progress { seq: 1, at: NOW, event: said(won[0].epoch) }];
    assert_eq!(all_news(&store, setup.id).await, news);
}

async fn none_lost(store: Port) {
    let setup = anybodys(&store).await;
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (store, id) = (Arc::clone(&store), setup.id);
        racers.spawn(async move {
            loop {
                let mut own = store.get(id).await.unwrap();
                tokio::task::yield_now().await;
                own.epoch += 1;
                let news = [said(own.epoch)];
                match store.save(&mut own, &news, NOW).await {
                    Ok(()) => return,
                    Err(StoreError::Stale(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        });
    }
    while let Some(ended) = racers.join_next().await {
        ended.unwrap();
    }
    let saved = store.get(setup.id).await.unwrap();
    assert_eq!((saved.epoch, saved.version), (u64::from(RACERS), u64::from(RACERS)));
    let told: Vec<_> =
        all_news(&store, setup.id).await.into_iter().map(|news| news.event).collect();
    assert_eq!(told, (1..=u64::from(RACERS)).map(said).collect::<Vec<_>>());
}
