//! A live conversation between an orchestrator and one device.
//!
//! A [`Link`] is two bounded channels. Whatever fills them (a WebSocket, a socket
//! file, the other half of [`Link::pair`]) is called a transport and lives elsewhere.

use crate::{
    DeviceId, Digest, Facts, HoldId, LinkReceiver, LinkSender, OnDisconnect, OrderKeySet,
    OutputChunk, Preview, Problem, Proposal, Query, RequestId, SealRequest, SealedGrant, SetupId,
    SignedHead, Step, StopMode, Symptom, TaskId, TaskResult, Timestamp, Vitals, WaitingTask,
    link_queue, plan::millis,
};
use serde::{Deserialize, Serialize};
use std::{ops::RangeInclusive, time::Duration};

/// The protocol versions this build speaks.
///
/// 1. What there was from the beginning.
/// 2. A device does with its steps what was agreed on for while nobody is on the link
///    ([`OnDisconnect`]); one of before goes on, whatever is said.
pub const PROTOCOL: RangeInclusive<u32> = 1..=2;

/// One task, as it is ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCommand {
    /// Its name.
    pub task: TaskId,
    /// The setup it belongs to.
    pub setup: SetupId,
    /// The plan it belongs to, by its digest.
    pub plan: Digest,
    /// Which attempt.
    pub attempt: u32,
    /// Who orders it; devices refuse a lower number than they have seen for the setup.
    pub epoch: u64,
    /// What is to be done.
    pub step: Step,
    /// Not to be started after this moment.
    pub deliver_by: Option<Timestamp>,
    /// What becomes of it while nobody who ordered it is on the link.
    #[serde(default)]
    pub on_disconnect: OnDisconnect,
    /// Between a polite request to end and the end.
    #[serde(rename = "grace_ms", with = "millis")]
    pub grace: Duration,
    /// Whether a person at the device must agree first.
    pub require_confirmation: bool,
    /// The credits that pay for it.
    pub hold: Option<HoldId>,
    /// W3C trace context, version 00.
    pub traceparent: Option<String>,
    /// The signature of a person under the plan that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<SealedGrant>,
}

impl TaskCommand {
    /// Between a polite request to end and the end, when nobody says otherwise.
    pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);
}

/// What an orchestrator says to a device.
#[derive(Clone, Debug, PartialEq)]
pub enum ToDevice {
    /// The first word.
    Welcome(Welcome),
    /// Do this.
    Run(Box<TaskCommand>),
    /// Stop that.
    Cancel {
        /// Which task.
        task: TaskId,
        /// Its setup.
        setup: SetupId,
        /// Who asks.
        epoch: u64,
        /// How.
        mode: StopMode,
    },
    /// Your result is kept.
    ResultStored {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
    },
    /// Output up to here is kept.
    OutputStored {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// The last number kept; all before it are, too.
        seq: u64,
    },
    /// The results of this attempt and of those before it are kept, and none of them will be
    /// sent again. It may come late: of a later attempt it says nothing.
    Forget {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
    },
    /// What kind of machine are you, and what do you answer?
    Ask {
        /// Comes back with the answer.
        request: RequestId,
        /// What is asked.
        queries: Vec<Query>,
    },
    /// What would these change?
    Preview {
        /// Comes back with the answer.
        request: RequestId,
        /// What would be done.
        proposals: Vec<Proposal>,
    },
    /// The person's answer to [`FromDevice::Confirm`].
    Confirmed {
        /// Which task.
        task: TaskId,
        /// Whether they agree.
        yes: bool,
    },
    /// Start nothing more, and go once what runs has ended.
    Drain,
    /// This is the head of my audit log: keep it, so that you see when I cut it.
    Anchor(Box<SignedHead>),
    /// Something is wrong with what you said.
    Error(Problem),
    /// One of these words, signed: an [`Order`](crate::Order) in its envelope.
    Signed(Vec<u8>),
    /// These are the keys that I sign orders with.
    OrderKeys(OrderKeySet),
    /// Which task waits for a yes at this machine, at this place of the list? Heard from nobody
    /// but people at the machine.
    ShowWaiting {
        /// Comes back with the answer.
        request: RequestId,
        /// Counted from zero, the oldest first.
        place: u32,
    },
    /// The yes or no of a person at the machine. Heard from nobody else.
    Decide {
        /// Comes back with the answer.
        request: RequestId,
        /// Which task.
        task: TaskId,
        /// What they were shown: [`WaitingTask::what`](crate::WaitingTask::what).
        what: Digest,
        /// Whether they agree.
        yes: bool,
    },
}

