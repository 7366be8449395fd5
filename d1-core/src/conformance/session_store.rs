//! The laws of [`SessionStore`].

use super::{Laws, samples::RACERS};
use crate::{Digest, Record, RecordKind, SessionError, SessionStore, Timestamp, UserId};
use std::{future::Future, sync::Arc};
use tokio::task::JoinSet;

type Port = Arc<dyn SessionStore>;

/// When each proof takes place; what is kept ends an hour later.
const NOW: Timestamp = Timestamp(1_700_000_000_000);
const LATER: Timestamp = Timestamp(NOW.0 + 3_600_000);

const KINDS: [RecordKind; 4] =
    [RecordKind::Grant, RecordKind::Session, RecordKind::PersonalToken, RecordKind::Visit];

/// Checks every law of [`SessionStore`], each on a fresh one from `make`.
pub async fn session_store<F, S>(make: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let mut laws = Laws::default();
    laws.check("a_record_is_found_by_its_key_and_its_names", found(make().await)).await;
    laws.check("kinds_do_not_disturb_each_other", kinds(make().await)).await;
    laws.check("a_taken_name_is_refused_and_leaves_nothing", taken(make().await)).await;
    laws.check("of_many_who_race_for_a_name_one_has_it", racing_names(make().await)).await;
    laws.check("a_save_replaces_what_it_may", saves(make().await)).await;
    laws.check("a_stale_save_changes_nothing", stale(make().await)).await;
    laws.check("of_racing_saves_one_wins", racing_saves(make().await)).await;
    laws.check("what_has_ended_is_not_there", ended(make().await)).await;
    laws.check("a_save_can_end_it_sooner_or_later", moved_end(make().await)).await;
    laws.check("what_is_removed_is_gone_and_frees_its_names", removed(make().await)).await;
    laws.check("everybody_has_their_own", owned(make().await)).await;
    laws.check("what_is_too_large_is_refused", large(make().await)).await;
    laws.all_hold();
}

/// A record, told apart by `name`, with two more names.
fn record(kind: RecordKind, name: &str) -> Record {
    let digest = |part: &str| Digest::of(format!("{part} of {name}").as_bytes());
    Record {
        kind,
        key: digest("key"),
        names: vec![digest("first"), digest("second")],
        owner: None,
        ends: LATER,
        version: 1,
        body: format!("{{\"of\":\"‘{name}’ \\u0000\"}}"),
    }
}

async fn kept(port: &Port, name: &str) -> Record {
    let record = record(RecordKind::Grant, name);
    port.create(&record, NOW).await.unwrap();
    record
}

async fn look(port: &Port, record: &Record) -> Option<Record> {
    port.find(record.kind, &record.key, NOW).await.unwrap()
}

async fn found(port: Port) {
    let (one, _) = (kept(&port, "one").await, kept(&port, "two").await);
    for name in one.names.iter().chain([&one.key]) {
        assert_eq!(port.find(one.kind, name, NOW).await.unwrap().as_ref(), Some(&one));
    }
    assert_eq!(port.find(one.kind, &Digest::of(b"nobody"), NOW).await.unwrap(), None);
    let versioned = Record { version: 9, ..record(RecordKind::Grant, "three") };
    port.create(&versioned, NOW).await.unwrap();
    assert_eq!(look(&port, &versioned).await.unwrap().version, 1);
}

async fn kinds(port: Port) {
    for kind in KINDS {
        port.create(&record(kind, "same"), NOW).await.unwrap();
    }
    for kind in KINDS {
        let kept = record(kind, "same");
        assert_eq!(look(&port, &kept).await, Some(kept));
    }
    port.remove(RecordKind::Visit, &record(RecordKind::Visit, "same").key).await.unwrap();
    assert!(look(&port, &record(RecordKind::Session, "same")).await.is_some());
}

async fn taken(port: Port) {
    let one = kept(&port, "one").await;
    let other = record(RecordKind::Grant, "other");
    let clashes = [
        Record { key: one.key, ..other.clone() },
        Record { key: one.names[0], ..other.clone() },
        Record { names: vec![other.names[0], one.names[1]], ..other.clone() },
        Record { names: vec![one.key], ..other.clone() },
    ];
    for clash in clashes {
        let refused = port.create(&clash, NOW).await;
        assert!(matches!(refused, Err(SessionError::Taken)), "{refused:?}");
    }
    assert_eq!(look(&port, &one).await, Some(one));
    assert_eq!(port.find(other.kind, &other.names[0], NOW).await.unwrap(), None);
    port.create(&other, NOW).await.unwrap();
}

async fn racing_names(port: Port) {
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let port = Arc::clone(&port);
        racers.spawn(async move {
            let mut record = record(RecordKind::Grant, &racer.to_string());
            record.names = vec![Digest::of(b"the one name")];
            let kept = port.create(&record, NOW).await;
            assert!(matches!(kept, Ok(()) | Err(SessionError::Taken)), "{kept:?}");
            kept.is_ok().then_some(record)
        });
    }
    let winners: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let found = port.find(RecordKind::Grant, &winners[0].names[0], NOW).await.unwrap();
    assert_eq!(found.as_ref(), winners.first());
}

async fn saves(port: Port) {
    let (one, other) = (kept(&port, "one").await, kept(&port, "other").await);
    let owner = Some(UserId::generate());
    let changed = Record {
        owner,
        ends: Timestamp(LATER.0 + 1),
        body: "{}".into(),
        names: vec![Digest::of(b"another name")],
        ..one.clone()
    };
    assert_eq!(port.save(&changed, NOW).await.unwrap(), 2);
    let expected = Record { version: 2, names: one.names, ..changed.clone() };
    assert_eq!(look(&port, &changed).await, Some(expected));
    assert_eq!(port.find(one.kind, &changed.names[0], NOW).await.unwrap(), None);
    assert_eq!(look(&port, &other).await, Some(other));
}

