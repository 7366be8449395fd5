//! Results.

use super::{
    seed,
    values::{
        FromWire, ToWire, digest, digest_to_wire, invalid, millis, mirror, optional, parsed,
        required, text,
    },
};
use crate::{
    WireError,
    limits::MAX_TEXT_BYTES,
    wire::{self, probe_answer::Kind},
};
use d1_core::{Outcome, ProbeAnswer, TaskResult, Usage};
use std::time::Duration;

mirror!(Outcome, wire::Outcome, "TaskResult.outcome", {
    Succeeded, NoChange, Failed, TimedOut, Cancelled, Killed, DeniedByPolicy, DeniedByUser,
    Undeliverable, Interrupted, Lost, Superseded,
});

impl ToWire for ProbeAnswer {
    type Wire = wire::ProbeAnswer;
    fn to_wire(&self) -> wire::ProbeAnswer {
        let kind = match self {
            Self::Done => Kind::Done(wire::Nothing {}),
            Self::NotDone => Kind::NotDone(wire::Nothing {}),
            Self::Unknown(why) => Kind::Unknown(why.clone()),
        };
        wire::ProbeAnswer { kind: Some(kind) }
    }
}

impl FromWire for ProbeAnswer {
    type Wire = wire::ProbeAnswer;
    fn from_wire(wire: wire::ProbeAnswer) -> Result<Self, WireError> {
        Ok(match wire.kind.ok_or(WireError::Missing { field: "ProbeAnswer.kind" })? {
            Kind::Done(wire::Nothing {}) => Self::Done,
            Kind::NotDone(wire::Nothing {}) => Self::NotDone,
            Kind::Unknown(why) => Self::Unknown(text("ProbeAnswer.unknown", MAX_TEXT_BYTES, why)?),
        })
    }
}

impl ToWire for Usage {
    type Wire = wire::Usage;
    fn to_wire(&self) -> wire::Usage {
        wire::Usage {
            user_micros: self.user_micros,
            system_micros: self.system_micros,
            max_rss_bytes: self.max_rss_bytes,
            output_bytes: self.output_bytes,
        }
    }
}

impl FromWire for Usage {
    type Wire = wire::Usage;
    fn from_wire(wire: wire::Usage) -> Result<Self, WireError> {
        Ok(Self {
            user_micros: wire.user_micros,
            system_micros: wire.system_micros,
            max_rss_bytes: wire.max_rss_bytes,
            output_bytes: wire.output_bytes,
        })
    }
}

impl ToWire for TaskResult {
    type Wire = wire::TaskResult;
    fn to_wire(&self) -> wire::TaskResult {
        wire::TaskResult {
            task_id: self.task.to_string(),
            exit_code: self.exit_code.unwrap_or_default(),
            stdout: self.stdout.clone(),
            stderr: self.stderr.clone(),
            duration_ms: i64::try_from(millis(self.duration)).unwrap_or(i64::MAX),
            attempt: self.attempt,
            epoch: self.epoch,
            outcome: self.outcome.to_wire(),
            exited: self.exit_code.is_some(),
            output_digest: digest_to_wire(&self.output_digest),
            dropped_bytes: self.dropped_bytes,
            usage: Some(self.usage.to_wire()),
            receipt: self.receipt.as_ref().map(ToWire::to_wire),
            probe: self.probe.as_ref().map(ToWire::to_wire),
            problem: self.problem.as_ref().map(ToWire::to_wire),
        }
    }
}

impl FromWire for TaskResult {
    type Wire = wire::TaskResult;
    fn from_wire(wire: wire::TaskResult) -> Result<Self, WireError> {
        if seed::is_seed_result(&wire) {
            return seed::result(wire);
        }
        let millis = u64::try_from(wire.duration_ms)
            .map_err(|_| invalid("TaskResult.duration_ms", "no task takes less than no time"))?;
        Ok(Self {
            task: parsed("TaskResult.task_id", &wire.task_id)?,
            attempt: wire.attempt,
            epoch: wire.epoch,
            outcome: Outcome::from_wire(wire.outcome)?,
            exit_code: wire.exited.then_some(wire.exit_code),
            stdout: text("TaskResult.stdout", MAX_TEXT_BYTES, wire.stdout)?,
            stderr: text("TaskResult.stderr", MAX_TEXT_BYTES, wire.stderr)?,
            duration: Duration::from_millis(millis),
            output_digest: digest("TaskResult.output_digest", &wire.output_digest)?,
            dropped_bytes: wire.dropped_bytes,
            usage: required("TaskResult.usage", wire.usage)?,
            receipt: optional(wire.receipt)?,
            probe: optional(wire.probe)?,
            problem: optional(wire.problem)?,
        })
    }
}
