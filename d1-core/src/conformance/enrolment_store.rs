//! The laws of [`EnrolmentStore`].

use super::{Laws, samples::RACERS};
use crate::{
    AccountId, DeviceId, Digest, Enrolment, EnrolmentStage, EnrolmentStore, EnrolmentStoreError,
    EnrolmentToken, Issued, Timestamp, UserId,
};
use std::{future::Future, sync::Arc};
use tokio::task::JoinSet;

type Port = Arc<dyn EnrolmentStore>;

/// The time at which everything happens here.
const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Checks every law of [`EnrolmentStore`], each on a fresh one from `make`.
pub async fn enrolment_store<F, S>(make: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let mut laws = Laws::default();
    laws.check("a_token_is_found_until_it_is_over", found(make().await)).await;
    laws.check("an_account_has_few_open_tokens", few(make().await)).await;
    laws.check("an_account_sees_and_takes_back_its_own_tokens", taken_back(make().await)).await;
    laws.check("a_token_enrols_once", once(make().await)).await;
    laws.check("of_racing_enrolments_one_wins", racing(make().await)).await;
    laws.check("what_is_refused_uses_no_token_up", costs_nothing(make().await)).await;
    laws.check("a_device_is_found_as_it_was_kept", kept(make().await)).await;
    laws.check("a_device_enrols_again_in_its_place", again(make().await)).await;
    laws.check("no_key_is_ever_taken_twice", keys(make().await)).await;
    laws.check("a_stale_change_changes_nothing", stale(make().await)).await;
    laws.check("of_racing_changes_one_wins", racing_changes(make().await)).await;
    laws.check("an_account_sees_its_own_devices_in_order", lists(make().await)).await;
    laws.check("who_is_shut_out_is_told_from_then_on", shut_out(make().await)).await;
    laws.all_hold();
}

/// Checks that everything is still there when the same store is opened again.
///
/// `open` gives the same store every time, and is only called when no earlier one is in use.
/// It begins empty.
pub async fn enrolment_store_durability<F, S>(open: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let (account, first) = (AccountId::from_bytes([7; 16]), device(1, 7));
    let store = open().await;
    enrolled(&store, &first).await;
    store.add_token(&token("open", account), NOW).await.unwrap();
    drop(store);
    let again = open().await;
    let mut laws = Laws::default();
    laws.check("enrolments_outlive_the_process", async move {
        let kept = again.find(first.device).await.unwrap();
        assert_eq!(kept, Some(Enrolment { version: 1, ..first.clone() }));
        assert!(again.token(&secret("open"), NOW).await.unwrap().is_some());
        let twice = again.enrol(&secret("open"), &Enrolment { device: id(2), ..first }, NOW).await;
        assert!(matches!(twice, Err(EnrolmentStoreError::KeySeen)), "{twice:?}");
    })
    .await;
    laws.all_hold();
}

fn id(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 16])
}

