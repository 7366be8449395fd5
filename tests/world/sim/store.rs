//! The store and the ledger, as one life of a node uses them.

use super::disk::Disk;
use d1_core::{
    AccountId, Amount, CreditLedger, HoldId, HoldRequest, LedgerError, NodeId, Page, Progress,
    ProgressEvent, Promise, Setup, SetupId, SetupLeases, SetupStore, StoreError, Timestamp,
};
use std::{sync::Arc, time::Duration};

/// The store of setups, over one node's connection.
#[derive(Debug)]
pub(super) struct NodeStore {
    pub(super) store: Arc<dyn SetupStore>,
    pub(super) disk: Disk,
}

#[async_trait::async_trait]
impl SetupStore for NodeStore {
    async fn create(
        &self,
        setup: &Setup,
        key: Option<&str>,
        news: &[ProgressEvent],
    ) -> Result<Setup, StoreError> {
        self.disk.write("keep a new setup", self.store.create(setup, key, news)).await
    }

    async fn get(&self, id: SetupId) -> Result<Setup, StoreError> {
        self.disk.read(self.store.get(id)).await
    }

    async fn save(
        &self,
        setup: &mut Setup,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.disk.write("save a setup", self.store.save(setup, news, at)).await
    }

    async fn tell(
        &self,
        id: SetupId,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.disk.write("keep news", self.store.tell(id, news, at)).await
    }

    async fn find(&self, account: AccountId, prefix: &str) -> Result<Vec<SetupId>, StoreError> {
        self.disk.read(self.store.find(account, prefix)).await
    }

    async fn list(&self, account: AccountId, page: Page) -> Result<Vec<Setup>, StoreError> {
        self.disk.read(self.store.list(account, page)).await
    }

    async fn unfinished(&self) -> Result<Vec<Setup>, StoreError> {
        self.disk.read(self.store.unfinished()).await
    }

    async fn progress(
        &self,
        id: SetupId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Progress>, StoreError> {
        self.disk.read(self.store.progress(id, after, limit)).await
    }
}

/// The leases of setups, over one node's connection.
#[derive(Debug)]
pub(super) struct NodeLeases {
    pub(super) leases: Arc<dyn SetupLeases>,
    pub(super) disk: Disk,
}

#[async_trait::async_trait]
impl SetupLeases for NodeLeases {
    async fn hold(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<Vec<SetupId>, StoreError> {
        self.disk.write("hold leases", self.leases.hold(node, setups, ttl)).await
    }

    async fn seize(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<(), StoreError> {
        self.disk.write("seize leases", self.leases.seize(node, setups, ttl)).await
    }

    async fn give_back(&self, node: NodeId, setups: &[SetupId]) -> Result<(), StoreError> {
        self.disk.write("give leases back", self.leases.give_back(node, setups)).await
    }
}

/// The ledger, over one node's connection.
#[derive(Debug)]
pub(super) struct NodeLedger {
    pub(super) ledger: Arc<dyn CreditLedger>,
    pub(super) disk: Disk,
}

#[async_trait::async_trait]
impl CreditLedger for NodeLedger {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        self.disk.read(self.ledger.available(account)).await
    }

    async fn promise(&self, promise: &Promise) -> Result<(), LedgerError> {
        self.disk.write("promise a price", self.ledger.promise(promise)).await
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError> {
        self.disk.write("hold credits", self.ledger.hold(hold)).await
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        self.disk.write("settle a hold", self.ledger.settle(hold, charge)).await
    }
}
