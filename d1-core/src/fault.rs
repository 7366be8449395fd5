//! Places where a test lets the process die (feature `testing`).
//!
//! Code that writes something down names the moments before and after with [`point`].
//! When the environment variable [`VARIABLE`] holds such a name, the process aborts
//! there at its first hit, or with `name:3` at its third: no destructor runs, nothing is
//! flushed, no handler is asked. To the files it leaves, that is the same as `kill -9`.
//!
//! The signal is `SIGABRT`, for which systems may write a core dump. A test that starts
//! such a process many times gives it a core limit of zero.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// The environment variable that says where to die.
pub const VARIABLE: &str = "D1_FAULT";

/// Dies here, when that is what the environment asks for.
pub fn point(name: &str) {
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    let plan = PLAN.get_or_init(|| std::env::var(VARIABLE).ok().as_deref().map(Plan::of));
    if plan.as_ref().is_some_and(|plan| plan.is_due(name)) {
        std::process::abort();
    }
}

/// Where to die, and how many hits are left until then.
struct Plan {
    name: String,
    left: AtomicU64,
}

impl Plan {
    /// Reads `name` or `name:N`; what is not a number is part of the name.
    fn of(text: &str) -> Self {
        let counted = text.rsplit_once(':').and_then(|(name, n)| Some((name, n.parse().ok()?)));
        let (name, hits) = counted.unwrap_or((text, 1));
        Self { name: name.to_owned(), left: AtomicU64::new(hits) }
    }

    fn is_due(&self, name: &str) -> bool {
        // Past zero it wraps around, and is not due again in any run that ends.
        self.name == name && self.left.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_due_at_the_hit_that_was_asked_for() {
        let plan = Plan::of("journal.start.after:2");
        let hits = ["journal.start.after", "journal.start.before", "journal.start.after"];
        assert_eq!(hits.map(|name| plan.is_due(name)), [false, false, true]);
        assert!(!plan.is_due("journal.start.after"));
        assert!(Plan::of("journal.start.after").is_due("journal.start.after"));
    }
}
