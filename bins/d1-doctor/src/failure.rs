//! How a command ends: the one table of exit codes, and the shape every error is told in.
//!
//! ```text
//! error[D1-APT-001]: another program is using the package database
//!   cause  unattended-upgr (pid 2180) holds /var/lib/dpkg/lock-frontend
//!   state  nothing was changed
//!   next   wait for it to end, then: d1-doctor resume 7c1e0d2a
//! ```

use crate::ui::text::inert;
use d1_core::{Category, Problem};
use d1_orchestrator::EngineError;
use serde::Serialize;
use std::fmt::Write as _;

/// The process's exit code. Stable; documented in `d1-doctor exit-codes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// It worked, or there was nothing to do.
    Ok = 0,
    /// The work failed.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The daemon cannot be reached, or does not fit.
    Daemon = 3,
    /// Sign-in is missing or over.
    Auth = 4,
    /// Not enough credits.
    Credit = 5,
    /// Policy, permission, or a person said no.
    Denied = 6,
    /// A network or server cannot be reached.
    Network = 7,
    /// It is still running.
    StillRunning = 8,
    /// There are changes or findings, and the caller asked to be told so.
    Findings = 9,
    /// A mistake of ours.
    Bug = 70,
    /// Time ran out.
    Timeout = 124,
    /// Interrupted by Ctrl-C.
    Interrupted = 130,
}

/// The exit codes in the order of the documentation, each with its meaning.
pub const EXIT_CODES: [(ExitCode, &str); 13] = [
    (ExitCode::Ok, "it worked, or there was nothing to do"),
    (ExitCode::Failed, "the work failed"),
    (ExitCode::Usage, "the command line makes no sense, or names something unknown"),
    (ExitCode::Daemon, "the daemon cannot be reached, or does not fit"),
    (ExitCode::Auth, "sign-in is missing or over"),
    (ExitCode::Credit, "not enough credits, or a cap was reached"),
    (ExitCode::Denied, "policy, permission, or a person said no"),
    (ExitCode::Network, "a network or server cannot be reached"),
    (ExitCode::StillRunning, "it is still running"),
    (ExitCode::Findings, "there are changes or findings (with --exit-code)"),
    (ExitCode::Bug, "a mistake of ours; please report it"),
    (ExitCode::Timeout, "time ran out"),
    (ExitCode::Interrupted, "interrupted by Ctrl-C"),
];

impl ExitCode {
    /// The code for a kind of trouble.
    #[must_use]
    pub const fn of(category: Category) -> Self {
        match category {
            Category::Usage => Self::Usage,
            Category::Task => Self::Failed,
            Category::Daemon => Self::Daemon,
            Category::Auth => Self::Auth,
            Category::Credit => Self::Credit,
            Category::Denied => Self::Denied,
            Category::Network => Self::Network,
            Category::Timeout => Self::Timeout,
            Category::Bug => Self::Bug,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// A command that did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub problem: Problem,
    /// How the process exits.
    pub exit: ExitCode,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { exit: ExitCode::of(problem.category), problem }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        error.problem().into()
    }
}

impl Failure {
    /// The error as people read it, ending in a line end.
    #[must_use]
    pub fn text(&self) -> String {
        let Problem { code, title, cause, state, next, .. } = &self.problem;
        let mut text = format!("error[{code}]: {}\n", inert(title));
        part(&mut text, "cause", cause);
        part(&mut text, "state", state);
        for step in next {
            part(&mut text, "next", step);
        }
        text
    }

    /// The error as one JSON document, on one line where lines are documents.
    #[must_use]
    pub fn json(&self, one_line: bool) -> String {
        let document =
            Document { schema: "d1.error.v1", exit_code: self.exit as u8, problem: &self.problem };
        let text = if one_line {
            serde_json::to_string(&document)
        } else {
            serde_json::to_string_pretty(&document)
        };
        format!("{}\n", text.unwrap_or_default())
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    exit_code: u8,
    #[serde(flatten)]
    problem: &'a Problem,
}

/// One labelled part; further lines of it are set below its first.
fn part(text: &mut String, label: &str, value: &str) {
    for (at, line) in value.lines().enumerate() {
        let label = if at == 0 { label } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {label:<5}  {}", inert(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_what_why_what_state_and_what_next() {
        let problem = Problem::new("D1-APT-005", Category::Task, "the disk is full")
            .because("/var has 210 MB free, 640 MB are needed\nand nothing can be cleaned")
            .leaving("nothing was installed")
            .next("free some space")
            .next("d1-doctor resume 7c1e0d2a");
        let failure = Failure::from(problem);
        assert_eq!(
            failure.text(),
            "error[D1-APT-005]: the disk is full\n  \
             cause  /var has 210 MB free, 640 MB are needed\n         \
             and nothing can be cleaned\n  \
             state  nothing was installed\n  \
             next   free some space\n  \
             next   d1-doctor resume 7c1e0d2a\n"
        );
        assert_eq!(failure.exit, ExitCode::Failed);
    }

    #[test]
    fn no_exit_code_collides_with_the_shells_own() {
        for (code, _) in EXIT_CODES {
            assert!(!(125..=129).contains(&(code as u8)), "{code:?}");
        }
    }
}