fn secret(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn token(name: &str, account: AccountId) -> EnrolmentToken {
    let by = Some(UserId::from_bytes([3; 16]));
    EnrolmentToken { secret: secret(name), account, by, ends: Timestamp(NOW.0 + 1_000) }
}

/// A device of an account, with keys of its own.
fn device(number: u8, account: u8) -> Enrolment {
    Enrolment {
        device: id(number),
        account: AccountId::from_bytes([account; 16]),
        stage: EnrolmentStage::Active,
        since: NOW,
        bound_key: vec![number, 0, 0xff, b'\''],
        first: 1,
        current: Issued {
            generation: 1,
            serial: format!("0a{number:02x}"),
            key: secret(&format!("key of {number}")),
            certificate: vec![number, 0, 0x80],
            ends: Timestamp(NOW.0 + 86_400_000),
        },
        previous: None,
        recoveries: 0,
        version: 0,
    }
}

/// The same with its next certificate.
fn renewed(device: &Enrolment, version: u64) -> Enrolment {
    let mut next = Enrolment { version, ..device.clone() };
    next.previous = Some(Digest::of(&next.current.certificate));
    next.recoveries += 1;
    next.current = Issued {
        generation: next.current.generation + 1,
        serial: next.current.serial.clone() + "f",
        key: secret(&format!("key after {}", next.current.key)),
        certificate: [next.current.certificate, vec![1]].concat(),
        ends: Timestamp(next.current.ends.0 + 1),
    };
    next
}

/// Enrols a device by a token of its own.
async fn enrolled(store: &Port, device: &Enrolment) {
    let name = format!("for {}", device.device);
    store.add_token(&token(&name, device.account), NOW).await.unwrap();
    store.enrol(&secret(&name), device, NOW).await.unwrap();
}

async fn found(store: Port) {
    let token = token("one", AccountId::from_bytes([7; 16]));
    assert_eq!(store.token(&token.secret, NOW).await.unwrap(), None);
    store.add_token(&token, NOW).await.unwrap();
    assert_eq!(store.token(&token.secret, NOW).await.unwrap(), Some(token.clone()));
    let before = Timestamp(token.ends.0 - 1);
    assert!(store.token(&token.secret, before).await.unwrap().is_some());
    assert_eq!(store.token(&token.secret, token.ends).await.unwrap(), None);
    let late = store.enrol(&token.secret, &device(1, 7), token.ends).await;
    assert!(matches!(late, Err(EnrolmentStoreError::NoToken)), "{late:?}");
}

async fn few(store: Port) {
    let account = AccountId::from_bytes([7; 16]);
    for number in 0..EnrolmentToken::MOST {
        store.add_token(&token(&number.to_string(), account), NOW).await.unwrap();
    }
    let more = store.add_token(&token("more", account), NOW).await;
    assert!(matches!(more, Err(EnrolmentStoreError::TooManyTokens)), "{more:?}");
    let others = token("others", AccountId::from_bytes([8; 16]));
    store.add_token(&others, NOW).await.unwrap();
    let later = Timestamp(NOW.0 + 1_000);
    let fresh = EnrolmentToken { ends: Timestamp(later.0 + 1), ..token("fresh", account) };
    store.add_token(&fresh, later).await.unwrap();
}

async fn taken_back(store: Port) {
    let (account, other) = (AccountId::from_bytes([7; 16]), AccountId::from_bytes([8; 16]));
    let late = EnrolmentToken { ends: Timestamp(NOW.0 + 2_000), ..token("late", account) };
    let (soon, theirs) = (token("soon", account), token("theirs", other));
    for made in [&late, &soon, &theirs] {
        store.add_token(made, NOW).await.unwrap();
    }
    assert_eq!(store.tokens(account, NOW).await.unwrap(), [soon.clone(), late.clone()]);
    assert_eq!(store.tokens(account, soon.ends).await.unwrap(), std::slice::from_ref(&late));
    assert!(!store.drop_token(account, &theirs.secret).await.unwrap());
    assert!(!store.drop_token(account, &secret("nobody's")).await.unwrap());
    assert!(store.drop_token(account, &soon.secret).await.unwrap());
    assert!(!store.drop_token(account, &soon.secret).await.unwrap());
    assert_eq!(store.tokens(account, NOW).await.unwrap(), [late]);
    assert_eq!(store.tokens(other, NOW).await.unwrap(), [theirs]);
    let used = store.enrol(&soon.secret, &device(1, 7), NOW).await;
    assert!(matches!(used, Err(EnrolmentStoreError::NoToken)), "{used:?}");
}

async fn once(store: Port) {
    enrolled(&store, &device(1, 7)).await;
    let name = secret(&format!("for {}", id(1)));
    assert_eq!(store.token(&name, NOW).await.unwrap(), None);
    let twice = store.enrol(&name, &device(2, 7), NOW).await;
    assert!(matches!(twice, Err(EnrolmentStoreError::NoToken)), "{twice:?}");
    assert_eq!(store.find(id(2)).await.unwrap(), None);
}

async fn racing(store: Port) {
    store.add_token(&token("one", AccountId::from_bytes([7; 16])), NOW).await.unwrap();
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let (store, device) = (Arc::clone(&store), device(u8::try_from(racer).unwrap(), 7));
        racers.spawn(async move {
            let enrolled = store.enrol(&secret("one"), &device, NOW).await;
            assert!(matches!(enrolled, Ok(1) | Err(EnrolmentStoreError::NoToken)), "{enrolled:?}");
            enrolled.ok().map(|_| device.device)
        });
    }
    let winners: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    let kept = store.list(AccountId::from_bytes([7; 16]), None, 99).await.unwrap();
    assert_eq!(winners, kept.iter().map(|kept| kept.device).collect::<Vec<_>>());
    assert_eq!(winners.len(), 1);
}

async fn costs_nothing(store: Port) {
    enrolled(&store, &device(1, 7)).await;
    store.add_token(&token("two", AccountId::from_bytes([7; 16])), NOW).await.unwrap();
    let taken = Enrolment { device: id(2), ..device(1, 7) };
    for refused in [taken, device(1, 7), Enrolment { version: 9, ..device(3, 7) }] {
        assert!(store.enrol(&secret("two"), &refused, NOW).await.is_err(), "{refused:?}");
    }
    store.enrol(&secret("two"), &device(2, 7), NOW).await.unwrap();
}

async fn kept(store: Port) {
    assert_eq!(store.find(id(1)).await.unwrap(), None);
    enrolled(&store, &device(1, 7)).await;
    let first = Enrolment { version: 1, ..device(1, 7) };
    assert_eq!(store.find(id(1)).await.unwrap(), Some(first.clone()));
    let next = renewed(&first, 1);
    assert_eq!(store.save(&next).await.unwrap(), 2);
    let mut next = Enrolment { version: 2, ..next };
    assert_eq!(store.find(id(1)).await.unwrap(), Some(next.clone()));
    for stage in [EnrolmentStage::Locked, EnrolmentStage::Revoked] {
        (next.stage, next.since, next.previous) = (stage, Timestamp(NOW.0 + 5), None);
        next.version = store.save(&next).await.unwrap();
        assert_eq!(store.find(id(1)).await.unwrap(), Some(next.clone()));
    }
}

