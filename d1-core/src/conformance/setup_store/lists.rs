//! Finding and listing: complete, in order, and never another account's.

use super::*;
use crate::{HoldId, Page, SetupOutcome, SetupState, StopMode, StoreError};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

pub(super) async fn finds<F, S>(laws: &mut Laws, make: &F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    laws.check("a_setup_is_found_by_how_its_id_begins", found_by_prefix(make().await)).await;
    laws.check("nobody_finds_what_is_anothers", others_stay_hidden(make().await)).await;
    laws.check("no_more_is_found_or_listed_than_fits_a_page", fits_a_page(make().await)).await;
}

/// A setup whose id begins with these bytes.
async fn named(store: &Port, account: AccountId, first: [u8; 2], last: u8) -> SetupId {
    let mut bytes = [0x11; 16];
    (bytes[0], bytes[1], bytes[15]) = (first[0], first[1], last);
    let setup = Setup { id: SetupId::from_bytes(bytes), ..a_setup(account) };
    store.create(&setup, None, &[]).await.unwrap().id
}

async fn found_by_prefix(store: Port) {
    let account = AccountId::generate();
    let one = named(&store, account, [0xab, 0xcd], 1).await;
    let two = named(&store, account, [0xab, 0xcd], 2).await;
    let three = named(&store, account, [0xab, 0xff], 3).await;
    let four = named(&store, account, [0x00, 0xff], 4).await;
    let dashless = one.to_string().replace('-', "");
    let cases: [(&str, &[SetupId]); 12] = [
        ("", &[one, two, three, four]),
        ("a", &[one, two, three]),
        ("abc", &[one, two]),
        ("ABCD", &[one, two]),
        ("abf", &[three]),
        ("abff", &[three]),
        ("00ff1111-11", &[four]),
        (&one.to_string(), &[one]),
        (&dashless[..31], &[one, two]),
        (&dashless, &[one]),
        ("b", &[]),
        ("zebra", &[]),
    ];
    for (prefix, expected) in cases {
        let found = store.find(account, prefix).await.unwrap();
        assert_eq!(found.len(), expected.len(), "{prefix}");
        assert_eq!(BTreeSet::from_iter(&found), BTreeSet::from_iter(expected), "{prefix}");
    }
    for never in [format!("{dashless}0"), "%".into(), "a_".into(), "a*".into(), "'".into()] {
        assert_eq!(store.find(account, &never).await.unwrap(), []);
    }
}

async fn others_stay_hidden(store: Port) {
    let (mine, theirs) = (anybodys(&store).await, anybodys(&store).await);
    let id = theirs.id.to_string();
    for prefix in ["", &id[..1], &id[..8], &id] {
        let found = store.find(mine.account, prefix).await.unwrap();
        assert!(!found.contains(&theirs.id));
    }
    assert_eq!(store.find(mine.account, "").await.unwrap(), [mine.id]);
    assert_eq!(store.list(mine.account, Page::default()).await.unwrap(), [mine]);
    assert_eq!(store.list(AccountId::generate(), Page::default()).await.unwrap(), []);
}

async fn fits_a_page(store: Port) {
    let account = AccountId::generate();
    let mut makers = JoinSet::new();
    for _ in 0..=Page::MAX {
        let store = Arc::clone(&store);
        makers.spawn(async move { kept(&store, account).await.id });
    }
    let all = BTreeSet::from_iter(makers.join_all().await);
    assert_eq!(store.find(account, "").await.unwrap().len(), Page::MAX);
    let mut left = all;
    let mut before = None;
    for expected in [Page::MAX, 1, 0] {
        let page = store.list(account, Page { before, limit: usize::MAX }).await.unwrap();
        assert_eq!(page.len(), expected);
        for setup in page {
            assert!(left.remove(&setup.id));
            before = Some(setup.id);
        }
    }
    assert!(left.is_empty());
}

pub(super) async fn lists<F, S>(laws: &mut Laws, make: &F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    laws.check("setups_are_listed_newest_first", newest_first(make().await)).await;
    laws.check("pages_follow_each_other_without_gaps", pages_follow(make().await)).await;
    laws.check("a_page_before_what_is_not_there_is_refused", page_before_nothing(make().await))
        .await;
}

