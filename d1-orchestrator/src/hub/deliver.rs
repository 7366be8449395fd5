//! Putting a word into a link, signed where the device wants that.

use super::HubError;
use crate::orders::{Seal, SealError};
use d1_core::{DeviceId, LinkSender, ToDevice};

/// Why a word is not in its link.
pub(super) enum Undelivered {
    /// The link is gone.
    Gone,
    /// It cannot be signed now; later it may be.
    NoKey(String),
    /// It can never be signed.
    Unfit(String),
}

impl From<SealError> for Undelivered {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Keys(error) => Self::NoKey(error.to_string()),
            SealError::Seal(_) | SealError::Write(_) => Self::Unfit(error.to_string()),
        }
    }
}

impl Undelivered {
    /// The same, told of a device.
    pub(super) fn of(self, device: DeviceId) -> HubError {
        match self {
            Self::Gone => HubError::Offline(device),
            Self::NoKey(why) | Self::Unfit(why) => HubError::Unsigned(device, why),
        }
    }
}

/// Puts a word into the link, once there is room.
pub(super) async fn deliver(
    to: &LinkSender<ToDevice>,
    seal: Option<&Seal>,
    message: ToDevice,
) -> Result<(), Undelivered> {
    let Some(seal) = seal.filter(|_| message.is_order()) else {
        return to.send(message).await.map_err(|_| Undelivered::Gone);
    };
    let keys = seal.keys().await.map_err(SealError::from)?;
    if seal.has_news(&keys) {
        seal.introduce(&keys, to.reserve().await.map_err(|_| Undelivered::Gone)?)?;
    }
    let place = to.reserve().await.map_err(|_| Undelivered::Gone)?;
    Ok(seal.say(&message, &keys, place)?)
}
