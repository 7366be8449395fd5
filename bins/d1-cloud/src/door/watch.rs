//! Closes the links of devices that are shut out, wherever somebody did so, and of those whose
//! certificate is over.

use crate::compose::App;
use d1_core::Timestamp;
use std::time::Duration;

/// How often it is looked who is shut out.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// How far back is looked: by more than the clocks of servers differ, and a device that was
/// being let in while it was shut out is seen at the next look.
const BACK: Duration = Duration::from_secs(10 * 60);

/// Looks for ever.
pub(super) async fn watch(app: App) {
    // What was shut out before this server began is let in by nobody.
    let mut since = back(app.clock.now());
    loop {
        tokio::time::sleep(LOOK).await;
        let now = app.clock.now();
        let hub = app.engine.hub();
        for (device, ends) in app.certified.list() {
            if !hub.is_connected(device) {
                app.certified.forget(device);
            } else if now >= ends {
                tracing::info!(%device, "the certificate of a device is over");
                hub.shut_out(device);
            }
        }
        match app.enrolments.shut_out(since).await {
            Ok(devices) => {
                for device in devices.into_iter().filter(|device| app.certified.has(*device)) {
                    tracing::warn!(%device, "a device is shut out, and its link is closed");
                    hub.shut_out(device);
                }
                since = back(now);
            }
            // Nobody new is let in meanwhile, either: whoever links is looked up in the same place.
            Err(error) => tracing::warn!(%error, "it is not known who is shut out"),
        }
    }
}

fn back(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(u64::try_from(BACK.as_millis()).unwrap_or(u64::MAX)))
}
