//! Bounds that the kernel keeps for each process.

use crate::sandbox::grant::Limits;
use rustix::process::{Resource, Rlimit, setrlimit};

/// How many files one process may have open.
const OPEN_FILES: u64 = 4096;
/// How far above the memory of all processes that of one is cut off: those that are counted
/// together are ended before, with the reason; this is for one that grows too fast for that.
const HARD_MEMORY: u64 = 2;

/// Sets them for this process and all it starts.
pub(super) fn set(limits: &Limits) -> Result<(), String> {
    let all = [
        (Resource::Core, 0),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Nproc, limits.processes),
        (Resource::Data, limits.memory.saturating_mul(HARD_MEMORY)),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Memlock, 1 << 20),
        (Resource::Msgqueue, 1 << 20),
    ];
    for (resource, most) in all {
        // What we may not raise ourselves is bounded tighter already.
        let hard = rustix::process::getrlimit(resource).maximum;
        let most = hard.map_or(most, |hard| hard.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|error| format!("{resource:?}: {error}"))?;
    }
    Ok(())
}