async fn stale(port: Port) {
    let one = kept(&port, "one").await;
    port.save(&Record { body: "1".into(), ..one.clone() }, NOW).await.unwrap();
    for version in [0, 1, 3, 7] {
        let late = Record { version, body: "late".into(), ..one.clone() };
        let refused = port.save(&late, NOW).await;
        assert!(matches!(refused, Err(SessionError::Stale)), "{version}: {refused:?}");
    }
    assert_eq!(look(&port, &one).await.unwrap().body, "1");
    let never = record(RecordKind::Grant, "never kept");
    assert!(matches!(port.save(&never, NOW).await, Err(SessionError::Stale)));
    assert_eq!(look(&port, &never).await, None);
}

async fn racing_saves(port: Port) {
    let one = kept(&port, "one").await;
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let (port, mut mine) = (Arc::clone(&port), one.clone());
        mine.body = racer.to_string();
        racers.spawn(async move { port.save(&mine, NOW).await.ok().map(|_| mine.body) });
    }
    let winners: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let kept = look(&port, &one).await.unwrap();
    assert_eq!((kept.version, &kept.body), (2, &winners[0]));
}

async fn ended(port: Port) {
    let one = kept(&port, "one").await;
    let before = Timestamp(LATER.0 - 1);
    assert!(port.find(one.kind, &one.key, before).await.unwrap().is_some());
    for name in one.names.iter().chain([&one.key]) {
        assert_eq!(port.find(one.kind, name, LATER).await.unwrap(), None);
    }
    assert!(matches!(port.save(&one, LATER).await, Err(SessionError::Stale)));
    // Whoever comes then may have its names.
    let next = Record { ends: Timestamp(LATER.0 + 60_000), ..record(RecordKind::Grant, "next") };
    let next = Record { names: one.names.clone(), ..next };
    port.create(&next, LATER).await.unwrap();
    let found = port.find(one.kind, &one.names[0], LATER).await.unwrap();
    assert_eq!(found, Some(next));
}

async fn moved_end(port: Port) {
    let one = kept(&port, "one").await;
    let sooner = Record { ends: Timestamp(NOW.0 + 10), ..one.clone() };
    let version = port.save(&sooner, NOW).await.unwrap();
    assert_eq!(port.find(one.kind, &one.key, Timestamp(NOW.0 + 10)).await.unwrap(), None);
    let later = Record { ends: Timestamp(LATER.0 + 60_000), version, ..one.clone() };
    port.save(&later, NOW).await.unwrap();
    assert!(port.find(one.kind, &one.names[1], LATER).await.unwrap().is_some());
}

async fn removed(port: Port) {
    let (one, other) = (kept(&port, "one").await, kept(&port, "other").await);
    port.remove(one.kind, &one.key).await.unwrap();
    port.remove(one.kind, &one.key).await.unwrap();
    for name in one.names.iter().chain([&one.key]) {
        assert_eq!(port.find(one.kind, name, NOW).await.unwrap(), None);
    }
    // It is not removed by another name than its key.
    port.remove(other.kind, &other.names[0]).await.unwrap();
    assert_eq!(look(&port, &other).await, Some(other));
    port.create(&one, NOW).await.unwrap();
    assert_eq!(look(&port, &one).await, Some(one));
}

async fn owned(port: Port) {
    let (anna, bert) = (UserId::generate(), UserId::generate());
    let mut theirs = Vec::new();
    for (name, owner) in [("a", anna), ("b", bert), ("c", anna)] {
        let kept = Record { owner: Some(owner), ..record(RecordKind::Session, name) };
        port.create(&kept, NOW).await.unwrap();
        theirs.push(kept);
    }
    let mut given = kept(&port, "nobody's yet").await;
    given.owner = Some(anna);
    given.version = port.save(&given, NOW).await.unwrap();
    let mut annas = vec![theirs[0].clone(), theirs[2].clone()];
    annas.sort_by_key(|record| record.key);
    assert_eq!(port.owned(RecordKind::Session, anna, NOW).await.unwrap(), annas);
    assert_eq!(port.owned(RecordKind::Grant, anna, NOW).await.unwrap(), [given]);
    assert_eq!(port.owned(RecordKind::Session, anna, LATER).await.unwrap(), []);
    // What changes hands is the other's.
    let moved = Record { owner: Some(bert), ..theirs[0].clone() };
    port.save(&moved, NOW).await.unwrap();
    port.remove(RecordKind::Session, &theirs[2].key).await.unwrap();
    assert_eq!(port.owned(RecordKind::Session, anna, NOW).await.unwrap(), []);
    assert_eq!(port.owned(RecordKind::Session, bert, NOW).await.unwrap().len(), 2);
}

async fn large(port: Port) {
    let full = Record { body: "x".repeat(Record::MAX_BODY), ..record(RecordKind::Grant, "full") };
    port.create(&full, NOW).await.unwrap();
    let more = Record { body: "x".repeat(Record::MAX_BODY + 1), ..full.clone() };
    assert!(matches!(port.save(&more, NOW).await, Err(SessionError::TooLarge)));
    let more = Record { body: more.body, ..record(RecordKind::Grant, "more") };
    assert!(matches!(port.create(&more, NOW).await, Err(SessionError::TooLarge)));
    let names = (0..=Record::MAX_NAMES).map(|name| Digest::of(&name.to_be_bytes())).collect();
    let many = Record { names, ..record(RecordKind::Grant, "many") };
    assert!(matches!(port.create(&many, NOW).await, Err(SessionError::TooLarge)));
    assert_eq!(look(&port, &full).await, Some(full));
}
