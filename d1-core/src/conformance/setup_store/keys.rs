//! Idempotency keys: asked twice, made once.

use super::*;
use crate::{Page, StoreError};
use tokio::task::JoinSet;

pub(super) async fn laws<F, S>(laws: &mut Laws, make: &F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    laws.check("a_key_used_again_gives_the_earlier_setup", gives_earlier(make().await)).await;
    laws.check("a_key_stands_for_one_request", one_request(make().await)).await;
    laws.check("every_account_has_its_own_keys", own_keys(make().await)).await;
    laws.check("without_a_key_every_setup_is_new", keyless_is_new(make().await)).await;
    laws.check("of_racing_uses_of_a_key_one_is_kept", one_is_kept(make().await)).await;
}

/// The same request once more, as a client makes it that never heard the answer.
fn again(setup: &Setup) -> Setup {
    Setup { id: SetupId::generate(), ..setup.clone() }
}

async fn gives_earlier(store: Port) {
    let setup = a_setup(AccountId::generate());
    let mut earlier = store.create(&setup, Some("key"), &[said(1)]).await.unwrap();
    approve(&mut earlier);
    store.save(&mut earlier, &[said(2)], NOW).await.unwrap();

    let repeated = again(&setup);
    for same in [&repeated, &setup] {
        let given = store.create(same, Some("key"), &[said(3)]).await.unwrap();
        assert_eq!(given, earlier);
    }

    assert!(matches!(store.get(repeated.id).await, Err(StoreError::NotFound(_))));
    assert_eq!(store.list(setup.account, Page::default()).await.unwrap(), [earlier]);
    assert_eq!(all_news(&store, setup.id).await.len(), 2);
}

async fn one_request(store: Port) {
    let setup = a_setup(AccountId::generate());
    store.create(&setup, Some("key"), &[]).await.unwrap();
    let other_plan = Setup { plan: a_plan(&["sing"]), ..again(&setup) };
    let other_device = Setup { device: DeviceId::generate(), ..again(&setup) };
    for other in [other_plan, other_device] {
        let refused = store.create(&other, Some("key"), &[said(1)]).await;
        assert!(matches!(refused, Err(StoreError::KeyConflict(key)) if key == "key"));
        assert!(matches!(store.get(other.id).await, Err(StoreError::NotFound(_))));
        assert_eq!(store.create(&other, Some(&other.id.to_string()), &[]).await.unwrap(), other);
    }
    assert_eq!(store.get(setup.id).await.unwrap(), setup);
}

async fn own_keys(store: Port) {
    let setup = a_setup(AccountId::generate());
    store.create(&setup, Some("key"), &[]).await.unwrap();
    let others = Setup { account: AccountId::generate(), ..again(&setup) };
    assert_eq!(store.create(&others, Some("key"), &[]).await.unwrap(), others);
    assert_eq!(store.create(&again(&others), Some("key"), &[]).await.unwrap(), others);
    assert_eq!(store.get(setup.id).await.unwrap(), setup);
}

async fn keyless_is_new(store: Port) {
    let setup = a_setup(AccountId::generate());
    store.create(&setup, Some("key"), &[]).await.unwrap();
    for key in [None, None, Some("Key"), Some("")] {
        let new = again(&setup);
        assert_eq!(store.create(&new, key, &[]).await.unwrap(), new);
    }
    assert_eq!(store.list(setup.account, Page::default()).await.unwrap().len(), 5);
}

async fn one_is_kept(store: Port) {
    let setup = a_setup(AccountId::generate());
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (store, own) = (Arc::clone(&store), again(&setup));
        racers.spawn(async move { store.create(&own, Some("key"), &[said(1)]).await.unwrap() });
    }
    let given = racers.join_all().await;
    let kept = store.list(setup.account, Page::default()).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert!(given.iter().all(|given| *given == kept[0]));
    assert_eq!(all_news(&store, kept[0].id).await.len(), 1);
}
