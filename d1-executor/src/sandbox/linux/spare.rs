//! One first process that is made ahead, so that the next command need not wait for it.
//!
//! 1. It is made when a command has ended, somewhere else than in the way of anybody.
//! 2. It is used once. Who comes while it is being made waits for it; who comes while there is
//!    none makes one.
//! 3. It ends with us.

use super::{order::Mode, ready::Ready};
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// The one that is ready, if there is one.
#[derive(Debug, Default)]
pub(super) struct Spare {
    shelf: Mutex<Shelf>,
    changed: Condvar,
}

#[derive(Debug, Default)]
enum Shelf {
    #[default]
    Empty,
    BeingMade,
    Ready(Ready),
    /// Whoever it was for is gone.
    Closed,
}

impl Spare {
    /// Takes it, as soon as it is made; none when nobody makes one.
    pub(super) fn take(&self) -> Option<Ready> {
        self.leave(Shelf::Empty)
    }

    /// Ends it; no other is made after.
    pub(super) fn close(&self) {
        drop(self.leave(Shelf::Closed));
    }

    fn leave(&self, next: Shelf) -> Option<Ready> {
        let making = |shelf: &mut Shelf| matches!(shelf, Shelf::BeingMade);
        let shelf = self.changed.wait_while(self.shelf(), making);
        let mut shelf = shelf.unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *shelf, next) {
            Shelf::Ready(ready) => Some(ready),
            Shelf::Empty | Shelf::BeingMade | Shelf::Closed => None,
        }
    }

    /// Has one made, unless there is one.
    fn make(self: &Arc<Self>, mode: Mode) {
        let mut shelf = self.shelf();
        if !matches!(*shelf, Shelf::Empty) {
            return;
        }
        *shelf = Shelf::BeingMade;
        let made = Made(Arc::clone(self));
        drop(shelf);
        // A thread of its own: who waits for it may hold the last one that a runtime has. Why it
        // cannot be made is told to the command that needs one.
        let make = move || made.is(Ready::make(mode, false).ok());
        let _no_thread = thread::Builder::new().name("d1-spare".into()).spawn(make);
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody is owed the one that is being made, and hears it when there will be none.
struct Made(Arc<Spare>);

impl Made {
    fn is(self, ready: Option<Ready>) {
        *self.0.shelf() = ready.map_or(Shelf::Empty, Shelf::Ready);
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let mut shelf = self.0.shelf();
        if matches!(*shelf, Shelf::BeingMade) {
            *shelf = Shelf::Empty;
        }
        drop(shelf);
        self.0.changed.notify_all();
    }
}

/// Held by a command that runs: when it has ended, the next first process is made.
#[derive(Debug)]
pub(super) struct Successor(pub(super) Arc<Spare>, pub(super) Mode);

impl Drop for Successor {
    fn drop(&mut self) {
        self.0.make(self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Fence, run_confined,
        sandbox::{Grant, LinuxConfig, LinuxSandbox, Profile, SandboxBackend, Surroundings},
    };
    use d1_core::{Argv, Stop};
    use rustix::{
        event::{PollFd, PollFlags, poll},
        process::{Signal, pidfd_send_signal},
    };
    use std::{fs, path::Path, time::Duration};
    use tokio::sync::mpsc;

    const PATIENCE: Duration = Duration::from_secs(120);

    fn sandbox() -> Arc<LinuxSandbox> {
        let around = Surroundings::of("/root");
        Arc::new(LinuxSandbox::new(LinuxConfig { around, allow_bare: false, ahead: true }))
    }

    /// The network namespace that a command finds itself in.
    async fn network_of_a_command(sandbox: &Arc<LinuxSandbox>) -> String {
        let sandbox: Arc<dyn SandboxBackend> = Arc::clone(sandbox) as _;
        let argv = Argv::new(["/usr/bin/readlink", "/proc/self/ns/net"]).unwrap();
        let grant = Grant::new(Profile::Diagnose, argv);
        let (to, _listener) = mpsc::channel(16);
        let (fence, stop) = (Fence::within(PATIENCE), Stop::new());
        let ended = run_confined(&sandbox, &grant, fence, &to, &stop);
        ended.await.unwrap().report.stdout.trim().to_owned()
    }

    /// The number of the one that is ready, as soon as one is.
    async fn ready(sandbox: &LinuxSandbox) -> i32 {
        let ready = async {
            loop {
                if let Shelf::Ready(ready) = &*sandbox.spare.shelf() {
                    return ready.root.pid;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("none was made ahead")
    }

    fn network_of(pid: i32) -> String {
        fs::read_link(format!("/proc/{pid}/ns/net")).unwrap().display().to_string()
    }

    #[tokio::test]
    async fn a_command_has_the_one_that_was_made_ahead_and_each_is_used_once() {
        let sandbox = sandbox();
        let first = network_of_a_command(&sandbox).await;
        let made = ready(&sandbox).await;
        let expected = network_of(made);
        let second = network_of_a_command(&sandbox).await;
        assert_eq!(second, expected);
        assert_ne!(first, second);
        assert_ne!(ready(&sandbox).await, made);
    }

    #[tokio::test]
    async fn one_that_was_ended_while_it_waited_is_not_missed() {
        let sandbox = sandbox();
        network_of_a_command(&sandbox).await;
        ready(&sandbox).await;
        let dead = sandbox.spare.take().unwrap();
        let handle = dead.root.handle.as_ref().unwrap();
        pidfd_send_signal(handle, Signal::KILL).unwrap();
        poll(&mut [PollFd::new(handle, PollFlags::IN)], None).unwrap();
        *sandbox.spare.shelf() = Shelf::Ready(dead);
        assert!(network_of_a_command(&sandbox).await.starts_with("net:"));
    }

    #[tokio::test]
    async fn it_ends_with_whoever_it_was_made_for() {
        let sandbox = sandbox();
        network_of_a_command(&sandbox).await;
        let pid = ready(&sandbox).await;
        let path = format!("/proc/{pid}");
        assert!(Path::new(&path).exists());
        drop(sandbox);
        let gone = async {
            while Path::new(&path).exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("it outlived its maker");
    }

    #[tokio::test]
    async fn what_was_mounted_while_it_waited_is_seen() {
        let sandbox = sandbox();
        network_of_a_command(&sandbox).await;
        let waits = format!("/proc/{}/ns/mnt", ready(&sandbox).await);
        // As long as it waits, it is among our own mounts.
        assert_eq!(fs::read_link(waits).unwrap(), fs::read_link("/proc/self/ns/mnt").unwrap());
    }
}
