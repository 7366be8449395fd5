//! The first words on a new link.
//!
//! 1. The device says Hello within [`HELLO_WITHIN`], or the link is dropped.
//! 2. When no version of the protocol is common, it is told which are spoken here, and how
//!    to get there.
//! 3. When it is not admitted, it is told why not.
//! 4. Otherwise it is welcomed with the newest version that both speak.

use super::HubError;
use d1_core::{
    Category, DeviceId, FromDevice, Hello, OrchestratorLink, PROTOCOL, Problem, Timestamp,
    ToDevice, Welcome,
};
use std::{future::Future, time::Duration};

/// How long a new link may take to say Hello.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// How long a new link may take to hear the first word.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);

/// Exchanges the first words; tells the device's, and which protocol is spoken from now on.
pub(super) async fn greet<A: Future<Output = Result<(), Problem>> + Send>(
    link: &mut OrchestratorLink,
    now: Timestamp,
    admit: impl FnOnce(DeviceId) -> A + Send,
) -> Result<(Hello, u32), HubError> {
    let first = tokio::time::timeout(HELLO_WITHIN, link.rx.recv()).await;
    let hello = match first {
        Ok(Some(FromDevice::Hello(hello))) => *hello,
        // A device that cannot even describe itself says why.
        Ok(Some(FromDevice::Error(problem))) => return Err(HubError::Refused(Box::new(problem))),
        Ok(Some(_) | None) | Err(_) => return Err(HubError::NoHello),
    };
    let Some(protocol) = common(&hello) else {
        let problem = upgrade_required(&hello);
        say(link, ToDevice::Error(problem.clone())).await;
        return Err(HubError::UpgradeRequired(Box::new(problem)));
    };
    if let Err(problem) = admit(hello.device).await {
        say(link, ToDevice::Error(problem.clone())).await;
        return Err(HubError::Refused(Box::new(problem)));
    }
    let version = env!("CARGO_PKG_VERSION").to_owned();
    if say(link, ToDevice::Welcome(Welcome { protocol, version, server_time: now })).await {
        Ok((hello, protocol))
    } else {
        Err(HubError::Offline(hello.device))
    }
}

/// Says something, unless the other end is gone or stuck.
async fn say(link: &OrchestratorLink, message: ToDevice) -> bool {
    link.tx.send_timeout(message, WELCOME_WITHIN).await.is_ok()
}

/// The newest protocol that both sides speak.
fn common(hello: &Hello) -> Option<u32> {
    let newest = hello.protocol_max.min(*PROTOCOL.end());
    let oldest = hello.protocol_min.max(*PROTOCOL.start());
    (oldest <= newest).then_some(newest)
}

fn upgrade_required(hello: &Hello) -> Problem {
    let (min, max) = (PROTOCOL.start(), PROTOCOL.end());
    let (theirs_min, theirs_max) = (hello.protocol_min, hello.protocol_max);
    let how = if theirs_max < *min {
        "upgrade the daemon of this device, then start it again"
    } else {
        "upgrade the orchestrator, or use a daemon of its version"
    };
    let title = "UPGRADE_REQUIRED: the device and its orchestrator speak different protocols";
    Problem::new("D1-DEVICE-008", Category::Daemon, title)
        .because(format!(
            "min={min} max={max} are spoken here; the device (version {}) speaks {theirs_min} \
             to {theirs_max}",
            hello.version
        ))
        .leaving("nothing was changed")
        .next(how)
}
