//! What a person wishes of a setup, done by the server to which its device is linked.
//!
//! So there is one driver of a setup, wherever its people ask. When the device is linked nowhere
//! it is done here: the server that the device comes to takes the setup over then.

use super::{core::Engine, error::EngineError, orders::Wish};
use crate::{Fleet, PeerError, PersonWish, Place, fleet::LOOKS};
use d1_core::{Setup, SetupId, StoreError};

impl From<PersonWish> for Wish {
    fn from(wish: PersonWish) -> Self {
        match wish {
            PersonWish::Approve => Self::Approve,
            PersonWish::Decline => Self::Decline,
            PersonWish::Stop(mode) => Self::Stop(mode),
            PersonWish::Resume { force } => Self::Resume { force },
        }
    }
}

impl Engine {
    /// Does with a setup as a person wishes, here or by another server.
    pub(super) async fn relay(&self, id: SetupId, wish: PersonWish) -> Result<Setup, EngineError> {
        match self.hub().fleet() {
            Some(fleet) => self.relay_among(fleet, id, wish).await,
            None => self.tell(id, wish.into()).await,
        }
    }

    async fn relay_among(
        &self,
        fleet: &Fleet,
        id: SetupId,
        wish: PersonWish,
    ) -> Result<Setup, EngineError> {
        let store = &self.0.parts.store;
        let device = store.get(id).await?.device;
        for _ in 0..LOOKS {
            let Place::At(node) = self.hub().locate(device).await? else {
                return self.tell_latest(id, wish.into()).await;
            };
            match fleet.peers.wish(&node, id, wish).await {
                // What it has done is in the store, and no older than this.
                Ok(()) => return Ok(store.get(id).await?),
                Err(PeerError::Refused(problem)) => return Err(EngineError::Refused(problem)),
                Err(PeerError::Unreachable(source)) => {
                    tracing::warn!(setup = %id, %source, "the server that drives it is silent");
                    return Err(EngineError::Unanswered(id));
                }
                Err(PeerError::NotHere) => {}
            }
        }
        Err(crate::HubError::Offline(device).into())
    }

    /// Does as a person wishes who asked another server, if the device is linked here.
    pub async fn grant_peer(&self, id: SetupId, wish: PersonWish) -> Result<(), PeerError> {
        let refused = |error: EngineError| PeerError::Refused(Box::new(error.problem()));
        let setup = self.0.parts.store.get(id).await.map_err(|error| refused(error.into()))?;
        if !self.hub().is_connected(setup.device) {
            return Err(PeerError::NotHere);
        }
        self.tell_latest(id, wish.into()).await.map(drop).map_err(refused)
    }

    /// Tells the driver here. One that did not know that somebody else has taken the setup over
    /// lets go of it, and the next one reads what there is now.
    pub(super) async fn tell_latest(&self, id: SetupId, wish: Wish) -> Result<Setup, EngineError> {
        for _ in 0..LOOKS {
            match self.tell(id, wish).await {
                Err(error) if error.is_stale() => {}
                done => return done,
            }
        }
        Err(StoreError::Stale(id).into())
    }
}
