//! What can happen to a setup, and what has to be done because of it.

use crate::{Amount, StopMode, TaskEvent, TaskId};

/// What can happen to a setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupEvent {
    /// A person said yes.
    Approve,
    /// A person said no.
    Decline,
    /// Something happened to a task.
    Task(TaskId, TaskEvent),
    /// The link to the device was lost.
    LinkLost,
    /// There is a link to the device, new or again.
    LinkUp,
    /// It is to stop.
    Stop(StopMode),
    /// It is to go on where it ended.
    Resume,
    /// What was not sent has waited for the device for as long as was agreed on.
    Expire,
    /// Its device is given up: what is out is lost, and nothing more is begun.
    WriteOff,
}

/// What has to be done because of an event, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send the task to the device, or send it again.
    Dispatch(TaskId),
    /// Ask the device to stop the task.
    Cancel(TaskId, StopMode),
    /// Tell the device that its result is kept.
    ConfirmResult(TaskId),
    /// It is over: charge this, free the rest, let the device forget every task.
    Settle(Amount),
}

impl SetupEvent {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Approve => "be approved",
            Self::Decline => "be declined",
            Self::Task(..) => "hear of a task",
            Self::LinkLost => "lose its link",
            Self::LinkUp => "gain a link",
            Self::Stop(_) => "stop",
            Self::Resume => "go on",
            Self::Expire => "expire",
            Self::WriteOff => "be written off",
        }
    }
}
