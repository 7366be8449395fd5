//! Two commands, one end.

use d1_core::{Digest, Ended, TaskResult, Usage};

/// Two commands as one end.
pub(super) fn join(first: Ended, second: Ended) -> Ended {
    let both = |a: &str, b: &str| -> String {
        let text = format!("{a}{b}");
        let from = (text.len().saturating_sub(TaskResult::MAX_TEXT)..=text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or_default();
        text[from..].to_owned()
    };
    let digests = [*first.output_digest.as_bytes(), *second.output_digest.as_bytes()].concat();
    let shown = first.stdout.len() + second.stdout.len() + first.stderr.len() + second.stderr.len();
    let stdout = both(&first.stdout, &second.stdout);
    let stderr = both(&first.stderr, &second.stderr);
    let cut = shown - stdout.len() - stderr.len();
    let usage = Usage {
        user_micros: first.usage.user_micros.saturating_add(second.usage.user_micros),
        system_micros: first.usage.system_micros.saturating_add(second.usage.system_micros),
        max_rss_bytes: first.usage.max_rss_bytes.max(second.usage.max_rss_bytes),
        output_bytes: first.usage.output_bytes.saturating_add(second.usage.output_bytes),
    };
    Ended {
        stdout,
        stderr,
        // One digest for two outputs: that of their digests.
        output_digest: Digest::of(&digests),
        dropped_bytes: first
            .dropped_bytes
            .saturating_add(second.dropped_bytes)
            .saturating_add(u64::try_from(cut).unwrap_or(u64::MAX)),
        usage,
        ..second
    }
}
