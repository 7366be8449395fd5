//! A [`SetupStore`] in memory: gone with its process, and otherwise as strict as one on disk.

use crate::{
    AccountId, DeviceId, Digest, Page, Progress, ProgressEvent, Setup, SetupId, SetupStore,
    StoreError, Timestamp,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A [`SetupStore`] in memory.
///
/// It holds every setup and all its news for as long as it lives.
#[derive(Debug, Default)]
pub struct MemorySetupStore(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    /// In the order of their making.
    setups: BTreeMap<u64, Kept>,
    places: HashMap<SetupId, u64>,
    keys: HashMap<(AccountId, String), Request>,
}

#[derive(Debug)]
struct Kept {
    setup: Setup,
    news: Vec<Progress>,
}

/// What an idempotency key stands for.
#[derive(Debug)]
struct Request {
    setup: SetupId,
    plan: Digest,
    device: DeviceId,
}

impl MemorySetupStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No method leaves the shelf half changed, so that of a thread that panicked is fine.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl SetupStore for MemorySetupStore {
    async fn create(
        &self,
        setup: &Setup,
        key: Option<&str>,
        news: &[ProgressEvent],
    ) -> Result<Setup, StoreError> {
        let mut shelf = self.shelf();
        let plan = setup.plan.id();
        if let Some(key) = key
            && let Some(earlier) = shelf.keys.get(&(setup.account, key.to_owned()))
        {
            if earlier.plan != plan || earlier.device != setup.device {
                return Err(StoreError::KeyConflict(key.to_owned()));
            }
            return Ok(shelf.kept(earlier.setup)?.setup.clone());
        }
        if shelf.places.contains_key(&setup.id) {
            return Err(StoreError::AlreadyExists(setup.id));
        }
        if let Some(key) = key {
            let request = Request { setup: setup.id, plan, device: setup.device };
            shelf.keys.insert((setup.account, key.to_owned()), request);
        }
        let mut kept = Kept { setup: setup.clone(), news: Vec::new() };
        kept.tell(news, setup.created_at);
        shelf.put(kept);
        Ok(setup.clone())
    }

    async fn get(&self, id: SetupId) -> Result<Setup, StoreError> {
        Ok(self.shelf().kept(id)?.setup.clone())
    }

    async fn save(
        &self,
        setup: &mut Setup,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut shelf = self.shelf();
        let kept = shelf.kept_mut(setup.id)?;
        if kept.setup.version != setup.version {
            return Err(StoreError::Stale(setup.id));
        }
        setup.version += 1;
        kept.setup = setup.clone();
        kept.tell(news, at);
        Ok(())
    }

    async fn tell(
        &self,
        id: SetupId,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.shelf().kept_mut(id)?.tell(news, at);
        Ok(())
    }

    async fn find(&self, account: AccountId, prefix: &str) -> Result<Vec<SetupId>, StoreError> {
        let prefix = plain_hex(prefix);
        let shelf = self.shelf();
        let setups = shelf.of(account).map(|kept| kept.setup.id);
        let matching = setups.filter(|id| plain_hex(&id.to_string()).starts_with(&prefix));
        Ok(matching.take(Page::MAX).collect())
    }

    async fn list(&self, account: AccountId, page: Page) -> Result<Vec<Setup>, StoreError> {
        let shelf = self.shelf();
        let end = match page.before {
            Some(id) if shelf.kept(id)?.setup.account != account => {
                return Err(StoreError::NotFound(id));
            }
            Some(id) => shelf.place(id)?,
            None => u64::MAX,
        };
        let older = shelf.setups.range(..end).rev().map(|(_, kept)| &kept.setup);
        let own = older.filter(|setup| setup.account == account);
        Ok(own.take(page.size()).cloned().collect())
    }

    async fn unfinished(&self) -> Result<Vec<Setup>, StoreError> {
        let shelf = self.shelf();
        let setups = shelf.setups.values().map(|kept| &kept.setup);
        Ok(setups.filter(|setup| setup.is_under_way()).cloned().collect())
    }

    async fn progress(
        &self,
        id: SetupId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Progress>, StoreError> {
        let shelf = self.shelf();
        let news = &shelf.kept(id)?.news;
        let seen = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(news.iter().skip(seen).take(limit).cloned().collect())
    }
}

impl Shelf {
    fn place(&self, id: SetupId) -> Result<u64, StoreError> {
        self.places.get(&id).copied().ok_or(StoreError::NotFound(id))
    }

    fn kept(&self, id: SetupId) -> Result<&Kept, StoreError> {
        self.setups.get(&self.place(id)?).ok_or(StoreError::NotFound(id))
    }

    fn kept_mut(&mut self, id: SetupId) -> Result<&mut Kept, StoreError> {
        let place = self.place(id)?;
        self.setups.get_mut(&place).ok_or(StoreError::NotFound(id))
    }

    fn put(&mut self, kept: Kept) {
        // Nothing is ever taken away, so the count is a place nobody has.
        let place = self.setups.len() as u64;
        self.places.insert(kept.setup.id, place);
        self.setups.insert(place, kept);
    }

    /// What an account has, newest first.
    fn of(&self, account: AccountId) -> impl Iterator<Item = &Kept> {
        self.setups.values().rev().filter(move |kept| kept.setup.account == account)
    }
}

impl Kept {
    fn tell(&mut self, news: &[ProgressEvent], at: Timestamp) {
        for event in news {
            let seq = self.news.len() as u64 + 1;
            self.news.push(Progress { seq, at, event: event.clone() });
        }
    }
}

/// Lower case, without dashes.
fn plain_hex(name: &str) -> String {
    name.replace('-', "").to_lowercase()
}
