//! Keeps the link to the machine while a setup runs.
//!
//! 1. A daemon that goes away, as it does when it is upgraded, is dialled again for a while.
//! 2. One that does not come back in time is gone for good, and so is an agent in this
//!    process that gave up: then nobody waits for news any longer.

use backon::{BackoffBuilder as _, ConstantBuilder};
use d1_core::{DeviceId, Transport as _};
use d1_orchestrator::{DeviceNews, Hub};
use d1_protocol::unix;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two tries to reach a daemon that went away.
const TRY_EVERY: Duration = Duration::from_millis(200);
/// How many tries it gets: ten seconds' worth.
const TRIES: usize = 50;

/// Stays until the device is gone for good, and says so by `gone`.
///
/// `dial` makes a new link to the same device, where that can be.
pub(crate) async fn keep(
    hub: Hub,
    device: DeviceId,
    dial: Option<unix::Dial>,
    gone: CancellationToken,
) {
    let mut news = hub.watch(device, [].into());
    while let Some(news) = news.next().await {
        if !matches!(news, DeviceNews::Down) {
            continue;
        }
        let back = match &dial {
            Some(dial) => reach(&hub, device, dial).await,
            None => false,
        };
        if !back {
            break;
        }
    }
    gone.cancel();
}

async fn reach(hub: &Hub, device: DeviceId, dial: &unix::Dial) -> bool {
    for wait in ConstantBuilder::default().with_delay(TRY_EVERY).with_max_times(TRIES).build() {
        tokio::time::sleep(wait).await;
        let Ok(link) = dial.connect().await else { continue };
        if hub.attach(link).await.is_ok_and(|attached| attached == device) {
            return true;
        }
    }
    false
}