impl ToDevice {
    /// Whether a device that heeds signed orders only heeds this only signed: it makes the
    /// device do something, look at something, or believe somebody.
    #[must_use]
    pub const fn is_order(&self) -> bool {
        match self {
            Self::Run(_)
            | Self::Cancel { .. }
            | Self::Forget { .. }
            | Self::Ask { .. }
            | Self::Preview { .. }
            | Self::Confirmed { .. }
            | Self::Drain
            | Self::OrderKeys(_)
            | Self::ShowWaiting { .. }
            | Self::Decide { .. } => true,
            Self::Welcome(_)
            | Self::ResultStored { .. }
            | Self::OutputStored { .. }
            | Self::Anchor(_)
            | Self::Error(_)
            | Self::Signed(_) => false,
        }
    }
}

/// What a device says to an orchestrator.
#[derive(Clone, Debug, PartialEq)]
pub enum FromDevice {
    /// The first word.
    Hello(Box<Hello>),
    /// The task is written down.
    Received {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
    },
    /// The task has begun.
    Started {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
    },
    /// It wrote this.
    Output(OutputChunk),
    /// These still run; sent at least every [`Hello::LEASE`] / 3.
    Lease(Vec<TaskId>),
    /// The task has ended. Repeated until [`ToDevice::ResultStored`].
    Finished(Box<TaskResult>),
    /// The answer to [`ToDevice::Ask`].
    Facts {
        /// Which question.
        request: RequestId,
        /// The answer.
        facts: Box<Facts>,
    },
    /// The answer to [`ToDevice::Preview`], one for each proposal, in order.
    Previews {
        /// Which question.
        request: RequestId,
        /// The answers.
        previews: Vec<Preview>,
    },
    /// A question could not be answered.
    Refused {
        /// Which question.
        request: RequestId,
        /// Why.
        problem: Problem,
    },
    /// A person must agree before this task starts.
    Confirm {
        /// Which task.
        task: TaskId,
        /// What they agree to, in words.
        what: String,
        /// Whether they are asked at the device itself: then an orchestrator's answer is none.
        here: bool,
    },
    /// The answer to [`ToDevice::ShowWaiting`] and [`ToDevice::Decide`].
    Waiting {
        /// Which question.
        request: RequestId,
        /// How many tasks wait for a yes at the machine.
        count: u32,
        /// The one at the place that was asked for.
        one: Option<Box<WaitingTask>>,
    },
    /// How the machine is.
    Health(Box<Health>),
    /// This is the head of my audit log: keep it, so that you see when I cut it.
    Anchor(Box<SignedHead>),
    /// Something is wrong with what you said, or with me.
    Error(Problem),
}

/// A device's first word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Who it is.
    pub device: DeviceId,
    /// The oldest protocol it speaks.
    pub protocol_min: u32,
    /// The newest protocol it speaks.
    pub protocol_max: u32,
    /// The version of its program.
    pub version: String,
    /// What kind of machine it is.
    pub facts: Facts,
    /// The highest epoch it has seen, for every setup it has not forgotten.
    pub epochs: Vec<(SetupId, u64)>,
    /// Whether it heeds signed orders only, and how they are to be made.
    pub seal: Option<SealRequest>,
}

impl Hello {
    /// How long a task counts as running after its last sign of life.
    pub const LEASE: Duration = Duration::from_secs(30);
}

/// An orchestrator's first word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The protocol that is spoken from now on.
    pub protocol: u32,
    /// The version of its program.
    pub version: String,
    /// What time it is there.
    pub server_time: Timestamp,
}

/// How a machine is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// When it was so.
    pub at: Timestamp,
    /// Tasks running.
    pub running: u32,
    /// Tasks waiting.
    pub waiting: u32,
    /// Seconds since the daemon started.
    pub uptime_seconds: u64,
    /// What was measured.
    pub vitals: Vitals,
    /// What was wrong when it last looked at itself; at most [`Symptom::MAX`].
    pub symptoms: Vec<Symptom>,
}

/// One end of a conversation: say `Out`, hear `In`.
#[derive(Debug)]
pub struct Link<Out, In> {
    /// Say something. Waits when the other side is slow; an error once it is gone.
    pub tx: LinkSender<Out>,
    /// Hear something. `None` once the other side is gone.
    pub rx: LinkReceiver<In>,
}

/// A device's end of a conversation.
pub type DeviceLink = Link<FromDevice, ToDevice>;

/// An orchestrator's end of a conversation.
pub type OrchestratorLink = Link<ToDevice, FromDevice>;

impl<Out, In> Link<Out, In> {
    /// How many messages may wait in each direction.
    pub const DEPTH: usize = 64;

    /// Two ends that speak to each other, in memory.
    #[must_use]
    pub fn pair() -> (Self, Link<In, Out>) {
        let (out_tx, out_rx) = link_queue(Self::DEPTH);
        let (in_tx, in_rx) = link_queue(Self::DEPTH);
        (Self { tx: out_tx, rx: in_rx }, Link { tx: in_tx, rx: out_rx })
    }
}
