//! What happened in a world, in order, as nobody in it can see it.

use d1_core::{DeviceId, SetupId, TaskId};
use sha2::{Digest as _, Sha256};
use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A device wrote an order down that it did not know.
    Accepted {
        /// Which device.
        device: DeviceId,
        /// Whose order.
        setup: SetupId,
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// Under which epoch it was ordered.
        epoch: u64,
        /// The highest epoch that the device had heard of for the setup before.
        seen: u64,
    },
    /// A machine began to carry an attempt out.
    Began {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
    },
    /// A machine does nothing for an attempt any more.
    Ended {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
    },
    /// A device wrote down how an attempt ended.
    Recorded {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// Whether there is a receipt.
        has_receipt: bool,
        /// Whether the machine was still at it.
        alive: bool,
    },
    /// A device heard that its result is kept.
    Acknowledged {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
    },
    /// Something befell the world.
    Befell(String),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { task, attempt, epoch, seen, setup, .. } => write!(
                f,
                "task {} attempt {attempt} of setup {} accepted under epoch {epoch}, {seen} seen",
                task.short(),
                setup.short()
            ),
            Self::Began { task, attempt } => {
                write!(f, "task {} attempt {attempt} begins", task.short())
            }
            Self::Ended { task, attempt } => {
                write!(f, "task {} attempt {attempt} is gone", task.short())
            }
            Self::Recorded { task, attempt, alive, .. } => {
                let alive = if *alive { ", and still runs" } else { "" };
                write!(f, "task {} attempt {attempt} has ended on paper{alive}", task.short())
            }
            Self::Acknowledged { task, attempt } => {
                write!(f, "task {} attempt {attempt} acknowledged", task.short())
            }
            Self::Befell(what) => f.write_str(what),
        }
    }
}

/// What happened in a world, in order.
#[derive(Debug)]
pub(super) struct History {
    began: Instant,
    events: Mutex<Vec<(Duration, Event)>>,
}

impl History {
    pub(super) fn new(began: Instant) -> Self {
        Self { began, events: Mutex::default() }
    }

    pub(super) fn note(&self, event: Event) {
        let at = self.began.elapsed();
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push((at, event));
    }

    /// Everything that happened, and when.
    pub(super) fn events(&self) -> Vec<(Duration, Event)> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same for the same history.
    pub(super) fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for (at, event) in self.events() {
            digest.update(format!("{} {event:?}\n", at.as_millis()));
        }
        digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}
