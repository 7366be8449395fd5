//! Orders.
//!
//! 1. An order with only the first five fields is read by [`super::seed`].
//! 2. A shell action travels in `command` and `env`, where such peers look for it,
//!    and is marked by an empty `shell`. It is never said twice.
//! 3. `command` beside any other action has two meanings, and is refused.

use super::{
    grant, seed,
    values::{
        FromWire, ToWire, all_parsed, all_to_text, digest, digest_to_wire, env, invalid, line,
        millis, mirror, parsed, parsed_unless_empty, required, text,
    },
};
use crate::{
    WireError,
    limits::{MAX_CLAIMS, MAX_CONTENT_BYTES, MAX_DEPENDENCIES, MAX_ENV, MAX_TEXT_BYTES},
    wire::{self, action::Kind},
};
use bytes::Bytes;
use d1_core::{Action, Effect, OnDisconnect, Shell, Step, TaskCommand, Timestamp};
use std::{collections::BTreeMap, time::Duration};

mirror!(OnDisconnect, wire::OnDisconnect, "on_disconnect", { Continue, Pause, Cancel });

/// What was said of it; what was not said goes on, as with those who know nothing else.
pub(super) fn unless_unsaid(number: i32) -> Result<OnDisconnect, WireError> {
    if number == wire::OnDisconnect::Unspecified as i32 {
        return Ok(OnDisconnect::Continue);
    }
    OnDisconnect::from_wire(number)
}

impl ToWire for TaskCommand {
    type Wire = wire::TaskCommand;
    fn to_wire(&self) -> wire::TaskCommand {
        let step = &self.step;
        let (command, env, action) = action_to_wire(&step.action);
        wire::TaskCommand {
            task_id: self.task.to_string(),
            command,
            env,
            timeout_seconds: whole_seconds(step.timeout),
            require_confirmation: self.require_confirmation,
            setup_id: self.setup.to_string(),
            plan_id: digest_to_wire(&self.plan),
            attempt: self.attempt,
            epoch: self.epoch,
            step_id: step.id.to_string(),
            title: step.title.clone(),
            action: Some(action),
            effect: step.effect.to_wire(),
            needs_root: step.needs_root,
            touches: all_to_text(&step.touches),
            network: all_to_text(&step.network),
            timeout_ms: millis(step.timeout),
            interruptible: step.interruptible,
            undo: Some(step.undo.to_wire()),
            depends_on: all_to_text(&step.depends_on),
            resource_keys: all_to_text(&step.resource_keys),
            warning: step.warning.clone(),
            deliver_by_ms: self.deliver_by.map(|at| at.0),
            grace_ms: millis(self.grace),
            hold_id: self.hold.map(|hold| hold.to_string()).unwrap_or_default(),
            signature: Bytes::new(),
            traceparent: self.traceparent.clone(),
            on_disconnect: self.on_disconnect.to_wire(),
            grant: grant::to_wire(self.grant.as_ref()),
        }
    }
}

impl FromWire for TaskCommand {
    type Wire = wire::TaskCommand;
    fn from_wire(mut wire: wire::TaskCommand) -> Result<Self, WireError> {
        if seed::is_seed_command(&wire) {
            return seed::command(wire);
        }
        let action = action_from_wire(&mut wire)?;
        Ok(Self {
            task: parsed("TaskCommand.task_id", &wire.task_id)?,
            setup: parsed("TaskCommand.setup_id", &wire.setup_id)?,
            plan: digest("TaskCommand.plan_id", &wire.plan_id)?,
            attempt: wire.attempt,
            epoch: wire.epoch,
            deliver_by: wire.deliver_by_ms.map(Timestamp),
            on_disconnect: unless_unsaid(wire.on_disconnect)?,
            grace: Duration::from_millis(wire.grace_ms),
            require_confirmation: wire.require_confirmation,
            hold: parsed_unless_empty("TaskCommand.hold_id", &wire.hold_id)?,
            traceparent: wire
                .traceparent
                .take()
                .map(|context| line("TaskCommand.traceparent", context))
                .transpose()?,
            grant: grant::from_wire(&wire.grant)?,
            step: step_from_wire(wire, action)?,
        })
    }
}

fn step_from_wire(wire: wire::TaskCommand, action: Action) -> Result<Step, WireError> {
    let keys = &wire.resource_keys;
    Ok(Step {
        id: parsed("TaskCommand.step_id", &wire.step_id)?,
        title: text("TaskCommand.title", MAX_TEXT_BYTES, wire.title)?,
        action,
        effect: Effect::from_wire(wire.effect)?,
        needs_root: wire.needs_root,
        touches: all_parsed("TaskCommand.touches", MAX_CLAIMS, &wire.touches)?,
        network: all_parsed("TaskCommand.network", MAX_CLAIMS, &wire.network)?,
        timeout: timeout(wire.timeout_ms, wire.timeout_seconds),
        interruptible: wire.interruptible,
        undo: required("TaskCommand.undo", wire.undo)?,
        depends_on: all_parsed("TaskCommand.depends_on", MAX_DEPENDENCIES, &wire.depends_on)?,
        resource_keys: all_parsed("TaskCommand.resource_keys", MAX_CLAIMS, keys)?,
        warning: text("TaskCommand.warning", MAX_TEXT_BYTES, wire.warning)?,
    })
}

fn action_to_wire(action: &Action) -> (String, BTreeMap<String, String>, wire::Action) {
    match action {
        Action::Shell(shell) => {
            let mark = wire::Action { kind: Some(Kind::Shell(wire::Shell::default())) };
            (shell.script.clone(), shell.env.clone(), mark)
        }
        Action::Packages(_)
        | Action::RefreshIndex(_)
        | Action::Service(_)
        | Action::GroupMember(_)
        | Action::File(_)
        | Action::Exec(_)
        | Action::Revert(_) => (String::new(), BTreeMap::new(), action.to_wire()),
    }
}

fn action_from_wire(wire: &mut wire::TaskCommand) -> Result<Action, WireError> {
    let action: Action = required("TaskCommand.action", wire.action.take())?;
    let empty = Action::Shell(Shell { script: String::new(), env: BTreeMap::new() });
    if action == empty {
        return Ok(Action::Shell(Shell {
            script: text(
                "TaskCommand.command",
                MAX_CONTENT_BYTES,
                std::mem::take(&mut wire.command),
            )?,
            env: env("TaskCommand.env", MAX_ENV, std::mem::take(&mut wire.env))?,
        }));
    }
    if wire.command.is_empty() && wire.env.is_empty() {
        return Ok(action);
    }
    Err(invalid("TaskCommand.command", "there is an action beside it; one of them is enough"))
}

/// Rounded up, so that a peer that knows only seconds never stops early.
fn whole_seconds(timeout: Duration) -> u32 {
    u32::try_from(millis(timeout).div_ceil(1000)).unwrap_or(u32::MAX)
}

fn timeout(millis: u64, seconds: u32) -> Duration {
    if millis == 0 { Duration::from_secs(seconds.into()) } else { Duration::from_millis(millis) }
}
