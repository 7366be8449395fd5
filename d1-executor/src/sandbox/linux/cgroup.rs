//! A control group of its own for every command, where the machine has version 2.

use crate::sandbox::grant::Limits;
use std::{
    fs, io,
    os::fd::{AsRawFd as _, OwnedFd, RawFd},
    path::{Path, PathBuf},
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
};

/// How the names of our groups begin; the number of their process follows.
const PREFIX: &str = "d1-";

/// A group, gone when this is dropped.
#[derive(Debug)]
pub(super) struct Group {
    path: PathBuf,
    handle: OwnedFd,
}

impl Group {
    /// Makes a group below the one we are in.
    pub(super) fn make() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        static SWEPT: Once = Once::new();
        let parent = ours()?;
        SWEPT.call_once(|| sweep(&parent));
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
        fs::create_dir(&path)?;
        match fs::File::open(&path) {
            Ok(handle) => Ok(Self { path, handle: handle.into() }),
            Err(error) => {
                let _empty = fs::remove_dir(&path);
                Err(error)
            }
        }
    }

    /// Sets those limits that it can hold.
    pub(super) fn limit(&self, limits: &Limits) -> io::Result<()> {
        let holds = fs::read_to_string(self.path.join("cgroup.controllers"))?;
        let set = |file: &str, value: String| fs::write(self.path.join(file), value);
        if holds.split_whitespace().any(|controller| controller == "memory") {
            set("memory.max", limits.memory.to_string())?;
            set("memory.oom.group", "1".into())?;
        }
        if holds.split_whitespace().any(|controller| controller == "pids") {
            set("pids.max", limits.processes.to_string())?;
        }
        Ok(())
    }

    pub(super) fn handle(&self) -> RawFd {
        self.handle.as_raw_fd()
    }

    /// Whether the kernel ended processes of it because there was no more memory for them.
    pub(super) fn was_out_of_memory(&self) -> bool {
        let events = fs::read_to_string(self.path.join("memory.events")).unwrap_or_default();
        events
            .lines()
            .any(|line| line.strip_prefix("oom_kill ").is_some_and(|count| count.trim() != "0"))
    }

    /// Whether this process is in it.
    pub(super) fn has(&self, pid: i32) -> bool {
        let members = fs::read_to_string(self.path.join("cgroup.procs")).unwrap_or_default();
        members.lines().any(|line| line == pid.to_string())
    }

    /// Ends everything in it at once.
    pub(super) fn kill(&self) {
        // Kernels before 5.14 have no such file; the namespace ends its processes there.
        let _older_kernel = fs::write(self.path.join("cgroup.kill"), "1");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _gone = fs::remove_dir(&self.path);
    }
}

/// Takes away what processes left that were killed: their groups are empty, and one of our own
/// number would be in our way. A group that is not empty cannot be taken away.
fn sweep(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        if name.to_str().and_then(owner).is_some_and(is_gone) {
            let _still_in_use = fs::remove_dir(entry.path());
        }
    }
}

/// The process that made the group of this name, if one of us did.
fn owner(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok()
}

/// Whether a process that made groups is gone. This one has made none yet.
fn is_gone(owner: u32) -> bool {
    owner == std::process::id() || !Path::new("/proc").join(owner.to_string()).exists()
}

/// The folder of the group we are in.
fn ours() -> io::Result<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let mount = mounts.lines().find_map(version_2);
    let groups = fs::read_to_string("/proc/self/cgroup")?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    match (mount, own) {
        (Some(mount), Some(own)) => Ok(Path::new(mount).join(own)),
        (None, _) | (_, None) => {
            Err(io::Error::other("control groups of version 2 are not mounted"))
        }
    }
}

/// Where this line of `mountinfo` mounts them (`proc_pid_mountinfo(5)`).
fn version_2(line: &str) -> Option<&str> {
    let (before, after) = line.split_once(" - ")?;
    after.starts_with("cgroup2 ").then(|| before.split(' ').nth(4))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_processes_left_is_swept_and_what_others_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let (ours, others) = (std::process::id(), std::os::unix::process::parent_id());
        // No process has this number: it is more than Linux gives.
        let left = [format!("d1-{}-0", 1 << 23), format!("d1-{ours}-7")];
        let kept = [format!("d1-{others}-0"), "d1-else".into(), "user.slice".into()];
        for name in left.iter().chain(&kept) {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        sweep(parent.path());
        assert!(left.iter().all(|name| !parent.path().join(name).exists()));
        assert!(kept.iter().all(|name| parent.path().join(name).exists()));
    }

    #[test]
    fn the_mount_of_version_2_is_found_beside_those_of_version_1() {
        let one =
            "40 31 0:34 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory";
        let two = "41 31 0:35 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";
        assert_eq!(version_2(one), None);
        assert_eq!(version_2(two), Some("/sys/fs/cgroup/unified"));
        assert_eq!(version_2("nonsense"), None);
    }
}
