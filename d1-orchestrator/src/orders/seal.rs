//! The signed side of one link: what was asked of it, and what was said over it so far.
//!
//! Orders are numbered as they are put into the link, so that they come in the order of their
//! numbers, whoever gives them.

use super::{LiveOrderKeys, OrderDesk, OrderKeysError};
use d1_core::{
    DeviceId, LinkChallenge, Order, OrderCodec, OrderKey, OrderPublicKey, OrderSealError, Room,
    SealRequest, Timestamp, ToDevice,
};
use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

/// Why an order cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    /// There is no key.
    #[error(transparent)]
    Keys(#[from] OrderKeysError),
    /// It has no form.
    #[error(transparent)]
    Seal(#[from] OrderSealError),
    /// The wire cannot write it.
    #[error(transparent)]
    Write(Box<dyn Error + Send + Sync>),
}

/// The signed side of one link.
#[derive(Debug)]
pub(crate) struct Seal {
    desk: OrderDesk,
    device: DeviceId,
    challenge: LinkChallenge,
    said: Mutex<Said>,
}

/// What was said over it so far.
#[derive(Debug)]
struct Said {
    number: u64,
    /// The version of the keys that it was told of.
    version: u64,
    /// The keys that it knows.
    known: Vec<OrderPublicKey>,
}

impl Seal {
    /// The seal of a new link to a device that asks for it so.
    pub(crate) fn new(desk: &OrderDesk, device: DeviceId, asked: &SealRequest) -> Self {
        let said = Said { number: 0, version: 0, known: asked.keys.clone() };
        Self { desk: desk.clone(), device, challenge: asked.challenge, said: Mutex::new(said) }
    }

    /// The keys of the moment.
    pub(crate) async fn keys(&self) -> Result<Arc<LiveOrderKeys>, OrderKeysError> {
        self.desk.keys.current().await
    }

    /// Whether the device has to be told of these keys first.
    pub(crate) fn has_news(&self, keys: &LiveOrderKeys) -> bool {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).version < keys.announced().version
    }

    /// Tells the device of these keys, unless that was done. A device that knows none of them is
    /// told all the same: it says then what it thinks of that.
    pub(crate) fn introduce(
        &self,
        keys: &LiveOrderKeys,
        place: Room<'_, ToDevice>,
    ) -> Result<(), SealError> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let set = keys.announced().clone();
        if said.version >= set.version {
            return Ok(());
        }
        let key = keys.introducing(&said.known).map_or_else(|| keys.signing(), Ok)?;
        place.send(self.sealed(&mut said, &ToDevice::OrderKeys(set.clone()), key)?);
        said.version = set.version;
        said.known = set.keys.into_iter().map(|told| told.key).collect();
        Ok(())
    }

    /// Says this, signed.
    pub(crate) fn say(
        &self,
        message: &ToDevice,
        keys: &LiveOrderKeys,
        place: Room<'_, ToDevice>,
    ) -> Result<(), SealError> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        place.send(self.sealed(&mut said, message, keys.signing()?)?);
        Ok(())
    }

    fn sealed(
        &self,
        said: &mut Said,
        message: &ToDevice,
        key: &OrderKey,
    ) -> Result<ToDevice, SealError> {
        let OrderCodec { write, .. } = self.desk.codec;
        let now: Timestamp = self.desk.clock.now();
        let order = Order {
            device: self.device,
            challenge: self.challenge,
            number: said.number + 1,
            issued_at: now,
            expires: now.after(Order::LIFE),
            words: write(message).map_err(SealError::Write)?,
        };
        let envelope = order.seal(key)?;
        said.number = order.number;
        Ok(ToDevice::Signed(envelope))
    }
}
