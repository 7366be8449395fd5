//! What a setup tells whoever follows it: one numbered stream for every kind of client.

use crate::{Amount, Outcome, Problem, SetupOutcome, StepId, StopMode, Stream, Timestamp};
use serde::{Deserialize, Serialize};

/// One piece of news, with its place in the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    /// Its place: 1, 2, 3 … A follower that gives the last one it has seen misses nothing.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: ProgressEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ProgressEvent {
    /// The plan is made and waits for a yes.
    Planned,
    /// A person said yes, and it cannot begin, or go on, before a person has done something.
    Asked {
        /// What keeps it, and what to do.
        problem: Problem,
    },
    /// A person said yes.
    Approved,
    /// A person said no.
    Declined,
    /// A step was sent to the device.
    StepSent {
        /// Which step.
        step: StepId,
        /// Which attempt.
        attempt: u32,
    },
    /// The device began a step.
    StepStarted {
        /// Which step.
        step: StepId,
        /// Which attempt.
        attempt: u32,
    },
    /// A step wrote something.
    Output {
        /// Which step.
        step: StepId,
        /// Which attempt.
        attempt: u32,
        /// Its place in the attempt's output, as the device counts it: what was kept
        /// once is recognised when it is sent again.
        chunk: u64,
        /// Where.
        stream: Stream,
        /// What, as text; bytes that are not UTF-8 are replaced.
        text: String,
    },
    /// A step ended.
    StepFinished {
        /// Which step.
        step: StepId,
        /// Which attempt.
        attempt: u32,
        /// How.
        outcome: Outcome,
        /// How long it took, in milliseconds.
        duration_ms: u64,
        /// Why it did not succeed.
        problem: Option<Problem>,
    },
    /// A step is left out, because one before it did not succeed or the setup stops.
    StepSkipped {
        /// Which step.
        step: StepId,
    },
    /// The link to the device was lost; what runs there goes on.
    LinkLost,
    /// The link is back.
    LinkBack,
    /// It was asked to stop.
    Stopping {
        /// How.
        mode: StopMode,
    },
    /// It goes on where it had ended.
    Resumed,
    /// It is over.
    Finished {
        /// How it ended.
        outcome: SetupOutcome,
        /// What was charged.
        #[serde(rename = "charged_micro")]
        charged: Amount,
    },
}
