//! A command that runs, and how it ends.

use super::{
    cgroup::Group,
    launch::Launched,
    order::{Finish, How},
    root::Root,
    services,
    spare::Successor,
    trouble::silent,
    words::Words,
};
use crate::{
    process,
    sandbox::{
        Gate,
        port::{Confined, End, Fate, SandboxError, Waiting},
        wall::Missing,
        watch,
    },
};
use d1_core::{NetworkUse, Usage};
use rustix::process::{Signal, pidfd_send_signal};
use std::os::fd::OwnedFd;
use tokio::io::unix::AsyncFd;

/// A command that runs.
#[derive(Debug)]
pub(super) struct Running {
    /// Readable when the first process has ended; declared before `root`, which reaps it.
    handle: AsyncFd<OwnedFd>,
    root: Root,
    words: Words,
    pub(super) missing: Missing,
    mark: String,
    walled: bool,
    /// Serves its network; closed when it has ended.
    gate: std::sync::Mutex<Option<Gate>>,
    ended: tokio::sync::OnceCell<End>,
    /// Declared after what it comes after.
    pub(super) successor: Option<Successor>,
}

impl Running {
    pub(super) fn new(
        launched: Launched,
        missing: Missing,
        walled: bool,
        mark: String,
        gate: Option<Gate>,
    ) -> Result<Self, SandboxError> {
        let Launched { root, words, .. } = launched;
        let follow = |source| SandboxError::Follow { source };
        let handle = root.handle.as_ref().map(OwnedFd::try_clone).transpose().map_err(follow)?;
        let handle = handle.ok_or_else(silent)?;
        rustix::io::ioctl_fionbio(&handle, true).unwrap_or_default();
        let handle = watch(handle).map_err(follow)?;
        let words = Words::after(words).map_err(follow)?;
        let (gate, ended) = (std::sync::Mutex::new(gate), tokio::sync::OnceCell::new());
        Ok(Self { handle, root, words, missing, mark, walled, gate, ended, successor: None })
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Option<Gate>> {
        self.gate.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Waits for the end of everything, once.
    async fn over(&self) -> Result<End, SandboxError> {
        let follow = |source| SandboxError::Follow { source };
        self.handle.readable().await.map_err(follow)?.retain_ready();
        if !self.walled {
            // Nobody else ends what the command left behind. What is found is reaped, too; who has
            // taken its mark off is ended by the group, where there is one.
            process::kill_tree(self.root.pid, &self.mark).await;
            self.kill();
        }
        if let Some(gate) = &mut *self.gate() {
            gate.close();
        }
        if self.root.outlives {
            services::tidy();
        }
        let finish = self.words.finish();
        let starved = self.root.group.as_ref().is_some_and(Group::was_out_of_memory);
        Ok(end(finish, starved))
    }
}

fn end(finish: Option<Finish>, starved: bool) -> End {
    let Some(finish) = finish else {
        let fate = if starved { Fate::OutOfMemory } else { Fate::Killed };
        return End { fate, usage: Usage::default() };
    };
    let fate = match finish.how {
        How::OutOfMemory => Fate::OutOfMemory,
        How::TooManyProcesses => Fate::TooManyProcesses,
        How::CpuTime | How::Signalled(libc::SIGXCPU) => Fate::CpuTime,
        How::DiskFull => Fate::DiskFull,
        How::Signalled(libc::SIGXFSZ) => Fate::FileSize,
        How::Signalled(libc::SIGKILL) if starved => Fate::OutOfMemory,
        How::Exited(code) => Fate::Exited(code),
        How::Signalled(signal) => Fate::Signalled(signal),
    };
    let usage = Usage {
        user_micros: finish.user_micros,
        system_micros: finish.system_micros,
        max_rss_bytes: finish.max_rss_bytes,
        ..Usage::default()
    };
    End { fate, usage }
}

#[async_trait::async_trait]
impl Confined for Running {
    fn terminate(&self) {
        if let Some(life) = &self.root.life {
            let _gone = rustix::io::write(life, b"t");
        }
    }

    fn kill(&self) {
        if let Some(handle) = &self.root.handle {
            let _gone = pidfd_send_signal(handle, Signal::KILL);
        }
        if let Some(group) = &self.root.group {
            group.kill();
        }
    }

    async fn waiting(&self) -> Waiting {
        self.words.waiting().await
    }

    async fn end(&self) -> Result<End, SandboxError> {
        self.ended.get_or_try_init(|| self.over()).await.copied()
    }

    fn missing(&self) -> &Missing {
        &self.missing
    }

    fn network(&self) -> NetworkUse {
        self.gate().as_ref().map(Gate::so_far).unwrap_or_default()
    }
}
