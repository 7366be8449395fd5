//! The final record of a task.

use crate::{Digest, Outcome, Problem, Receipt, TaskId, plan::millis};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a probe found about a task that was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeAnswer {
    /// Its goal is reached.
    Done,
    /// It changed nothing: it can be started again.
    NotDone,
    /// It is somewhere in between, for this reason; a person decides.
    Unknown(String),
}

/// What a command used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time in its own code, in microseconds.
    pub user_micros: u64,
    /// Processor time in the kernel, in microseconds.
    pub system_micros: u64,
    /// The most memory any one process had, in bytes; 0 when it is not known.
    pub max_rss_bytes: u64,
    /// What it wrote to standard output and to standard error, kept or not, in bytes.
    #[serde(default)]
    pub output_bytes: u64,
}

/// The final record of a task: written before it is told, kept until it may be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskResult {
    /// Which task.
    pub task: TaskId,
    /// Which attempt.
    pub attempt: u32,
    /// The epoch under which it ran.
    pub epoch: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The exit code of its command; `None` when there was none or it did not exit by itself.
    pub exit_code: Option<i32>,
    /// What it wrote to standard output: bounded, lossy UTF-8. Exact bytes are in the chunks.
    pub stdout: String,
    /// What it wrote to standard error: bounded, lossy UTF-8.
    pub stderr: String,
    /// How long it ran.
    #[serde(rename = "duration_ms", with = "millis")]
    pub duration: Duration,
    /// The SHA-256 digest of two BLAKE3 digests of 32 bytes: of all it wrote to standard output,
    /// and of all it wrote to standard error.
    pub output_digest: Digest,
    /// Bytes of output that were not kept.
    pub dropped_bytes: u64,
    /// What it used.
    pub usage: Usage,
    /// What it changed. Every task that started has one.
    pub receipt: Option<Receipt>,
    /// What became of it, when it was cut off.
    pub probe: Option<ProbeAnswer>,
    /// Why it did not succeed.
    pub problem: Option<Problem>,
}

impl TaskResult {
    /// The most bytes of each text.
    pub const MAX_TEXT: usize = 16 * 1024;

    /// The record of a task that never started.
    #[must_use]
    pub fn not_started(task: TaskId, attempt: u32, epoch: u64, why: Outcome) -> Self {
        Self {
            task,
            attempt,
            epoch,
            outcome: why,
            exit_code: None,
            stdout: String::new(),
            stderr: String::new(),
            duration: Duration::ZERO,
            output_digest: Digest::of(b""),
            dropped_bytes: 0,
            usage: Usage::default(),
            receipt: None,
            probe: None,
            problem: None,
        }
    }
}
