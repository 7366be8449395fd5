//! The life of one simulated process: it runs, it may be paused, and it dies without a word.

use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;

/// The life of one process. What a process does to the world, it does through something that
/// holds this: a dead process can do nothing, however much of it is left in memory.
#[derive(Clone, Debug)]
pub(super) struct Life(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pulse: Mutex<Pulse>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pulse {
    Runs,
    IsPaused,
    IsDead,
}

impl Life {
    pub(super) fn begin() -> Self {
        Self(Arc::new(Inner { pulse: Mutex::new(Pulse::Runs), changed: Notify::new() }))
    }

    /// Dies at once, as from `SIGKILL`.
    pub(super) fn die(&self) {
        self.set(Pulse::IsDead);
    }

    /// Stands still, as from `SIGSTOP`.
    pub(super) fn pause(&self) {
        if self.pulse() == Pulse::Runs {
            self.set(Pulse::IsPaused);
        }
    }

    /// Goes on, as from `SIGCONT`.
    pub(super) fn go_on(&self) {
        if self.pulse() == Pulse::IsPaused {
            self.set(Pulse::Runs);
        }
    }

    pub(super) fn runs(&self) -> bool {
        self.pulse() == Pulse::Runs
    }

    /// Returns when the process may act: at once, when it is paused no longer, or never.
    pub(super) async fn breathe(&self) {
        self.until(Pulse::Runs).await;
    }

    /// Returns when the process is dead.
    pub(super) async fn death(&self) {
        self.until(Pulse::IsDead).await;
    }

    async fn until(&self, wanted: Pulse) {
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            // From here on no change is missed.
            changed.as_mut().enable();
            match self.pulse() {
                pulse if pulse == wanted => return,
                Pulse::IsDead => pending().await,
                Pulse::Runs | Pulse::IsPaused => changed.await,
            }
        }
    }

    fn pulse(&self) -> Pulse {
        *self.0.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, pulse: Pulse) {
        *self.0.pulse.lock().unwrap_or_else(PoisonError::into_inner) = pulse;
        self.0.changed.notify_waiters();
    }
}
