//! A client of the services of setups and devices.

use super::SetupsCall;
use crate::{
    ClientError,
    api::{CancelRequest, CreateRequest, Devices, Purged, ResumeRequest, SetupList, SetupView},
    convert::ToWire as _,
    grpc::channel::Channel,
    wire::api as wire,
};
use d1_core::{DeviceId, Progress, SetupId};
use futures_util::Stream;
use prost::Message;
use std::time::Duration;

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long a plan may take: planning asks the device, which may simulate for a while.
const PLAN_WITHIN: Duration = Duration::from_secs(180);

/// Asks about setups and devices over gRPC; the answers are those of `ApiClient`.
#[derive(Clone, Debug)]
pub struct SetupsClient {
    channel: Channel,
}

impl SetupsClient {
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

    /// Plans and keeps a setup; starts it when the request says so. Said again with the same
    /// key, it is done once.
    pub async fn create(
        &self,
        request: &CreateRequest,
        key: Option<&str>,
    ) -> Result<SetupView, ClientError> {
        let idempotency_key = key.map(str::to_owned);
        let request = wire::CreateSetupRequest { idempotency_key, ..request.to_wire() };
        self.change(SetupsCall::Create, &request).await
    }

    /// One setup.
    pub async fn get(&self, id: SetupId) -> Result<SetupView, ClientError> {
        self.channel.ask(SetupsCall::Get.path(), &named(id), ANSWER_WITHIN).await
    }

    /// Setups, newest first, before this one.
    pub async fn list(&self, before: Option<SetupId>) -> Result<SetupList, ClientError> {
        let request = wire::ListSetupsRequest { cursor: before.map(|id| id.to_string()) };
        self.channel.ask(SetupsCall::List.path(), &request, ANSWER_WITHIN).await
    }

    /// Says yes.
    pub async fn approve(&self, id: SetupId) -> Result<SetupView, ClientError> {
        self.change(SetupsCall::Approve, &named(id)).await
    }

    /// Stops it.
    pub async fn cancel(&self, id: SetupId, how: CancelRequest) -> Result<SetupView, ClientError> {
        let CancelRequest { mode, write_off } = how;
        let (setup_id, mode) = (id.to_string(), mode.to_wire());
        let request = wire::CancelSetupRequest { setup_id, mode, write_off };
        self.change(SetupsCall::Cancel, &request).await
    }

    /// Goes on with it.
    pub async fn resume(&self, id: SetupId, how: ResumeRequest) -> Result<SetupView, ClientError> {
        let (setup_id, force) = (id.to_string(), how.force);
        self.change(SetupsCall::Resume, &wire::ResumeSetupRequest { setup_id, force }).await
    }

    /// Takes back what it changed, by a setup of its own.
    pub async fn undo(&self, id: SetupId) -> Result<SetupView, ClientError> {
        self.change(SetupsCall::Undo, &named(id)).await
    }

    /// What happens after the piece of news of this number, until the setup is over. Where the
    /// connection breaks, ask again for what comes after the last one that was seen.
    pub async fn follow(
        &self,
        id: SetupId,
        after: u64,
    ) -> Result<impl Stream<Item = Result<Progress, ClientError>> + Send + use<>, ClientError> {
        let request = wire::FollowSetupRequest { setup_id: id.to_string(), after };
        self.channel.follow(SetupsCall::Follow.path(), &request, ANSWER_WITHIN).await
    }

    /// The devices that are linked.
    pub async fn devices(&self) -> Result<Devices, ClientError> {
        let request = wire::ListDevicesRequest {};
        self.channel.ask(SetupsCall::Devices.path(), &request, ANSWER_WITHIN).await
    }

    /// Ends what waits for a device that is away.
    pub async fn purge(&self, device: DeviceId) -> Result<Purged, ClientError> {
        let request = wire::PurgeRequest { device_id: device.to_string() };
        self.channel.ask(SetupsCall::Purge.path(), &request, PLAN_WITHIN).await
    }

    async fn change(
        &self,
        call: SetupsCall,
        request: &impl Message,
    ) -> Result<SetupView, ClientError> {
        self.channel.ask(call.path(), request, PLAN_WITHIN).await
    }
}

fn named(id: SetupId) -> wire::SetupRequest {
    wire::SetupRequest { setup_id: id.to_string() }
}
