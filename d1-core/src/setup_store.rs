//! The [`SetupStore`] port: what an orchestrator remembers of its setups.

use crate::{AccountId, DeviceId, Progress, ProgressEvent, Setup, SetupId, Timestamp};
use std::{error::Error, fmt};

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such setup.
    #[error("there is no setup {0}")]
    NotFound(SetupId),
    /// A setup of this name is kept already.
    #[error("there is a setup {0} already; give a new one a fresh name")]
    AlreadyExists(SetupId),
    /// Somebody else saved it first.
    #[error("setup {0} has changed since it was read; read it again")]
    Stale(SetupId),
    /// The idempotency key belongs to another request.
    #[error("the key `{0}` was used before for another request; use a new one")]
    KeyConflict(String),
    /// The storage is in trouble.
    #[error("the store could not {doing}")]
    Backend {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Which setups to list: newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Only setups made before this one.
    pub before: Option<SetupId>,
    /// At most this many; [`Page::MAX`] when it is more or zero.
    pub limit: usize,
}

impl Page {
    /// The most setups in one page.
    pub const MAX: usize = 200;

    /// How many to list.
    #[must_use]
    pub fn size(&self) -> usize {
        if self.limit == 0 { Self::MAX } else { self.limit.min(Self::MAX) }
    }
}

/// What an orchestrator remembers of its setups.
///
/// What changes something is durable when it returns, whole or not at all.
#[async_trait::async_trait]
pub trait SetupStore: fmt::Debug + Send + Sync {
    /// Keeps a new setup, and what it tells its followers.
    ///
    /// With a `key`: when this account used the key before for the same plan on the
    /// same device, that earlier setup is given back and nothing is kept; for another
    /// plan or device it is a conflict. A name that is kept already is refused.
    async fn create(
        &self,
        setup: &Setup,
        key: Option<&str>,
        news: &[ProgressEvent],
    ) -> Result<Setup, StoreError>;

    /// The setup of this name.
    async fn get(&self, id: SetupId) -> Result<Setup, StoreError>;

    /// Replaces a setup by its next version, and appends what it tells its followers.
    ///
    /// Refuses unless the stored version is `setup.version`; the stored version is one
    /// higher afterwards, and so is `setup.version`. Of two writers that read the same
    /// version, one wins and one is told so, and nothing of the loser's is kept.
    async fn save(
        &self,
        setup: &mut Setup,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Appends news without changing the setup: output, mostly. A crash may lose the
    /// last of it, never something in the middle.
    async fn tell(
        &self,
        id: SetupId,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// The setups of an account whose id begins with `prefix` (hexadecimal, dashes
    /// ignored), newest first, at most [`Page::MAX`]. Never another account's.
    async fn find(&self, account: AccountId, prefix: &str) -> Result<Vec<SetupId>, StoreError>;

    /// The setups of an account, newest first: in the order of their making, whenever
    /// they were saved. A page before a setup that the account does not have is refused.
    async fn list(&self, account: AccountId, page: Page) -> Result<Vec<Setup>, StoreError>;

    /// Every setup that somebody has to look after ([`Setup::is_under_way`]), oldest first.
    async fn unfinished(&self) -> Result<Vec<Setup>, StoreError>;

    /// Those of them that are for this device, oldest first.
    async fn unfinished_on(&self, device: DeviceId) -> Result<Vec<Setup>, StoreError> {
        let all = self.unfinished().await?;
        Ok(all.into_iter().filter(|setup| setup.device == device).collect())
    }

    /// What a setup told after number `after`, in order, at most `limit`.
    /// Numbers count from one without gaps.
    async fn progress(
        &self,
        id: SetupId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Progress>, StoreError>;
}
