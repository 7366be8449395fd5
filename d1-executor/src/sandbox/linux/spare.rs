//! One first process that is made ahead, so that the next command need not wait for it.
//!
//! 1. It is made when a command has ended, somewhere else than in the way of anybody.
//! 2. It is used once. Who comes while it is being made waits for it; who comes while there is
//!    none makes one.
//! 3. When a command had the shape of the one before it, the walls for a third are put up.
//! 4. It ends with us.

use super::{order::Mode, ready::Ready, shape::Shape};
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// The one that is ready, if there is one.
#[derive(Debug, Default)]
pub(super) struct Spare {
    shelf: Mutex<Shelf>,
    changed: Condvar,
    /// That of the last command.
    last: Mutex<Option<Shape>>,
}

#[derive(Debug, Default)]
enum Shelf {
    #[default]
    Empty,
    BeingMade,
    Ready(Box<Ready>),
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
            Shelf::Ready(ready) => Some(*ready),
            Shelf::Empty | Shelf::BeingMade | Shelf::Closed => None,
        }
    }

    /// Takes note of the shape of a command; gives it back when the one before had it, too.
    pub(super) fn note(&self, shape: Option<Shape>) -> Option<Shape> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *last, shape);
        last.clone().filter(|shape| before.as_ref() == Some(shape))
    }

    /// Has one made, unless there is one.
    fn make(self: &Arc<Self>, mode: Mode, shape: Option<Shape>) {
        let mut shelf = self.shelf();
        if !matches!(*shelf, Shelf::Empty) {
            return;
        }
        *shelf = Shelf::BeingMade;
        let made = Made(Arc::clone(self));
        drop(shelf);
        // A thread of its own: who waits for it may hold the last one that a runtime has. Why it
        // cannot be made is told to the command that needs one.
        let make = move || {
            let mut ready = Ready::make(mode, false).ok();
            if let (Some(ready), Some(shape)) = (&mut ready, shape) {
                let _without_walls = ready.put_up(shape, mode);
            }
            made.is(ready);
        };
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
        *self.0.shelf() = ready.map_or(Shelf::Empty, |ready| Shelf::Ready(Box::new(ready)));
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
pub(super) struct Successor {
    pub(super) spare: Arc<Spare>,
    pub(super) mode: Mode,
    /// The walls that it is to have already.
    pub(super) shape: Option<Shape>,
}

impl Drop for Successor {
    fn drop(&mut self) {
        self.spare.make(self.mode, self.shape.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Fence, run_confined,
        sandbox::{
            Access, Grant, LinuxConfig, LinuxSandbox, Profile, SandboxBackend, Surroundings, Touch,
        },
    };
    use d1_core::{Argv, Stop};
    use rustix::{
        event::{PollFd, PollFlags, poll},
        mount::{MountFlags, UnmountFlags, mount, unmount},
        process::{Signal, pidfd_send_signal},
    };
    use std::{
        fs,
        path::{Path, PathBuf},
        time::Duration,
    };
    use tokio::sync::mpsc;

    const PATIENCE: Duration = Duration::from_secs(120);

    fn sandbox() -> Arc<LinuxSandbox> {
        let around = Surroundings::of("/root");
        Arc::new(LinuxSandbox::new(LinuxConfig { around, allow_bare: false, ahead: true }))
    }

    /// The network namespace that a command finds itself in.
    async fn network_of_a_command(sandbox: &Arc<LinuxSandbox>) -> String {
        told_by(sandbox, Grant::new(Profile::Diagnose, readlink("net"))).await
    }

    fn readlink(namespace: &str) -> Argv {
        Argv::new(["/usr/bin/readlink", &format!("/proc/self/ns/{namespace}")]).unwrap()
    }

    async fn told_by(sandbox: &Arc<LinuxSandbox>, grant: Grant) -> String {
        let sandbox: Arc<dyn SandboxBackend> = Arc::clone(sandbox) as _;
        // Whoever listens and does not hear holds the command up.
        let (to, _) = mpsc::channel(16);
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

    /// Has commands run that are alike, until the walls for the next are up; tells by whom, in
    /// which namespaces of network and mounts. Whoever mounts something meanwhile ends it.
    async fn walls_ahead(sandbox: &Arc<LinuxSandbox>) -> (i32, String, String) {
        loop {
            network_of_a_command(sandbox).await;
            let pid = ready(sandbox).await;
            let of = |name| fs::read_link(format!("/proc/{pid}/ns/{name}"));
            while of("mnt").ok() == own_mounts() && has_walls(sandbox) {
                tokio::task::yield_now().await;
            }
            if let (Ok(network), Ok(mounts)) = (of("net"), of("mnt"))
                && Some(&mounts) != own_mounts().as_ref()
            {
                let text = |path: PathBuf| path.display().to_string();
                return (pid, text(network), text(mounts));
            }
        }
    }

    fn has_walls(sandbox: &LinuxSandbox) -> bool {
        matches!(&*sandbox.spare.shelf(), Shelf::Ready(ready) if ready.has_walls())
    }

    fn own_mounts() -> Option<PathBuf> {
        fs::read_link("/proc/self/ns/mnt").ok()
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
        *sandbox.spare.shelf() = Shelf::Ready(Box::new(dead));
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
    /// Which walls it is behind, after the namespace of its mounts.
    const PROBE: &str = "readlink /proc/self/ns/mnt; \
        grep -E '^(Cap|NoNewPrivs|Seccomp)' /proc/self/status; ulimit -a; ls -la / /dev | wc -l; \
        cut -d' ' -f4- /proc/self/mountinfo | sort; tail -n1 /etc/passwd | cut -d: -f7; \
        for place in /usr /etc /proc/1 /dev/full; do touch $place/x; done 2>&1";

    #[tokio::test]
    async fn one_of_many_alike_finds_walls_up_and_they_are_those_of_the_others() {
        let sandbox = sandbox();
        let probe = || Grant::new(Profile::Diagnose, Argv::new(["/bin/sh", "-c", PROBE]).unwrap());
        let first = told_by(&sandbox, probe()).await;
        let found = async {
            loop {
                let (_, _, mounts) = walls_ahead(&sandbox).await;
                let told = told_by(&sandbox, probe()).await;
                if told.starts_with(&mounts) {
                    return told;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await.expect("nobody ever had them");
        let walls = |told: &str| told.split_once('\n').map(|(_, walls)| walls.to_owned()).unwrap();
        assert_eq!(walls(&found), walls(&first));
        assert!(first.contains("Seccomp:\t2") && first.contains("Read-only"), "{first}");
    }

    #[tokio::test]
    async fn one_that_is_to_see_more_does_not_have_the_walls_of_others() {
        let sandbox = sandbox();
        let (_, walls, _) = walls_ahead(&sandbox).await;
        let folder = tempfile::tempdir_in("/srv").unwrap();
        fs::write(folder.path().join("word"), "seen").unwrap();
        let path = folder.path().to_str().unwrap();
        let argv =
            Argv::new(["/bin/sh", "-c", &format!("cat {path}/word; readlink /proc/self/ns/net")]);
        let mut grant = Grant::new(Profile::Diagnose, argv.unwrap());
        grant.touches.push(Touch { path: folder.path().to_owned(), access: Access::Read });
        let told = told_by(&sandbox, grant).await;
        assert!(told.starts_with("seen") && !told.contains(&walls), "{told}");
    }

    #[tokio::test]
    async fn walls_do_not_outlast_the_mounts_they_were_made_of() {
        let sandbox = sandbox();
        let (walls, network, _) = walls_ahead(&sandbox).await;
        let folder = tempfile::tempdir_in("/opt").unwrap();
        mount("tmpfs", folder.path(), "tmpfs", MountFlags::empty(), None).unwrap();
        // Nobody needs to come for it: it would keep alive what is unmounted meanwhile.
        let gone = async {
            while !matches!(reapable(walls), Some(true) | None) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("it stayed");
        let argv = Argv::new(["/bin/sh", "-c", "readlink /proc/self/ns/net; cat /proc/mounts"]);
        let told = told_by(&sandbox, Grant::new(Profile::Diagnose, argv.unwrap())).await;
        unmount(folder.path(), UnmountFlags::DETACH).unwrap();
        assert!(!told.contains(&network), "{told}");
        assert!(told.contains(folder.path().to_str().unwrap()), "{told}");
    }

    /// Whether it has ended and only its number is left; nothing when not even that.
    fn reapable(pid: i32) -> Option<bool> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(stat.contains(") Z "))
    }
}
