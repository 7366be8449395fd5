//! What can be asked about credits.

use super::{ApiClient, ClientError};
use crate::api::{
    self, BalanceView, CapList, CapRequest, EntriesQuery, EntryList, GrantList, LeaseRequest,
    LeaseView, QuoteQuery, QuoteView, SettleRequest,
};
use d1_core::{CapScope, HoldId};
use reqwest::{Method, RequestBuilder};

impl ApiClient {
    /// How the account stands.
    pub async fn balance(&self) -> Result<BalanceView, ClientError> {
        self.read(self.call(Method::GET, api::BALANCE, None)).await
    }

    /// A part of the account's history.
    pub async fn credit_entries(&self, query: &EntriesQuery) -> Result<EntryList, ClientError> {
        self.read(self.call(Method::GET, api::ENTRIES, None).query(query)).await
    }

    /// The grants of the account that are not used up, in the order in which they are spent.
    pub async fn credit_grants(&self) -> Result<GrantList, ClientError> {
        self.read(self.call(Method::GET, api::GRANTS, None)).await
    }

    /// What something would cost now; nothing is made, and nothing binds.
    pub async fn quote(&self, query: &QuoteQuery) -> Result<QuoteView, ClientError> {
        self.read(self.call(Method::GET, api::QUOTE, None).query(query)).await
    }

    /// What the account may spend at most.
    pub async fn credit_caps(&self) -> Result<CapList, ClientError> {
        self.read(self.call(Method::GET, api::CAPS, None)).await
    }

    /// Limits what the account may spend, and tells its limits.
    pub async fn set_credit_cap(
        &self,
        scope: CapScope,
        cap: CapRequest,
    ) -> Result<CapList, ClientError> {
        self.read(self.cap(Method::PUT, scope).json(&cap)).await
    }

    /// Lifts a limit, and tells those that are left.
    pub async fn lift_credit_cap(&self, scope: CapScope) -> Result<CapList, ClientError> {
        self.read(self.cap(Method::DELETE, scope)).await
    }

    /// Sets credits aside to be spent without a connection; with the same `key`, once.
    pub async fn lease_credits(
        &self,
        request: &LeaseRequest,
        key: &str,
    ) -> Result<LeaseView, ClientError> {
        let call = self.call(Method::POST, api::LEASES, None).header("Idempotency-Key", key);
        self.read(call.json(request)).await
    }

    /// Tells what was spent of a lease; however often, it is taken once.
    pub async fn settle_lease(
        &self,
        lease: HoldId,
        request: &SettleRequest,
    ) -> Result<LeaseView, ClientError> {
        let path = api::LEASE.replace("{id}", &lease.to_string());
        self.read(self.call(Method::POST, &path, None).json(request)).await
    }

    fn cap(&self, method: Method, scope: CapScope) -> RequestBuilder {
        self.call(method, &api::CAP.replace("{scope}", scope.as_str()), None)
    }
}