async fn again(store: Port) {
    enrolled(&store, &device(1, 7)).await;
    let again = Enrolment { first: 2, bound_key: b"new".to_vec(), ..renewed(&device(1, 7), 1) };
    store.add_token(&token("two", again.account), NOW).await.unwrap();
    assert_eq!(store.enrol(&secret("two"), &again, NOW).await.unwrap(), 2);
    assert_eq!(store.find(id(1)).await.unwrap(), Some(Enrolment { version: 2, ..again }));
}

async fn keys(store: Port) {
    enrolled(&store, &device(1, 7)).await;
    enrolled(&store, &device(2, 8)).await;
    let first = Enrolment { version: 1, ..device(1, 7) };
    let next = renewed(&first, 1);
    store.save(&next).await.unwrap();
    // Its own from before, another's, and a bound one.
    let bound = Digest::of(&device(2, 8).bound_key);
    for key in [first.current.key, device(2, 8).current.key, bound] {
        let mut twice = renewed(&next, 2);
        twice.current.key = key;
        let saved = store.save(&twice).await;
        assert!(matches!(saved, Err(EnrolmentStoreError::KeySeen)), "{saved:?}");
    }
    let mut same = device(3, 7);
    same.current.key = Digest::of(&same.bound_key);
    store.add_token(&token("three", same.account), NOW).await.unwrap();
    let both = store.enrol(&secret("three"), &same, NOW).await;
    assert!(matches!(both, Err(EnrolmentStoreError::KeySeen)), "{both:?}");
    assert_eq!(store.find(id(1)).await.unwrap(), Some(Enrolment { version: 2, ..next }));
}

async fn stale(store: Port) {
    enrolled(&store, &device(1, 7)).await;
    for version in [0, 2, 9] {
        let late = store.save(&renewed(&device(1, 7), version)).await;
        assert!(matches!(late, Err(EnrolmentStoreError::Stale)), "{late:?}");
    }
    let nobody = store.save(&device(2, 7)).await;
    assert!(matches!(nobody, Err(EnrolmentStoreError::Stale)), "{nobody:?}");
    let kept = store.find(id(1)).await.unwrap();
    assert_eq!(kept, Some(Enrolment { version: 1, ..device(1, 7) }));
}

async fn racing_changes(store: Port) {
    enrolled(&store, &device(1, 7)).await;
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let (store, mut next) = (Arc::clone(&store), renewed(&device(1, 7), 1));
        next.current.key = secret(&racer.to_string());
        racers.spawn(async move {
            let saved = store.save(&next).await;
            assert!(matches!(saved, Ok(2) | Err(EnrolmentStoreError::Stale)), "{saved:?}");
            saved.ok().map(|version| Enrolment { version, ..next })
        });
    }
    let winners: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(store.find(id(1)).await.unwrap().as_ref(), winners.first());
}

async fn lists(store: Port) {
    for (number, account) in [(3, 7), (1, 7), (2, 8), (4, 7)] {
        enrolled(&store, &device(number, account)).await;
    }
    let (account, of) = (AccountId::from_bytes([7; 16]), |number| device(number, 7).device);
    let listed = |after, limit| {
        let store = Arc::clone(&store);
        async move {
            let listed = store.list(account, after, limit).await.unwrap();
            listed.into_iter().map(|it| it.device).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed(None, 9).await, [of(1), of(3), of(4)]);
    assert_eq!(listed(None, 2).await, [of(1), of(3)]);
    assert_eq!(listed(Some(of(3)), 9).await, [of(4)]);
    assert_eq!(store.list(AccountId::from_bytes([9; 16]), None, 9).await.unwrap(), []);
}

async fn shut_out(store: Port) {
    for number in [1, 2, 3] {
        enrolled(&store, &device(number, 7)).await;
    }
    assert_eq!(store.shut_out(Timestamp(0)).await.unwrap(), []);
    for (number, stage, at) in [(1, EnrolmentStage::Locked, 10), (2, EnrolmentStage::Revoked, 20)] {
        let since = Timestamp(at);
        let shut = Enrolment { stage, since, version: 1, ..device(number, 7) };
        store.save(&shut).await.unwrap();
    }
    let told = |since| {
        let store = Arc::clone(&store);
        async move {
            let mut told = store.shut_out(Timestamp(since)).await.unwrap();
            told.sort();
            told
        }
    };
    assert_eq!(told(0).await, [id(1), id(2)]);
    assert_eq!(told(10).await, [id(1), id(2)]);
    assert_eq!(told(11).await, [id(2)]);
    assert_eq!(told(21).await, []);
}
