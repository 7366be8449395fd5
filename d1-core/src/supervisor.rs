//! Every background task has a name, an owner, and an end.

use std::{fmt, future::Future, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What a background task's failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The process cannot be useful without it: stop everything.
    StopAll,
    /// Others do not depend on it: note it and go on.
    GoOn,
}

/// Owns background tasks and brings them to an orderly end.
#[derive(Clone, Debug, Default)]
pub struct Supervisor {
    stop: CancellationToken,
    running: TaskTracker,
}

impl Supervisor {
    /// Fires when everything should come to an end.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Runs `work` in the background under `name`.
    ///
    /// Work that fails or panics is noted; what follows is `on_failure`.
    pub fn spawn<E: fmt::Display + Send + 'static>(
        &self,
        name: &'static str,
        on_failure: OnFailure,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let mut guard = self.guard(name, on_failure);
        // Work that was moved into the task below would lie in it twice: as what was given, and
        // as what is awaited.
        let work = Box::pin(work);
        self.running.spawn(async move {
            let ended = work.await;
            guard.disarm();
            if let Err(error) = ended {
                tracing::error!(name, %error, "background work failed");
                fail(on_failure, &guard.stop);
            }
        });
    }

    /// Runs `work`, which cannot fail, in the background under `name`.
    pub fn run(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let mut guard = self.guard(name, OnFailure::GoOn);
        let work = Box::pin(work);
        self.running.spawn(async move {
            work.await;
            guard.disarm();
        });
    }

    fn guard(&self, name: &'static str, on_failure: OnFailure) -> OnPanic {
        OnPanic { name, on_failure, stop: self.stop.clone(), armed: true }
    }

    /// How many background tasks are running.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Asks everything to stop, and waits up to `grace`. True when all ended in time.
    pub async fn shut_down(&self, grace: Duration) -> bool {
        self.stop.cancel();
        self.running.close();
        tokio::time::timeout(grace, self.running.wait()).await.is_ok()
    }
}

/// Notices work that never reached its end.
struct OnPanic {
    name: &'static str,
    on_failure: OnFailure,
    stop: CancellationToken,
    armed: bool,
}

impl OnPanic {
    /// The work has reached its end.
    const fn disarm(&mut self) {
        self.armed = false;
    }
}

impl Drop for OnPanic {
    fn drop(&mut self) {
        if self.armed && std::thread::panicking() {
            tracing::error!(name = self.name, "background work panicked");
            fail(self.on_failure, &self.stop);
        }
    }
}

fn fail(on_failure: OnFailure, stop: &CancellationToken) {
    match on_failure {
        OnFailure::StopAll => stop.cancel(),
        OnFailure::GoOn => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_everything_depends_on_stops_everything_when_it_panics() {
        let supervisor = Supervisor::default();
        let stopping = supervisor.stopping();
        supervisor.spawn("doomed", OnFailure::StopAll, async {
            if true {
                panic!("as arranged");
            }
            Ok::<(), std::convert::Infallible>(())
        });
        stopping.cancelled().await;
        assert!(supervisor.shut_down(Duration::from_secs(1)).await);
    }

    #[tokio::test]
    async fn work_that_fails_alone_leaves_the_others_running() {
        let supervisor = Supervisor::default();
        let stopping = supervisor.stopping();
        supervisor.spawn("failing", OnFailure::GoOn, async { Err("as arranged") });
        supervisor.run("waiting", async move { stopping.cancelled().await });
        assert!(!supervisor.stopping().is_cancelled());
        assert!(supervisor.shut_down(Duration::from_secs(1)).await);
    }
}
