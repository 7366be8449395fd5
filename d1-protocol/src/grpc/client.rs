//! A client of the service.

use super::{CreditsCall, channel::Channel};
use crate::{
    ClientError,
    api::{
        BalanceView, CapList, CapRequest, EntriesQuery, EntryList, GrantList, QuoteQuery, QuoteView,
    },
    convert::{FromWire, ToWire},
    wire::api as wire,
};
use d1_core::CapScope;
use prost::Message;
use std::time::Duration;

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long a quote may take: planning asks the device, which may simulate for a while.
const QUOTE_WITHIN: Duration = Duration::from_secs(180);
/// Asks about credits over gRPC; the answers are those of `ApiClient`.
#[derive(Clone, Debug)]
pub struct CreditsClient {
    channel: Channel,
}

impl CreditsClient {
    /// A client of the cloud at `address` (`http://127.0.0.1:7701`), presenting `token`. It
    /// connects when it is first asked.
    pub fn new(address: &str, token: &str) -> Result<Self, ClientError> {
        Ok(Self { channel: Channel::new(address, token)? })
    }

    /// A client that asks again when the cloud says when (`retry-after`), as long as that is
    /// within `most`, and within a minute, of the first time it asked. A refusal like that
    /// changed nothing.
    #[must_use]
    pub fn patient(self, most: Duration) -> Self {
        Self { channel: self.channel.patient(most) }
    }

    /// How the account stands.
    pub async fn balance(&self) -> Result<BalanceView, ClientError> {
        self.ask(CreditsCall::Balance, &wire::BalanceRequest {}).await
    }

    /// A part of the account's history.
    pub async fn entries(&self, query: &EntriesQuery) -> Result<EntryList, ClientError> {
        self.ask(CreditsCall::Entries, &query.to_wire()).await
    }

    /// The grants of the account that are not used up, in the order in which they are spent.
    pub async fn grants(&self) -> Result<GrantList, ClientError> {
        self.ask(CreditsCall::Grants, &wire::GrantsRequest {}).await
    }

    /// What something would cost now; nothing is made, and nothing binds.
    pub async fn quote(&self, query: &QuoteQuery) -> Result<QuoteView, ClientError> {
        self.ask(CreditsCall::Quote, &query.to_wire()).await
    }

    /// What the account may spend at most.
    pub async fn caps(&self) -> Result<CapList, ClientError> {
        self.ask(CreditsCall::Caps, &wire::CapsRequest {}).await
    }

    /// Limits what the account may spend, and tells its limits.
    pub async fn set_cap(&self, scope: CapScope, cap: CapRequest) -> Result<CapList, ClientError> {
        let most_micro = Some(cap.most_micro);
        let request = wire::SetCapRequest { scope: scope.to_wire(), most_micro };
        self.ask(CreditsCall::SetCap, &request).await
    }

    /// Lifts a limit, and tells those that are left.
    pub async fn lift_cap(&self, scope: CapScope) -> Result<CapList, ClientError> {
        let request = wire::LiftCapRequest { scope: scope.to_wire() };
        self.ask(CreditsCall::LiftCap, &request).await
    }

    async fn ask<T>(&self, call: CreditsCall, message: &impl Message) -> Result<T, ClientError>
    where
        T: FromWire<Wire: Message + Default>,
    {
        let within = if call == CreditsCall::Quote { QUOTE_WITHIN } else { ANSWER_WITHIN };
        self.channel.ask(call.path(), message, within).await
    }
}
