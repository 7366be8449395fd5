//! Bounds that the kernel keeps for each process.

use crate::sandbox::grant::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many files one process may have open.
const OPEN_FILES: u64 = 4096;
/// Likewise for processor time, in seconds more: first a signal that tells why, then the end.
const LATER: u64 = 1;
/// How far above the memory of all processes that of one is cut off: those that are counted
/// together are ended before, with the reason; this is for one that grows too fast for that.
const HARD_MEMORY: u64 = 2;

/// Sets them for this process and all it starts.
/// Where the user of the command is one who has other processes, the kernel would count those,
/// too: there are no bounds on how many.
pub(super) fn set(limits: &Limits, is_others: bool) -> Result<(), String> {
    let memory = limits.memory.saturating_mul(HARD_MEMORY);
    let cpu = limits.cpu_seconds.saturating_add(LATER);
    let all = [
        (Resource::Core, 0, 0),
        (Resource::Nofile, OPEN_FILES, OPEN_FILES),
        (Resource::Data, memory, memory),
        (Resource::Fsize, limits.file_bytes, limits.file_bytes),
        (Resource::Cpu, cpu, cpu.saturating_add(LATER)),
        (Resource::Memlock, 1 << 20, 1 << 20),
        (Resource::Msgqueue, 1 << 20, 1 << 20),
    ];
    let processes = (Resource::Nproc, limits.processes, limits.processes);
    for (resource, soft, hard) in all.into_iter().chain((!is_others).then_some(processes)) {
        // What we may not raise ourselves is bounded tighter already.
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let (soft, hard) = (Some(soft.min(most)), Some(hard.min(most)));
        setrlimit(resource, Rlimit { current: soft, maximum: hard })
            .map_err(|error| format!("{resource:?}: {error}"))?;
    }
    Ok(())
}
