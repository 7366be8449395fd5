//! Peers that speak only the first five fields of an order and of a result.
//!
//! Such an order is a shell script. Nothing is known of it, so the worst is assumed:
//! it destroys, and cannot be taken back. Policy decides whether it may run at all.

use super::values::{env, parsed, text};
use crate::{
    WireError,
    limits::{MAX_CONTENT_BYTES, MAX_ENV, MAX_TEXT_BYTES},
    wire,
};
use d1_core::{
    Action, Digest, Effect, Outcome, Shell, Step, TaskCommand, TaskId, TaskResult, Undo, Usage,
};
use std::time::Duration;

/// The id of the only step such an order has.
const STEP: &str = "command";
/// Its title.
const TITLE: &str = "run a shell command";
/// Why it cannot be taken back.
const NO_UNDO: &str = "nobody can tell what a shell command changes";

/// Whether nothing but the first five fields is there.
///
/// An order with any newer field and no action is a newer order with an action this
/// version does not know; to read it as a shell command would be a mistake.
pub(super) fn is_seed_command(wire: &wire::TaskCommand) -> bool {
    let seed = wire::TaskCommand {
        task_id: wire.task_id.clone(),
        command: wire.command.clone(),
        env: wire.env.clone(),
        timeout_seconds: wire.timeout_seconds,
        require_confirmation: wire.require_confirmation,
        ..wire::TaskCommand::default()
    };
    !wire.command.is_empty() && *wire == seed
}

/// The order such a peer gives.
pub(super) fn command(wire: wire::TaskCommand) -> Result<TaskCommand, WireError> {
    let task: TaskId = parsed("TaskCommand.task_id", &wire.task_id)?;
    let script = text("TaskCommand.command", MAX_CONTENT_BYTES, wire.command)?;
    Ok(TaskCommand {
        task,
        // It knows no setups and no plans: each order is its own.
        setup: parsed("TaskCommand.task_id", &wire.task_id)?,
        plan: Digest::of(script.as_bytes()),
        attempt: 1,
        epoch: 0,
        deliver_by: None,
        on_disconnect: d1_core::OnDisconnect::Continue,
        grace: TaskCommand::DEFAULT_GRACE,
        require_confirmation: wire.require_confirmation,
        hold: None,
        traceparent: None,
        grant: None,
        step: Step {
            id: parsed("TaskCommand.step_id", STEP)?,
            title: TITLE.to_owned(),
            action: Action::Shell(Shell {
                script,
                env: env("TaskCommand.env", MAX_ENV, wire.env)?,
            }),
            effect: Effect::Destructive,
            needs_root: false,
            touches: Vec::new(),
            network: Vec::new(),
            timeout: match wire.timeout_seconds {
                0 => Step::DEFAULT_TIMEOUT,
                seconds => Duration::from_secs(seconds.into()),
            },
            interruptible: true,
            undo: Undo::None(NO_UNDO.to_owned()),
            depends_on: Vec::new(),
            resource_keys: Vec::new(),
            warning: String::new(),
        },
    })
}

/// Whether nothing but the first five fields is there.
pub(super) fn is_seed_result(wire: &wire::TaskResult) -> bool {
    let seed = wire::TaskResult {
        task_id: wire.task_id.clone(),
        exit_code: wire.exit_code,
        stdout: wire.stdout.clone(),
        stderr: wire.stderr.clone(),
        duration_ms: wire.duration_ms,
        ..wire::TaskResult::default()
    };
    *wire == seed
}

/// The result such a peer gives: its exit code is all there is to tell success by.
pub(super) fn result(wire: wire::TaskResult) -> Result<TaskResult, WireError> {
    let stdout = text("TaskResult.stdout", MAX_TEXT_BYTES, wire.stdout)?;
    let stderr = text("TaskResult.stderr", MAX_TEXT_BYTES, wire.stderr)?;
    let digests = [&stdout, &stderr].map(|text| *Digest::of(text.as_bytes()).as_bytes());
    let succeeded = wire.exit_code == 0;
    Ok(TaskResult {
        task: parsed("TaskResult.task_id", &wire.task_id)?,
        attempt: 1,
        epoch: 0,
        outcome: if succeeded { Outcome::Succeeded } else { Outcome::Failed },
        exit_code: Some(wire.exit_code),
        duration: Duration::from_millis(u64::try_from(wire.duration_ms).unwrap_or(0)),
        output_digest: Digest::of(&digests.concat()),
        stdout,
        stderr,
        dropped_bytes: 0,
        usage: Usage::default(),
        receipt: None,
        probe: None,
        problem: None,
    })
}
