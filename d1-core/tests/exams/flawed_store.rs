//! Stores of setups with one flaw each.

use crate::broken_laws;
use d1_core::{
    AccountId, DeviceId, Page, Progress, ProgressEvent, Setup, SetupId, SetupStore, StoreError,
    Timestamp, conformance, memory::MemorySetupStore,
};
use std::{collections::BTreeSet, sync::Arc};

/// What is wrong with a store of setups.
#[derive(Clone, Copy, Debug)]
enum StoreFlaw {
    ForgetsKeys,
    ConfusesKeys,
    OverwritesOthers,
    KeepsNewsOfTheLoser,
    TellsTwice,
    RepeatsNews,
    FindsForEverybody,
    MindsDashes,
    ListsOldestFirst,
    IgnoresThePage,
    ForgetsWhatStops,
    ConfusesDevices,
}

use StoreFlaw as F;

/// Each flaw, and the laws that it breaks.
const CASES: [(F, &[&str]); 12] = [
    (
        F::ForgetsKeys,
        &[
            "a_key_used_again_gives_the_earlier_setup",
            "a_key_stands_for_one_request",
            "every_account_has_its_own_keys",
            "of_racing_uses_of_a_key_one_is_kept",
        ],
    ),
    (F::ConfusesKeys, &["without_a_key_every_setup_is_new"]),
    (
        F::OverwritesOthers,
        &[
            "a_stale_writer_keeps_nothing",
            "of_racing_writers_one_wins",
            "no_save_is_lost_between_writers",
            "news_counts_from_one_without_gaps",
        ],
    ),
    (
        F::KeepsNewsOfTheLoser,
        &[
            "a_stale_writer_keeps_nothing",
            "of_racing_writers_one_wins",
            "no_save_is_lost_between_writers",
            "news_counts_from_one_without_gaps",
        ],
    ),
    (
        F::TellsTwice,
        &[
            "news_counts_from_one_without_gaps",
            "racing_tellers_leave_no_gap",
            "news_goes_on_after_a_number",
            "every_setup_has_its_own_news",
        ],
    ),
    (F::RepeatsNews, &["news_goes_on_after_a_number"]),
    (F::FindsForEverybody, &["nobody_finds_what_is_anothers", "setups_are_listed_newest_first"]),
    (F::MindsDashes, &["a_setup_is_found_by_how_its_id_begins"]),
    (
        F::ListsOldestFirst,
        &[
            "no_more_is_found_or_listed_than_fits_a_page",
            "setups_are_listed_newest_first",
            "pages_follow_each_other_without_gaps",
        ],
    ),
    (
        F::IgnoresThePage,
        &[
            "no_more_is_found_or_listed_than_fits_a_page",
            "pages_follow_each_other_without_gaps",
            "a_page_before_what_is_not_there_is_refused",
        ],
    ),
    (F::ForgetsWhatStops, &["unfinished_is_what_is_approved_and_not_at_rest"]),
    (F::ConfusesDevices, &["unfinished_on_a_device_is_what_is_for_it"]),
];

#[tokio::test]
async fn a_broken_store_fails_its_exam_by_the_right_laws() {
    for (flaw, expected) in CASES {
        let make = || async move {
            let inner = MemorySetupStore::new();
            Arc::new(FlawedStore { inner, flaw, all: Default::default() }) as Arc<dyn SetupStore>
        };
        assert_eq!(broken_laws(conformance::setup_store(make)).await, expected, "{flaw:?}");
    }
}

#[derive(Debug)]
struct FlawedStore {
    inner: MemorySetupStore,
    flaw: StoreFlaw,
    all: std::sync::Mutex<BTreeSet<SetupId>>,
}

#[async_trait::async_trait]
impl SetupStore for FlawedStore {
    async fn create(
        &self,
        setup: &Setup,
        key: Option<&str>,
        news: &[ProgressEvent],
    ) -> Result<Setup, StoreError> {
        let kept = match self.flaw {
            StoreFlaw::ForgetsKeys => self.inner.create(setup, None, news).await,
            StoreFlaw::ConfusesKeys => {
                let key = key.map(str::to_lowercase);
                self.inner.create(setup, key.as_deref(), news).await
            }
            _ => self.inner.create(setup, key, news).await,
        };
        self.all.lock().unwrap().extend(kept.as_ref().map(|setup| setup.id));
        kept
    }

    async fn get(&self, id: SetupId) -> Result<Setup, StoreError> {
        self.inner.get(id).await
    }

    async fn save(
        &self,
        setup: &mut Setup,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if matches!(self.flaw, StoreFlaw::OverwritesOthers) {
            setup.version = self.inner.get(setup.id).await?.version;
        }
        let saved = self.inner.save(setup, news, at).await;
        if matches!((self.flaw, &saved), (StoreFlaw::KeepsNewsOfTheLoser, Err(_))) {
            drop(self.inner.tell(setup.id, news, at).await);
        }
        saved
    }

    async fn tell(
        &self,
        id: SetupId,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if matches!(self.flaw, StoreFlaw::TellsTwice) {
            self.inner.tell(id, news, at).await?;
        }
        self.inner.tell(id, news, at).await
    }

    async fn find(&self, account: AccountId, prefix: &str) -> Result<Vec<SetupId>, StoreError> {
        let all = self.all.lock().unwrap().clone();
        match self.flaw {
            StoreFlaw::FindsForEverybody => {
                let prefix = prefix.replace('-', "").to_lowercase();
                let begins = |id: &SetupId| id.to_string().replace('-', "").starts_with(&prefix);
                Ok(all.into_iter().filter(begins).rev().take(Page::MAX).collect())
            }
            StoreFlaw::MindsDashes if prefix.contains('-') => Ok(Vec::new()),
            _ => self.inner.find(account, prefix).await,
        }
    }

    async fn list(&self, account: AccountId, page: Page) -> Result<Vec<Setup>, StoreError> {
        let mut setups = match self.flaw {
            StoreFlaw::IgnoresThePage => {
                self.inner.list(account, Page { before: None, ..page }).await?
            }
            _ => self.inner.list(account, page).await?,
        };
        if matches!(self.flaw, StoreFlaw::ListsOldestFirst) {
            setups.reverse();
        }
        Ok(setups)
    }

    async fn unfinished(&self) -> Result<Vec<Setup>, StoreError> {
        let mut setups = self.inner.unfinished().await?;
        if matches!(self.flaw, StoreFlaw::ForgetsWhatStops) {
            setups.retain(|setup| setup.state == d1_core::SetupState::Running);
        }
        Ok(setups)
    }

    async fn unfinished_on(&self, device: DeviceId) -> Result<Vec<Setup>, StoreError> {
        match self.flaw {
            StoreFlaw::ConfusesDevices => self.inner.unfinished().await,
            _ => self.inner.unfinished_on(device).await,
        }
    }

    async fn progress(
        &self,
        id: SetupId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Progress>, StoreError> {
        let after = match self.flaw {
            StoreFlaw::RepeatsNews => after.saturating_sub(1),
            _ => after,
        };
        self.inner.progress(id, after, limit).await
    }
}
