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
        let stop = self.stop.clone();
        let guard = OnPanic { name, on_failure, stop: self.stop.clone(), armed: true };
        self.running.spawn(async move {
            let mut guard = guard;
            let ended = work.await;
            guard.armed = false;
            if let Err(error) = ended {
                tracing::error!(name, %error, "background work failed");
                fail(on_failure, &stop);
            }
        });
    }

    /// Runs `work`, which cannot fail, in the background under `name`.
    pub fn run(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.spawn(name, OnFailure::GoOn, async move {
            work.await;
            Ok::<(), std::convert::Infallible>(())
        });
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
