//! Questions to a device, each with its answer.

use super::{Hub, HubError};
use crate::{
    Place,
    fleet::{LOOKS, told},
};
use d1_core::{DeviceId, Facts, FromDevice, Preview, Proposal, Query, RequestId, ToDevice};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a device may take to tell facts.
const FACTS_WITHIN: Duration = Duration::from_secs(60);
/// How long a device may take to simulate a whole plan.
const PREVIEWS_WITHIN: Duration = Duration::from_secs(5 * 60);
/// The most questions to one device that may be open.
const MAX_QUESTIONS: usize = 64;

/// The name of a question and the time for its answer; nothing when it is none.
pub(super) fn terms(question: &ToDevice) -> Option<(RequestId, Duration)> {
    match question {
        ToDevice::Ask { request, .. } => Some((*request, FACTS_WITHIN)),
        ToDevice::Preview { request, .. } => Some((*request, PREVIEWS_WITHIN)),
        ToDevice::Welcome(_)
        | ToDevice::Run(_)
        | ToDevice::Cancel { .. }
        | ToDevice::ResultStored { .. }
        | ToDevice::OutputStored { .. }
        | ToDevice::Forget { .. }
        | ToDevice::Confirmed { .. }
        | ToDevice::Drain
        | ToDevice::Anchor(_)
        | ToDevice::Error(_)
        | ToDevice::Signed(_)
        | ToDevice::OrderKeys(_)
        | ToDevice::ShowWaiting { .. }
        | ToDevice::Decide { .. } => None,
    }
}

impl Hub {
    /// What is known of the machine, with answers to `queries`.
    pub async fn ask(&self, device: DeviceId, queries: Vec<Query>) -> Result<Facts, HubError> {
        let request = RequestId::generate();
        let question = ToDevice::Ask { request, queries };
        let answer = self.question(device, question, (request, FACTS_WITHIN)).await?;
        if let FromDevice::Facts { facts, .. } = answer {
            return Ok(*facts);
        }
        Err(HubError::Nonsense(device))
    }

    /// What each of these would change, in the same order.
    pub async fn preview(
        &self,
        device: DeviceId,
        proposals: Vec<Proposal>,
    ) -> Result<Vec<Preview>, HubError> {
        let (request, wanted) = (RequestId::generate(), proposals.len());
        let question = ToDevice::Preview { request, proposals };
        let answer = self.question(device, question, (request, PREVIEWS_WITHIN)).await?;
        if let FromDevice::Previews { previews, .. } = answer
            && previews.len() == wanted
        {
            return Ok(previews);
        }
        Err(HubError::Nonsense(device))
    }

    /// Asks a device, here or by the server to which it is linked.
    async fn question(
        &self,
        device: DeviceId,
        question: ToDevice,
        terms: (RequestId, Duration),
    ) -> Result<FromDevice, HubError> {
        for _ in 0..LOOKS {
            let (node, fleet) = match (self.locate(device).await?, self.fleet()) {
                (Place::At(node), Some(fleet)) => (node, fleet),
                (Place::Here | Place::At(_), _) => {
                    return self.question_here(device, question, terms).await;
                }
                (Place::Nowhere, _) => return Err(HubError::Offline(device)),
            };
            match fleet.peers.ask(&node, device, question.clone()).await {
                Ok(FromDevice::Refused { problem, .. }) => {
                    return Err(HubError::Refused(Box::new(problem)));
                }
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    if let Some(error) = told(device, error) {
                        return Err(error);
                    }
                }
            }
        }
        Err(HubError::Offline(device))
    }

    /// Asks a device that is linked here.
    pub(super) async fn question_here(
        &self,
        device: DeviceId,
        question: ToDevice,
        (request, within): (RequestId, Duration),
    ) -> Result<FromDevice, HubError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.state();
            let seat = state.seats.get_mut(&device).ok_or(HubError::Offline(device))?;
            // Those who gave up no longer count.
            seat.questions.retain(|_, asker| !asker.is_closed());
            if seat.questions.len() >= MAX_QUESTIONS {
                return Err(HubError::Busy(device));
            }
            seat.questions.insert(request, answer);
        }
        self.send(device, question).await?;
        match tokio::time::timeout(within, answered).await {
            Ok(Ok(FromDevice::Refused { problem, .. })) => {
                Err(HubError::Refused(Box::new(problem)))
            }
            Ok(Ok(answer)) => Ok(answer),
            // The seat is gone, and the question with it.
            Ok(Err(_closed)) => Err(HubError::Offline(device)),
            Err(_elapsed) => Err(HubError::Silent(device)),
        }
    }
}