/// Nine setups of one account among those of another, oldest first.
async fn nine(store: &Port) -> Vec<Setup> {
    let (mine, other) = (AccountId::generate(), AccountId::generate());
    let mut setups = Vec::new();
    for _ in 0..9 {
        setups.push(kept(store, mine).await);
        kept(store, other).await;
    }
    // What is saved later was not made later.
    for setup in setups.iter_mut().step_by(2) {
        approve(setup);
        store.save(setup, &[], crate::Timestamp(NOW.0 + 1)).await.unwrap();
    }
    setups
}

async fn newest_first(store: Port) {
    let mut setups = nine(&store).await;
    setups.reverse();
    let account = setups[0].account;
    assert_eq!(store.list(account, Page::default()).await.unwrap(), setups);
    let found = store.find(account, "").await.unwrap();
    assert_eq!(found, setups.iter().map(|setup| setup.id).collect::<Vec<_>>());
}

async fn pages_follow(store: Port) {
    let mut setups = nine(&store).await;
    setups.reverse();
    let account = setups[0].account;
    let (mut before, mut read) = (None, Vec::new());
    for expected in [4, 4, 1, 0] {
        let page = store.list(account, Page { before, limit: 4 }).await.unwrap();
        assert_eq!(page.len(), expected);
        read.extend(page);
        before = read.last().map(|setup| setup.id);
    }
    assert_eq!(read, setups);
}

async fn page_before_nothing(store: Port) {
    let (mine, theirs) = (anybodys(&store).await, anybodys(&store).await);
    for nothing in [SetupId::generate(), theirs.id] {
        let page = Page { before: Some(nothing), limit: 4 };
        let refused = store.list(mine.account, page).await;
        assert!(matches!(refused, Err(StoreError::NotFound(id)) if id == nothing));
    }
}

pub(super) async fn unfinished<F, S>(laws: &mut Laws, make: &F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    laws.check("unfinished_is_what_is_approved_and_not_at_rest", under_way(make().await)).await;
    laws.check("unfinished_on_a_device_is_what_is_for_it", on_a_device(make().await)).await;
}

async fn on_a_device(store: Port) {
    let (device, other) = (DeviceId::generate(), DeviceId::generate());
    let mut expected = Vec::new();
    for (device, is_expected) in [(device, true), (other, false), (device, true)] {
        let mut setup = Setup { device, ..a_setup(AccountId::generate()) };
        setup = store.create(&setup, None, &[]).await.unwrap();
        approve(&mut setup);
        store.save(&mut setup, &[], NOW).await.unwrap();
        expected.extend(is_expected.then_some(setup));
    }
    store.create(&Setup { device, ..a_setup(AccountId::generate()) }, None, &[]).await.unwrap();
    assert_eq!(store.unfinished_on(device).await.unwrap(), expected);
    assert_eq!(store.unfinished_on(DeviceId::generate()).await.unwrap(), []);
}

async fn under_way(store: Port) {
    let hold = Some(HoldId::generate());
    let states = [
        (SetupState::Running, None, true),
        (SetupState::AwaitingApproval, None, false),
        (SetupState::Stopping(StopMode::AfterStep), hold, true),
        (SetupState::Finished(SetupOutcome::Succeeded), None, false),
        // It is over, and its credits are still set aside: somebody has to settle it.
        (SetupState::Finished(SetupOutcome::Succeeded), hold, true),
        (SetupState::Running, hold, true),
        (SetupState::Finished(SetupOutcome::Declined), None, false),
        (SetupState::Stopping(StopMode::Kill), None, true),
    ];
    let mut expected = Vec::new();
    for (state, hold, is_unfinished) in states {
        let setup = Setup { state, hold, ..a_setup(AccountId::generate()) };
        let setup = store.create(&setup, None, &[]).await.unwrap();
        expected.extend(is_unfinished.then_some(setup));
    }
    assert_eq!(store.unfinished().await.unwrap(), expected);

    let mut later = anybodys(&store).await;
    approve(&mut later);
    store.save(&mut later, &[], NOW).await.unwrap();
    let mut ended = expected.remove(0);
    ended.state = SetupState::Finished(SetupOutcome::Failed);
    store.save(&mut ended, &[], NOW).await.unwrap();
    expected.push(later);
    assert_eq!(store.unfinished().await.unwrap(), expected);
    ended.state = SetupState::Running;
    store.save(&mut ended, &[], NOW).await.unwrap();
    expected.insert(0, ended);
    assert_eq!(store.unfinished().await.unwrap(), expected);
}
