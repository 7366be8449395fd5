//! Stores that misbehave in a chosen way, over one that does not.

use d1_core::{
    AccountId, Page, Progress, ProgressEvent, Setup, SetupId, SetupStore, StoreError, Timestamp,
    memory::MemorySetupStore,
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// When a save goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process dies after it was kept: whoever saved never goes on.
    DieAfter,
    /// The process dies before it is kept.
    DieBefore,
    /// It cannot be kept now; after three tries it can.
    FailThrice,
}

/// A store whose save number `at` goes wrong.
#[derive(Debug)]
pub(crate) struct Faulty {
    inner: Arc<MemorySetupStore>,
    fault: Fault,
    left: AtomicI64,
}

impl Faulty {
    pub(crate) fn new(inner: Arc<MemorySetupStore>, fault: Fault, at: i64) -> Self {
        Self { inner, fault, left: AtomicI64::new(at) }
    }
}

#[async_trait::async_trait]
impl SetupStore for Faulty {
    async fn create(
        &self,
        setup: &Setup,
        key: Option<&str>,
        news: &[ProgressEvent],
    ) -> Result<Setup, StoreError> {
        self.inner.create(setup, key, news).await
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
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        match self.fault {
            Fault::DieBefore if left <= 1 => std::future::pending().await,
            Fault::DieAfter if left == 1 => {
                self.inner.save(setup, news, at).await?;
                std::future::pending().await
            }
            Fault::DieAfter if left < 1 => std::future::pending().await,
            Fault::FailThrice if (-1..=1).contains(&left) => {
                let source = "the disk is full".into();
                Err(StoreError::Backend { doing: "save a setup", source })
            }
            Fault::DieAfter | Fault::DieBefore | Fault::FailThrice => {
                self.inner.save(setup, news, at).await
            }
        }
    }

    async fn tell(
        &self,
        id: SetupId,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.tell(id, news, at).await
    }

    async fn find(&self, account: AccountId, prefix: &str) -> Result<Vec<SetupId>, StoreError> {
        self.inner.find(account, prefix).await
    }

    async fn list(&self, account: AccountId, page: Page) -> Result<Vec<Setup>, StoreError> {
        self.inner.list(account, page).await
    }

    async fn unfinished(&self) -> Result<Vec<Setup>, StoreError> {
        self.inner.unfinished().await
    }

    async fn progress(
        &self,
        id: SetupId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Progress>, StoreError> {
        self.inner.progress(id, after, limit).await
    }
}
