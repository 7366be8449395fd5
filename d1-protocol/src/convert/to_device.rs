//! Everything an orchestrator says.

use super::{
    proposal,
    values::{FromWire, ToWire, all_to_wire, digest, digest_to_wire, list, mirror, parsed},
};
use crate::{
    WireError,
    limits::MAX_ANSWERS,
    wire::{self, to_device::Message as W},
};
use bytes::Bytes;
use d1_core::{OrderKeySet, Problem, SignedHead, StopMode, TaskCommand, ToDevice, Welcome};

mirror!(StopMode, wire::cancel::Mode, "Cancel.mode", { AfterStep, Now, Kill });

impl ToWire for ToDevice {
    type Wire = wire::ToDevice;
    fn to_wire(&self) -> wire::ToDevice {
        let message = match self {
            Self::Welcome(welcome) => W::Welcome(welcome.to_wire()),
            Self::Run(command) => W::Run(command.to_wire()),
            Self::Cancel { task, setup, epoch, mode } => W::Cancel(wire::Cancel {
                task_id: task.to_string(),
                setup_id: setup.to_string(),
                epoch: *epoch,
                mode: mode.to_wire(),
            }),
            Self::ResultStored { task, attempt } => {
                W::ResultStored(wire::ResultStored { task_id: task.to_string(), attempt: *attempt })
            }
            Self::OutputStored { task, attempt, seq } => W::OutputStored(wire::OutputStored {
                task_id: task.to_string(),
                attempt: *attempt,
                seq: *seq,
            }),
            Self::Forget { task, attempt } => {
                W::Forget(wire::Forget { task_id: task.to_string(), attempt: *attempt })
            }
            Self::Ask { request, queries } => {
                W::Ask(wire::Ask { request_id: request.to_string(), queries: all_to_wire(queries) })
            }
            Self::Preview { request, proposals } => {
                let (actions, claims) = proposal::to_wire(proposals);
                W::Preview(wire::PreviewRequest {
                    request_id: request.to_string(),
                    actions,
                    claims,
                })
            }
            Self::Confirmed { task, yes } => {
                W::Confirmed(wire::Confirmed { task_id: task.to_string(), yes: *yes })
            }
            Self::Drain => W::Drain(wire::Drain {}),
            Self::Anchor(head) => W::Anchor(head.to_wire()),
            Self::Error(problem) => W::Error(problem.to_wire()),
            Self::Signed(envelope) => {
                W::Signed(wire::SignedOrder { envelope: Bytes::copy_from_slice(envelope) })
            }
            Self::OrderKeys(keys) => W::OrderKeys(keys.to_wire()),
            Self::ShowWaiting { request, place } => {
                W::ShowWaiting(wire::ShowWaiting { request_id: request.to_string(), place: *place })
            }
            Self::Decide { request, task, what, yes } => W::Decide(wire::Decide {
                request_id: request.to_string(),
                task_id: task.to_string(),
                what: digest_to_wire(what),
                yes: *yes,
            }),
        };
        wire::ToDevice { message: Some(message) }
    }
}

impl FromWire for ToDevice {
    type Wire = wire::ToDevice;
    fn from_wire(wire: wire::ToDevice) -> Result<Self, WireError> {
        Ok(match wire.message.ok_or(WireError::UnknownMessage)? {
            W::Welcome(welcome) => Self::Welcome(Welcome::from_wire(welcome)?),
            W::Run(command) => Self::Run(Box::new(TaskCommand::from_wire(command)?)),
            W::Cancel(cancel) => Self::Cancel {
                task: parsed("Cancel.task_id", &cancel.task_id)?,
                setup: parsed("Cancel.setup_id", &cancel.setup_id)?,
                epoch: cancel.epoch,
                mode: StopMode::from_wire(cancel.mode)?,
            },
            W::ResultStored(stored) => Self::ResultStored {
                task: parsed("ResultStored.task_id", &stored.task_id)?,
                attempt: stored.attempt,
            },
            W::OutputStored(stored) => Self::OutputStored {
                task: parsed("OutputStored.task_id", &stored.task_id)?,
                attempt: stored.attempt,
                seq: stored.seq,
            },
            W::Forget(forget) => Self::Forget {
                task: parsed("Forget.task_id", &forget.task_id)?,
                attempt: forget.attempt,
            },
            W::Ask(ask) => Self::Ask {
                request: parsed("Ask.request_id", &ask.request_id)?,
                queries: list("Ask.queries", MAX_ANSWERS, ask.queries)?,
            },
            W::Preview(preview) => Self::Preview {
                request: parsed("PreviewRequest.request_id", &preview.request_id)?,
                proposals: proposal::from_wire(preview.actions, preview.claims)?,
            },
            W::Confirmed(confirmed) => Self::Confirmed {
                task: parsed("Confirmed.task_id", &confirmed.task_id)?,
                yes: confirmed.yes,
            },
            W::Drain(wire::Drain {}) => Self::Drain,
            W::Anchor(head) => Self::Anchor(Box::new(SignedHead::from_wire(head)?)),
            W::Error(problem) => Self::Error(Problem::from_wire(problem)?),
            // How large it may be is said by whoever verifies it; a frame holds no more anyway.
            W::Signed(order) => Self::Signed(order.envelope.into()),
            W::OrderKeys(keys) => Self::OrderKeys(OrderKeySet::from_wire(keys)?),
            W::ShowWaiting(show) => Self::ShowWaiting {
                request: parsed("ShowWaiting.request_id", &show.request_id)?,
                place: show.place,
            },
            W::Decide(decide) => Self::Decide {
                request: parsed("Decide.request_id", &decide.request_id)?,
                task: parsed("Decide.task_id", &decide.task_id)?,
                what: digest("Decide.what", &decide.what)?,
                yes: decide.yes,
            },
        })
    }
}
