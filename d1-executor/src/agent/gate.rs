//! What lets words of an orchestrator in: all of them, or only orders that are signed.
//!
//! 1. Each conversation asks for a challenge of its own in its Hello.
//! 2. An order is verified as it came, and written down as heeded, before anything of it is read.
//! 3. Where something false came once, nothing more is heard: the link is left.

use d1_core::{
    Category, Clock, DeviceId, Digest, Expected, LinkChallenge, OrderCodec, OrderRefusal,
    OrderTrustStore, Problem, ReplayLedger, SealRequest, ToDevice, verify_order,
};
use std::{error::Error, sync::Arc, time::Duration};

/// How long a heeded order is remembered: far longer than any is good, so that a clock that is
/// set back makes none good again.
const REMEMBERED: Duration = Duration::from_secs(86_400);

/// What makes a conversation heed signed orders only.
#[derive(Clone, Debug)]
pub struct OrderGuard {
    /// The keys of the cloud at the other end.
    pub trust: Arc<dyn OrderTrustStore>,
    /// The orders that were heeded, of all conversations.
    pub ledger: Arc<dyn ReplayLedger>,
    /// The language in which orders are written.
    pub codec: OrderCodec,
    /// What time it is, also after the machine slept.
    pub clock: Arc<dyn Clock>,
}

/// What lets words of one orchestrator in.
#[derive(Debug)]
pub(super) struct Gate {
    device: DeviceId,
    guarded: Option<Guarded>,
}

#[derive(Debug)]
struct Guarded {
    guard: OrderGuard,
    challenge: LinkChallenge,
    /// The highest number so far.
    last: u64,
}

/// Why a word is not let in.
#[derive(Debug)]
pub(super) enum Shut {
    /// It is not to be heeded.
    Refused(OrderRefusal),
    /// It cannot be told whether it is.
    Trouble(Box<Problem>),
}

impl From<OrderRefusal> for Shut {
    fn from(refusal: OrderRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Gate {
    /// A gate that lets everything in: whoever speaks there is known otherwise.
    pub(super) const fn open(device: DeviceId) -> Self {
        Self { device, guarded: None }
    }

    /// A gate that lets signed orders in, with a challenge of its own.
    pub(super) fn guarded(device: DeviceId, guard: OrderGuard) -> Result<Self, Problem> {
        let challenge = LinkChallenge::generate().map_err(|error| *trouble(&error))?;
        Ok(Self { device, guarded: Some(Guarded { guard, challenge, last: 0 }) })
    }

    /// What is asked of the orchestrator.
    pub(super) fn request(&self) -> Result<Option<SealRequest>, Problem> {
        let Some(Guarded { guard, challenge, .. }) = &self.guarded else { return Ok(None) };
        let trust = guard.trust.load().map_err(|error| *trouble(&error))?;
        let keys = trust.keys.iter().map(|known| known.key).collect();
        Ok(Some(SealRequest { challenge: *challenge, keys }))
    }

    /// What is heard of this, if it is to be heard.
    pub(super) async fn pass(&mut self, message: ToDevice) -> Result<ToDevice, Shut> {
        match (&mut self.guarded, message) {
            (Some(guarded), ToDevice::Signed(envelope)) => {
                guarded.verified(self.device, &envelope).await
            }
            (None, ToDevice::Signed(_)) => Err(OrderRefusal::NotAsked.into()),
            (Some(_), message) if message.is_order() => Err(OrderRefusal::Unsigned.into()),
            (Some(_) | None, message) => Ok(message),
        }
    }

    /// The keys of the orchestrator, where it has to have some.
    pub(super) fn trust(&self) -> Option<&Arc<dyn OrderTrustStore>> {
        self.guarded.as_ref().map(|guarded| &guarded.guard.trust)
    }
}

impl Guarded {
    async fn verified(&mut self, device: DeviceId, envelope: &[u8]) -> Result<ToDevice, Shut> {
        let (guard, now) = (&self.guard, self.guard.clock.now());
        let trust = guard.trust.load().map_err(|error| Shut::Trouble(trouble(&error)))?;
        let expected = Expected { device, challenge: self.challenge, last: self.last, now };
        let order = verify_order(envelope, &expected, &trust)?;
        self.last = order.number;
        let taken = guard.ledger.take(Digest::of(envelope), now.after(REMEMBERED), now).await;
        if !taken.map_err(|error| Shut::Trouble(trouble(&error)))? {
            return Err(OrderRefusal::Replayed.into());
        }
        match (guard.codec.read)(&order.words) {
            // An envelope in an envelope is nothing that anybody of ours would write.
            Ok(ToDevice::Signed(_)) | Err(_) => Err(OrderRefusal::Malformed.into()),
            Ok(message) => Ok(message),
        }
    }
}

/// It cannot be told whether an order is to be heeded, so it is not.
pub(super) fn trouble(error: &dyn Error) -> Box<Problem> {
    let text = error.to_string();
    let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    let problem = Problem::new("D1-ORDER-018", Category::Daemon, title).because(cause);
    Box::new(problem.leaving("no order of this cloud is heeded until that is mended").next(remedy))
}
