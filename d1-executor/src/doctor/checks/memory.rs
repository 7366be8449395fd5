//! Memory.

use super::{
    super::{check::Found, sight::Sight},
    room::size,
};

/// Less than this share of all memory left, in percent.
const LOW_PERCENT: u64 = 5;
/// Waiting for memory for more than this share of the last minute, in percent.
const MUCH_WAITING: f64 = 20.0;

pub(super) async fn available(sight: Sight) -> Found {
    let text = match sight.text("/proc/meminfo") {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("/proc/meminfo", &error),
    };
    let (Some(total), Some(left)) = (kib(&text, "MemTotal:"), kib(&text, "MemAvailable:")) else {
        return Found::unknown("/proc/meminfo does not say how much there is");
    };
    let summary = format!("{} free of {}", size(left * 1024), size(total * 1024));
    if left.saturating_mul(100) < total.saturating_mul(LOW_PERCENT) {
        return Found::warn(summary).remedy("see who has it: ps aux --sort=-rss | head");
    }
    Found::ok(summary)
}

fn kib(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Pressure stall information (Linux, `Documentation/accounting/psi.rst`).
pub(super) async fn pressure(sight: Sight) -> Found {
    let text = match sight.text("/proc/pressure/memory") {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("this kernel does not measure it"),
        // A kernel that is built with it and started without it says so like this.
        Err(error) if error.raw_os_error() == Some(95) => {
            return Found::skipped("this kernel does not measure it");
        }
        Err(error) => return Found::unreadable("/proc/pressure/memory", &error),
    };
    let waited = text.lines().find_map(|line| {
        let rest = line.strip_prefix("some ")?.split("avg60=").nth(1)?;
        rest.split_whitespace().next()?.parse::<f64>().ok()
    });
    match waited {
        None => Found::unknown("/proc/pressure/memory is not of the known form"),
        Some(waited) if waited > MUCH_WAITING => {
            Found::warn(format!("programs waited for memory {waited} % of the last minute"))
                .remedy("close what is large, or add memory: ps aux --sort=-rss | head")
        }
        Some(waited) => Found::ok(format!("{waited} % of the last minute")),
    }
}
