//! The sandbox of the system this program runs on.

#[cfg(unix)]
use super::egress::Standing;
use super::{
    places::Surroundings,
    port::{SandboxBackend, SandboxError},
};
use std::sync::Arc;

/// The sandbox of this system, in which every essential wall is up or nothing runs.
///
/// # Errors
/// [`SandboxError::NoBackend`] on a system that none is made for. Whether the machine lets it
/// put up its walls is only seen when it is asked for them.
pub fn this_sandbox(around: Surroundings) -> Result<Arc<dyn SandboxBackend>, SandboxError> {
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    {
        let config = super::linux::LinuxConfig { around, allow_bare: false, ahead: false };
        Ok(Arc::new(super::linux::LinuxSandbox::new(config).with_outside(outside())))
    }
    #[cfg(target_os = "macos")]
    {
        Ok(Arc::new(super::seatbelt::SeatbeltSandbox::new(around)))
    }
    #[cfg(windows)]
    {
        let _its_user_has_no_other = around;
        Ok(Arc::new(super::windows::WindowsSandbox))
    }
    #[cfg(not(any(
        all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"),
        target_os = "macos",
        windows
    )))]
    {
        let _nothing_around_it = around;
        Err(SandboxError::NoBackend)
    }
}

/// What is outside, as the owner has set it up for us: with the proxy of our own environment.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
fn outside() -> super::Outside {
    super::Outside::new().with_proxies_of(&|name| std::env::var(name).ok())
}

/// The sandbox for the steps of plans, none on a system that none is made for.
///
/// Unlike [`this_sandbox`] it starts a step that is content with best effort even where this
/// machine has no namespaces for us; any other step is refused there. The `owner` may think again
/// while a step runs.
#[cfg(unix)]
pub(crate) fn sandbox_of_steps(
    around: Surroundings,
    owner: Arc<dyn Standing>,
) -> Option<Arc<dyn SandboxBackend>> {
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    {
        let config = super::linux::LinuxConfig { around, allow_bare: true, ahead: true };
        let outside = outside().with_owner(owner);
        Some(Arc::new(super::linux::LinuxSandbox::new(config).with_outside(outside)))
    }
    #[cfg(target_os = "macos")]
    {
        let _nothing_is_called = owner;
        Some(Arc::new(super::seatbelt::SeatbeltSandbox::new(around)))
    }
    #[cfg(not(any(
        all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"),
        target_os = "macos"
    )))]
    {
        let _nothing_around_it = (around, owner);
        None
    }
}
