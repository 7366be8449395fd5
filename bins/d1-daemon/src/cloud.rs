//! The link to the cloud: dialled again whenever it breaks, without a stampede.
//!
//! Work goes on while the link is down; the cloud asks for what it missed.

use crate::enrolled::tell;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use d1_core::{
    Clock as _, DeviceLink, FromDevice, Problem, Supervisor, ToDevice, Transport, TransportError,
    WallClock,
};
use d1_executor::{Agent, CloudTerms, HeededOrders, LinkStanding, LinkState, StateDir};
use d1_protocol::websocket::Dial;
use std::time::Duration;
use tokio::time::Instant;

/// The first wait after a failure.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait between two tries.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Serves the cloud at `url`, for as long as the daemon lives.
pub(crate) fn start(
    agent: &Agent,
    (url, token): (&str, String),
    terms: CloudTerms,
    state: &StateDir,
    supervisor: &Supervisor,
) -> Result<(), TransportError> {
    let dial = Dial::new(url, Some(token), supervisor.clone())?;
    let keeper =
        Keeper { agent: agent.clone(), cloud: url.to_owned(), terms, state: state.clone() };
    let stopping = supervisor.stopping();
    supervisor.run("cloud link", async move {
        tokio::select! {
            () = keeper.keep_linked(&dial) => {}
            () = stopping.cancelled() => {}
        }
        keeper.told(LinkState::Stopped, None);
    });
    Ok(())
}

struct Keeper {
    agent: Agent,
    cloud: String,
    /// What is wanted of the orders that come.
    terms: CloudTerms,
    state: StateDir,
}

impl Keeper {
    async fn keep_linked(&self, dial: &dyn Transport<FromDevice, ToDevice>) {
        let mut waits = patience();
        loop {
            let link = self.reach(dial, &mut waits).await;
            self.told(LinkState::Linked, None);
            let began = Instant::now();
            // A journal that fails ends every conversation; the next one tells why again.
            let why = self.serve(link).await.err().map(|problem| {
                tracing::error!(%problem, "the link to the cloud was given up");
                problem.to_string()
            });
            self.told(LinkState::Unreachable, why);
            // A server that lets everybody in and then goes away is not dialled without a pause.
            if began.elapsed() >= LONGEST_WAIT {
                waits = patience();
            }
            tokio::time::sleep(waits.next().unwrap_or(LONGEST_WAIT)).await;
        }
    }

    async fn serve(&self, link: DeviceLink) -> Result<(), Problem> {
        let by = format!("the cloud {}", self.cloud);
        self.agent.serve_cloud(link, &by, self.terms.clone()).await
    }

    /// Dials until somebody answers.
    async fn reach(
        &self,
        dial: &dyn Transport<FromDevice, ToDevice>,
        waits: &mut ExponentialBackoff,
    ) -> DeviceLink {
        loop {
            match dial.connect().await {
                Ok(link) => return link,
                Err(error) => {
                    tracing::warn!(%error, "the cloud cannot be reached; trying again");
                    self.told(LinkState::Unreachable, Some(error.to_string()));
                }
            }
            tokio::time::sleep(waits.next().unwrap_or(LONGEST_WAIT)).await;
        }
    }

    fn told(&self, state: LinkState, why: Option<String>) {
        let is_signed = self.terms.guard.is_some();
        let orders = if is_signed { HeededOrders::Signed } else { HeededOrders::Any };
        let (since, cloud) = (WallClock::new().now(), Some(self.cloud.clone()));
        tell(&self.state, LinkStanding { state, since, why, cloud, orders });
    }
}

/// Waits that get longer each time, by chance up to twice as long: daemons that lost the same
/// server do not all come back at once.
pub(crate) fn patience() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_WAIT)
        .with_max_delay(LONGEST_WAIT)
        .with_jitter()
        .without_max_times()
        .build()
}
