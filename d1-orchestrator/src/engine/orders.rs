//! How wishes reach the driver of a setup: one desk per setup, opened on demand.
//!
//! A desk is opened with its first order and closed, under the same lock, when its driver
//! has nothing left to do and no order waits. So no order is lost, and of one setup there
//! is never more than one driver in this process.

use super::{core::Engine, drive, error::EngineError};
use d1_core::{Setup, SetupId, StopMode};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{mpsc, oneshot};

/// How many orders may wait at one desk.
const ORDERS: usize = 32;

/// What can be asked of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Approve,
    Decline,
    Take,
    Stop(StopMode),
    /// Its device is given up.
    WriteOff,
    Resume {
        force: bool,
    },
    /// Settle and forget it, if it is over; else leave it alone.
    Tidy,
    /// Drive it here, as somebody saved it in this version or a later one.
    Tend {
        version: u64,
    },
    /// Let go of it, if somebody else has saved it since.
    LetGo,
    /// It was taken back by this setup.
    UndoneBy(SetupId),
}

impl Wish {
    /// Whether it belongs to the end of another setup, and is done also while this process
    /// stops.
    pub(super) const fn ends_something(self) -> bool {
        match self {
            Self::UndoneBy(_) => true,
            Self::Approve
            | Self::Decline
            | Self::Take
            | Self::Stop(_)
            | Self::WriteOff
            | Self::Resume { .. }
            | Self::Tidy
            | Self::LetGo
            | Self::Tend { .. } => false,
        }
    }
}

/// A wish, and where the answer goes.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) wish: Wish,
    pub(super) reply: oneshot::Sender<Result<Setup, EngineError>>,
}

/// The desks that are open.
#[derive(Debug, Default)]
pub(super) struct Desks(Mutex<HashMap<SetupId, mpsc::Sender<Order>>>);

impl Desks {
    fn open(&self) -> MutexGuard<'_, HashMap<SetupId, mpsc::Sender<Order>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Tells the driver of a setup what is wished, and waits until it is done and saved.
    pub(super) async fn tell(&self, id: SetupId, wish: Wish) -> Result<Setup, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.hand_over(id, Order { wish, reply })?;
        answer.await.map_err(|_driver_gone| EngineError::Stopping(id))?
    }

    /// Closes a desk at which nobody waits; false when somebody does.
    pub(super) fn close_desk(&self, id: SetupId, orders: &mpsc::Receiver<Order>) -> bool {
        let mut desks = self.0.desks.open();
        let idle = orders.is_empty();
        if idle {
            desks.remove(&id);
        }
        idle
    }

    /// How many setups are being driven.
    #[must_use]
    pub fn driving(&self) -> usize {
        self.0.desks.open().len()
    }

    /// The setups that are being driven, by their names: what follows happens in the same order
    /// each time.
    pub(super) fn driven(&self) -> Vec<SetupId> {
        let mut driven: Vec<_> = self.0.desks.open().keys().copied().collect();
        driven.sort_unstable();
        driven
    }

    fn hand_over(&self, id: SetupId, order: Order) -> Result<(), EngineError> {
        let supervisor = &self.0.parts.supervisor;
        if supervisor.stopping().is_cancelled() && !order.wish.ends_something() {
            return Err(EngineError::Stopping(id));
        }
        let mut desks = self.0.desks.open();
        let refused = match desks.get(&id) {
            Some(desk) => desk.try_send(order),
            None => Err(mpsc::error::TrySendError::Closed(order)),
        };
        match refused {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(EngineError::Busy(id)),
            // There is no driver, or it died.
            Err(mpsc::error::TrySendError::Closed(order)) => {
                let (desk, orders) = mpsc::channel(ORDERS);
                // The queue is new, so there is room.
                let _has_room = desk.try_send(order);
                desks.insert(id, desk);
                supervisor.run("setup driver", drive::attend(self.clone(), id, orders));
                Ok(())
            }
        }
    }
}
