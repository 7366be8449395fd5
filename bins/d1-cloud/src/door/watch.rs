//! Closes the links of devices that are shut out, wherever somebody did so, and of those whose
//! certificate is over. When that cannot be known for long, all of them are closed.

use crate::compose::App;
use d1_core::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked who is shut out.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// How far back is looked: by more than the clocks of servers differ, and a device that was
/// being let in while it was shut out is seen at the next look.
const BACK: Duration = Duration::from_secs(10 * 60);
/// For how long devices stay linked while nobody knows who is shut out. What runs on them goes
/// on without a link; they come back once it is known again.
const TRUSTED_FOR: Duration = Duration::from_secs(5 * 60);

/// Looks for ever.
pub(super) async fn watch(app: App) {
    // What was shut out before this server began is let in by nobody.
    let mut since = back(app.clock.now());
    let mut sight = Sight::new();
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
                sight = Sight::new();
            }
            // Nobody new is let in meanwhile, either: whoever links is looked up in the same place.
            Err(error) => {
                tracing::warn!(%error, "it is not known who is shut out");
                if sight.is_too_old() {
                    for (device, _) in app.certified.list() {
                        tracing::warn!(%device, "nobody knows whether it is shut out: its link is closed");
                        hub.shut_out(device);
                    }
                }
            }
        }
    }
}

/// When it was last known who is shut out.
#[derive(Clone, Copy, Debug)]
struct Sight(Instant);

impl Sight {
    fn new() -> Self {
        Self(Instant::now())
    }

    /// Whether it was so long ago that no link can be trusted by it.
    fn is_too_old(self) -> bool {
        self.0.elapsed() > TRUSTED_FOR
    }
}

fn back(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(u64::try_from(BACK.as_millis()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_shut_out_is_not_unknown_for_longer_than_links_are_trusted() {
        let sight = Sight::new();
        tokio::time::advance(TRUSTED_FOR).await;
        assert!(!sight.is_too_old());
        tokio::time::advance(LOOK).await;
        assert!(sight.is_too_old());
        assert!(!Sight::new().is_too_old());
    }
}
