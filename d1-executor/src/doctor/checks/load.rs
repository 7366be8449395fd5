//! How busy the machine is, and what it ran out of.

use super::super::{check::Found, sight::Sight};
use crate::facts::is_container;
use std::time::Duration;

/// More waiting programs than this for each processor, for a quarter of an hour.
const MUCH_LOAD: f64 = 8.0;
/// What happened longer ago than this is no news.
const NEWS: Duration = Duration::from_secs(7 * 24 * 3600);
/// This share of all processes there can be, in percent.
const NEARLY_ALL: u64 = 90;

/// proc_loadavg(5): three averages, then `running/all`, then the last process.
fn averages(text: &str) -> Option<(f64, u64)> {
    let mut words = text.split_whitespace();
    let quarter = words.nth(2)?.parse().ok()?;
    Some((quarter, words.next()?.split_once('/')?.1.parse().ok()?))
}

pub(super) async fn load(sight: Sight) -> Found {
    let text = match sight.text("/proc/loadavg") {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("/proc/loadavg", &error),
    };
    let Some((load, _)) = averages(&text) else {
        return Found::unknown("/proc/loadavg is not of the known form");
    };
    let listed = sight.text("/proc/cpuinfo").ok().flatten().unwrap_or_default();
    let processors = listed.lines().filter(|line| line.starts_with("processor")).count();
    let Ok(processors @ 1..) = u32::try_from(processors) else {
        return Found::unknown("/proc/cpuinfo does not say how many processors there are");
    };
    let summary = format!("{load} wait for {processors} processors, over a quarter of an hour");
    if load > MUCH_LOAD * f64::from(processors) {
        return Found::warn(summary).remedy("see who is busy: ps aux --sort=-pcpu | head");
    }
    Found::ok(summary)
}

/// proc_vmstat(5) counts every program that was ended; the log of the kernel tells which of them
/// only reached the limit of a group of its own, as a container has one.
pub(super) async fn out_of_memory(sight: Sight) -> Found {
    if is_container(&sight.host) {
        return Found::skipped("a container sees what another machine counts");
    }
    let text = match sight.text("/proc/vmstat") {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("/proc/vmstat", &error),
    };
    let killed = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
    match killed.and_then(|count| count.trim().parse::<u64>().ok()) {
        None => return Found::skipped("this kernel does not count them"),
        Some(0) => return Found::ok("none was"),
        Some(_) => {}
    }
    let log = match sight.ask(&["dmesg"]).await {
        Ok(said) if said.ok() => said.stdout,
        Ok(_) | Err(_) => {
            return Found::unknown("some were, and the log of the kernel is not ours to read");
        }
    };
    let uptime = sight.text("/proc/uptime").ok().flatten().unwrap_or_default();
    let up = uptime.split('.').next().and_then(|seconds| seconds.trim().parse::<u64>().ok());
    let recent: Vec<String> = log
        .lines()
        .filter_map(ended_for_all)
        .filter(|(at, _)| up.is_none_or(|up| up.saturating_sub(*at) <= NEWS.as_secs()))
        .map(|(_, who)| who)
        .collect();
    if recent.is_empty() {
        return Found::ok("none was in the last days, but for what has a limit of its own");
    }
    Found::warn("programs were ended because the machine ran out of memory")
        .details(recent)
        .remedy("give the machine more memory or swap, or run less at once")
}

/// `[  100.5] Out of memory: Killed process 812 (chrome) total-vm:…`: the second since the start,
/// and who it was.
fn ended_for_all(line: &str) -> Option<(u64, String)> {
    let (at, rest) = line.split_once("] Out of memory: Killed process ")?;
    let at = at.trim_start_matches(['[', ' ']).split('.').next()?.parse().ok()?;
    let (who, _) = rest.split_once(')')?;
    Some((at, format!("process {who})")))
}

/// Each thread takes one place of the table of processes.
pub(super) async fn processes(sight: Sight) -> Found {
    let number = |path: &str| {
        let text = sight.text(path).ok().flatten().unwrap_or_default();
        text.trim().parse::<u64>().ok()
    };
    let threads = match sight.text("/proc/loadavg") {
        Ok(Some(text)) => averages(&text).map(|(_, threads)| threads),
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("/proc/loadavg", &error),
    };
    let system = threads.zip(number("/proc/sys/kernel/pid_max"));
    // A container has a bound of its own; "max" is none.
    let group = ["/sys/fs/cgroup", "/sys/fs/cgroup/pids"].iter().find_map(|folder| {
        number(&format!("{folder}/pids.current")).zip(number(&format!("{folder}/pids.max")))
    });
    let fullest = [system, group]
        .into_iter()
        .flatten()
        .max_by_key(|(used, most)| used.saturating_mul(100).checked_div(*most).unwrap_or(u64::MAX));
    let Some((used, most)) = fullest else {
        return Found::unknown("the system does not say how many there may be");
    };
    let summary = format!("{used} of {most}");
    if used.saturating_mul(100) >= most.saturating_mul(NEARLY_ALL) {
        return Found::fail(format!("hardly any program can be started: {summary} are in use"))
            .remedy("see who has them: ps -eo user,comm --no-headers | sort | uniq -c | sort -n");
    }
    Found::ok(summary)
}
