//! What a setup tells while it goes on.

use super::values::{FromWire, ToWire, invalid, optional, parsed, required, text};
use crate::{
    WireError,
    limits::MAX_OUTPUT_TEXT_BYTES,
    wire::{
        Nothing,
        api::{self as wire, setup_progress as part, setup_progress::Event},
    },
};
use d1_core::{
    Amount, Outcome, Progress, ProgressEvent, SetupOutcome, StepId, StopMode, Stream, Timestamp,
};

impl ToWire for Progress {
    type Wire = wire::SetupProgress;
    fn to_wire(&self) -> wire::SetupProgress {
        wire::SetupProgress { seq: self.seq, at: self.at.0, event: Some(self.event.to_wire()) }
    }
}

impl FromWire for Progress {
    type Wire = wire::SetupProgress;
    fn from_wire(wire: wire::SetupProgress) -> Result<Self, WireError> {
        let event = required("progress.event", wire.event)?;
        Ok(Self { seq: wire.seq, at: Timestamp(wire.at), event })
    }
}

impl ToWire for ProgressEvent {
    type Wire = Event;
    fn to_wire(&self) -> Event {
        match self {
            Self::Planned => Event::Planned(Nothing {}),
            Self::Asked { problem } => Event::Asked(problem.to_wire()),
            Self::Approved => Event::Approved(Nothing {}),
            Self::Declined => Event::Declined(Nothing {}),
            Self::StepSent { step, attempt } => Event::StepSent(attempt_of(step, *attempt)),
            Self::StepStarted { step, attempt } => Event::StepStarted(attempt_of(step, *attempt)),
            Self::Output { step, attempt, chunk, stream, text } => Event::Output(part::Output {
                step_id: step.to_string(),
                attempt: *attempt,
                chunk: *chunk,
                stream: stream.to_wire(),
                text: text.clone(),
            }),
            Self::StepFinished { step, attempt, outcome, duration_ms, problem } => {
                Event::StepFinished(part::StepFinished {
                    step_id: step.to_string(),
                    attempt: *attempt,
                    outcome: outcome.to_wire(),
                    duration_ms: *duration_ms,
                    problem: problem.as_ref().map(ToWire::to_wire),
                })
            }
            Self::StepSkipped { step } => Event::StepSkipped(step.to_string()),
            Self::LinkLost => Event::LinkLost(Nothing {}),
            Self::LinkBack => Event::LinkBack(Nothing {}),
            Self::Stopping { mode } => Event::Stopping(mode.to_wire()),
            Self::Resumed => Event::Resumed(Nothing {}),
            Self::Finished { outcome, charged } => Event::Finished(part::Finished {
                outcome: outcome.as_str().to_owned(),
                charged_micro: charged.as_micro(),
            }),
        }
    }
}

impl FromWire for ProgressEvent {
    type Wire = Event;
    fn from_wire(wire: Event) -> Result<Self, WireError> {
        let step = |id: &str| parsed("progress.step_id", id);
        Ok(match wire {
            Event::Planned(Nothing {}) => Self::Planned,
            Event::Asked(problem) => Self::Asked { problem: FromWire::from_wire(problem)? },
            Event::Approved(Nothing {}) => Self::Approved,
            Event::Declined(Nothing {}) => Self::Declined,
            Event::StepSent(it) => Self::StepSent { step: step(&it.step_id)?, attempt: it.attempt },
            Event::StepStarted(it) => {
                Self::StepStarted { step: step(&it.step_id)?, attempt: it.attempt }
            }
            Event::Output(it) => Self::Output {
                step: step(&it.step_id)?,
                attempt: it.attempt,
                chunk: it.chunk,
                stream: Stream::from_wire(it.stream)?,
                text: text("progress.output.text", MAX_OUTPUT_TEXT_BYTES, it.text)?,
            },
            Event::StepFinished(it) => Self::StepFinished {
                step: step(&it.step_id)?,
                attempt: it.attempt,
                outcome: Outcome::from_wire(it.outcome)?,
                duration_ms: it.duration_ms,
                problem: optional(it.problem)?,
            },
            Event::StepSkipped(id) => Self::StepSkipped { step: step(&id)? },
            Event::LinkLost(Nothing {}) => Self::LinkLost,
            Event::LinkBack(Nothing {}) => Self::LinkBack,
            Event::Stopping(mode) => Self::Stopping { mode: StopMode::from_wire(mode)? },
            Event::Resumed(Nothing {}) => Self::Resumed,
            Event::Finished(it) => Self::Finished {
                outcome: outcome(&it.outcome)?,
                charged: Amount::micro(it.charged_micro),
            },
        })
    }
}

fn attempt_of(step: &StepId, attempt: u32) -> part::Attempt {
    part::Attempt { step_id: step.to_string(), attempt }
}

fn outcome(name: &str) -> Result<SetupOutcome, WireError> {
    let known = SetupOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == name);
    known.ok_or_else(|| invalid("progress.finished.outcome", "no setup ends like this"))
}
