//! Stores of sign-ins: the one in memory, and some with a flaw each.

use crate::broken_laws;
use d1_core::{
    Digest, Record, RecordKind, SessionError, SessionStore, Timestamp, UserId, conformance,
    memory::MemorySessionStore,
};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn the_store_of_sign_ins_in_memory_obeys_every_law() {
    let make = || async { Arc::new(MemorySessionStore::new()) as Arc<dyn SessionStore> };
    conformance::session_store(make).await;
}

/// What is wrong with a store of sign-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    ForgetsNames,
    ConfusesKinds,
    OverwritesOthers,
    NeverEnds,
    KeepsTheFirstEnd,
    RemovesByAnyName,
    ShowsOthers,
    TakesAnySize,
}

#[derive(Debug)]
struct Flawed(Flaw, MemorySessionStore);

impl Flawed {
    fn has(&self, flaw: Flaw) -> bool {
        self.0 == flaw
    }

    fn kind(&self, kind: RecordKind) -> RecordKind {
        if self.has(Flaw::ConfusesKinds) { RecordKind::Grant } else { kind }
    }

    fn now(&self, now: Timestamp) -> Timestamp {
        if self.has(Flaw::NeverEnds) { Timestamp(0) } else { now }
    }

    fn small(&self, record: &Record) -> Record {
        let mut record = record.clone();
        if self.has(Flaw::TakesAnySize) {
            record.body.truncate(Record::MAX_BODY);
            record.names.truncate(Record::MAX_NAMES);
        }
        record
    }
}

#[async_trait::async_trait]
impl SessionStore for Flawed {
    async fn create(&self, record: &Record, now: Timestamp) -> Result<(), SessionError> {
        let mut record = self.small(record);
        record.kind = self.kind(record.kind);
        if self.has(Flaw::ForgetsNames) {
            record.names.pop();
        }
        self.1.create(&record, self.now(now)).await
    }

    async fn find(
        &self,
        kind: RecordKind,
        name: &Digest,
        now: Timestamp,
    ) -> Result<Option<Record>, SessionError> {
        let found = self.1.find(self.kind(kind), name, self.now(now)).await?;
        Ok(found.map(|found| Record { kind, ..found }))
    }

    async fn save(&self, record: &Record, now: Timestamp) -> Result<u64, SessionError> {
        let mut record = self.small(record);
        record.kind = self.kind(record.kind);
        let kept = self.1.find(record.kind, &record.key, Timestamp(0)).await?;
        if let Some(kept) = kept {
            match self.0 {
                Flaw::OverwritesOthers => record.version = kept.version,
                Flaw::KeepsTheFirstEnd => record.ends = kept.ends,
                _ => {}
            }
        }
        self.1.save(&record, self.now(now)).await
    }

    async fn remove(&self, kind: RecordKind, key: &Digest) -> Result<(), SessionError> {
        let kind = self.kind(kind);
        let named = self.1.find(kind, key, Timestamp(0)).await?;
        let key = named.filter(|_| self.has(Flaw::RemovesByAnyName)).map_or(*key, |it| it.key);
        self.1.remove(kind, &key).await
    }

    async fn owned(
        &self,
        kind: RecordKind,
        owner: UserId,
        now: Timestamp,
    ) -> Result<Vec<Record>, SessionError> {
        let mut theirs = self.1.owned(self.kind(kind), owner, self.now(now)).await?;
        theirs.iter_mut().for_each(|record| record.kind = kind);
        if self.has(Flaw::ShowsOthers) && kind == RecordKind::Session {
            theirs.extend(self.1.owned(RecordKind::Grant, owner, now).await?);
        }
        Ok(theirs)
    }
}

#[tokio::test]
async fn a_flawed_store_of_sign_ins_fails_by_the_laws_it_breaks() {
    let ends = [
        "what_has_ended_is_not_there",
        "a_save_can_end_it_sooner_or_later",
        "everybody_has_their_own",
    ];
    let cases: [(Flaw, &[&str]); 8] = [
        (
            Flaw::ForgetsNames,
            &[
                "a_record_is_found_by_its_key_and_its_names",
                "kinds_do_not_disturb_each_other",
                "a_taken_name_is_refused_and_leaves_nothing",
                "of_many_who_race_for_a_name_one_has_it",
                "a_save_replaces_what_it_may",
                "what_has_ended_is_not_there",
                "a_save_can_end_it_sooner_or_later",
                "what_is_removed_is_gone_and_frees_its_names",
                "everybody_has_their_own",
                "what_is_too_large_is_refused",
            ],
        ),
        (Flaw::ConfusesKinds, &["kinds_do_not_disturb_each_other", "everybody_has_their_own"]),
        (Flaw::OverwritesOthers, &["a_stale_save_changes_nothing", "of_racing_saves_one_wins"]),
        (Flaw::NeverEnds, &ends),
        (
            Flaw::KeepsTheFirstEnd,
            &["a_save_replaces_what_it_may", "a_save_can_end_it_sooner_or_later"],
        ),
        (Flaw::RemovesByAnyName, &["what_is_removed_is_gone_and_frees_its_names"]),
        (Flaw::ShowsOthers, &["everybody_has_their_own"]),
        (Flaw::TakesAnySize, &["what_is_too_large_is_refused"]),
    ];
    for (flaw, laws) in cases {
        let make = || async move {
            Arc::new(Flawed(flaw, MemorySessionStore::new())) as Arc<dyn SessionStore>
        };
        assert_eq!(broken_laws(conformance::session_store(make)).await, laws, "{flaw:?}");
    }
}
