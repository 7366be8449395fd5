//! The link to the cloud: dialled again whenever it breaks, without a stampede.
//!
//! Work goes on while the link is down; the cloud asks for what it missed.

use crate::compose::StartError;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use d1_core::{FromDevice, Supervisor, ToDevice, Transport, TransportError};
use d1_executor::Agent;
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
    url: &str,
    token: String,
    supervisor: &Supervisor,
) -> Result<(), StartError> {
    let dial = Dial::new(url, Some(token), supervisor.clone())?;
    let by = format!("the cloud {url}");
    let (agent, stopping) = (agent.clone(), supervisor.stopping());
    supervisor.run("cloud link", async move {
        tokio::select! {
            () = keep_linked(&agent, &dial, &by) => {}
            () = stopping.cancelled() => {}
        }
    });
    Ok(())
}

async fn keep_linked(agent: &Agent, dial: &dyn Transport<FromDevice, ToDevice>, by: &str) {
    let mut waits = patience();
    loop {
        let link = reach(dial, &mut waits).await;
        let began = Instant::now();
        // A journal that fails ends every conversation; the next one tells why again.
        if let Err(problem) = agent.serve(link, by).await {
            tracing::error!(%problem, "the link to the cloud was given up");
        }
        // A server that lets everybody in and then goes away is not dialled without a pause.
        if began.elapsed() >= LONGEST_WAIT {
            waits = patience();
        }
        tokio::time::sleep(waits.next().unwrap_or(LONGEST_WAIT)).await;
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

/// Dials until somebody answers.
async fn reach(
    dial: &dyn Transport<FromDevice, ToDevice>,
    waits: &mut ExponentialBackoff,
) -> d1_core::DeviceLink {
    loop {
        match dial.connect().await {
            Ok(link) => return link,
            Err(error) => tell(&error),
        }
        tokio::time::sleep(waits.next().unwrap_or(LONGEST_WAIT)).await;
    }
}

fn tell(error: &TransportError) {
    tracing::warn!(%error, "the cloud cannot be reached; trying again");
}
