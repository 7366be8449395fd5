//! A command that runs, and its end.

use super::{
    handle::done,
    job::{Bound, Job},
};
use crate::sandbox::{
    port::{Confined, End, Fate, SandboxError},
    wall::Missing,
};
use std::{
    io,
    os::windows::io::{AsRawHandle as _, OwnedHandle},
    sync::Arc,
};
use windows_sys::Win32::{
    Foundation::WAIT_FAILED,
    System::Threading::{GetExitCodeProcess, INFINITE, WaitForSingleObject},
};

/// A command that runs. When it is dropped, everything in its job ends.
#[derive(Debug)]
pub(super) struct Running {
    job: Arc<Job>,
    first: Arc<OwnedHandle>,
    missing: Missing,
    ended: tokio::sync::OnceCell<End>,
}

impl Running {
    pub(super) fn new(job: Job, first: OwnedHandle, missing: Missing) -> Self {
        let (job, first) = (Arc::new(job), Arc::new(first));
        Self { job, first, missing, ended: tokio::sync::OnceCell::new() }
    }

    async fn over(&self) -> Result<End, SandboxError> {
        let (job, first) = (Arc::clone(&self.job), Arc::clone(&self.first));
        let ended = tokio::task::spawn_blocking(move || end(&job, &first)).await;
        let ended = ended.unwrap_or_else(|died| Err(io::Error::other(died)));
        ended.map_err(|source| SandboxError::Follow { source })
    }
}

/// Waits for the first process, ends whatever else is in the job, and waits until nothing is.
fn end(job: &Job, first: &OwnedHandle) -> io::Result<End> {
    // SAFETY: the handle is open.
    if unsafe { WaitForSingleObject(first.as_raw_handle(), INFINITE) } == WAIT_FAILED {
        return Err(io::Error::last_os_error());
    }
    let mut code = 0;
    // SAFETY: the handle is open, and the code is written to memory of ours.
    done(unsafe { GetExitCodeProcess(first.as_raw_handle(), &raw mut code) })?;
    job.kill();
    let fate = match job.emptied()? {
        Some(Bound::Memory) => Fate::OutOfMemory,
        Some(Bound::Processes) => Fate::TooManyProcesses,
        Some(Bound::CpuTime) => Fate::CpuTime,
        None => Fate::Exited(code.cast_signed()),
    };
    Ok(End { fate, usage: job.usage()? })
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever waits for its end may still hold the job.
        self.job.kill();
    }
}

#[async_trait::async_trait]
impl Confined for Running {
    /// A program without a window cannot be asked here: its end comes with [`Confined::kill`].
    fn terminate(&self) {}

    fn kill(&self) {
        self.job.kill();
    }

    async fn end(&self) -> Result<End, SandboxError> {
        self.ended.get_or_try_init(|| self.over()).await.copied()
    }

    fn missing(&self) -> &Missing {
        &self.missing
    }
}
