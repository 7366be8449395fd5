//! Everything a device says.

use super::values::{
    FromWire, ToWire, all_parsed, all_to_text, all_to_wire, list, mirror, optional, parsed,
    required, text,
};
use crate::{
    WireError,
    limits::{MAX_LEASES, MAX_OUTPUT_BYTES, MAX_PREVIEWS, MAX_TEXT_BYTES},
    wire::{self, from_device::Message as W},
};
use bytes::Bytes;
use d1_core::{
    FromDevice, Health, Hello, Output, OutputChunk, Problem, SignedHead, Stream, TaskResult,
};

mirror!(Stream, wire::output_chunk::Stream, "OutputChunk.stream", { Stdout, Stderr, Note });

impl ToWire for OutputChunk {
    type Wire = wire::OutputChunk;
    fn to_wire(&self) -> wire::OutputChunk {
        wire::OutputChunk {
            task_id: self.task.to_string(),
            attempt: self.attempt,
            seq: self.seq,
            stream: self.output.stream.to_wire(),
            data: Bytes::copy_from_slice(&self.output.bytes),
        }
    }
}

impl FromWire for OutputChunk {
    type Wire = wire::OutputChunk;
    fn from_wire(wire: wire::OutputChunk) -> Result<Self, WireError> {
        let (given, max) = (wire.data.len(), MAX_OUTPUT_BYTES);
        if given > max {
            return Err(WireError::TooLong { field: "OutputChunk.data", given, max });
        }
        Ok(Self {
            task: parsed("OutputChunk.task_id", &wire.task_id)?,
            attempt: wire.attempt,
            seq: wire.seq,
            output: Output { stream: Stream::from_wire(wire.stream)?, bytes: wire.data.into() },
        })
    }
}

impl ToWire for FromDevice {
    type Wire = wire::FromDevice;
    fn to_wire(&self) -> wire::FromDevice {
        let message = match self {
            Self::Hello(hello) => W::Hello(hello.to_wire()),
            Self::Received { task, attempt } => {
                W::Received(wire::Received { task_id: task.to_string(), attempt: *attempt })
            }
            Self::Started { task, attempt } => {
                W::Started(wire::Started { task_id: task.to_string(), attempt: *attempt })
            }
            Self::Output(chunk) => W::Output(chunk.to_wire()),
            Self::Lease(tasks) => W::Lease(wire::Lease { task_ids: all_to_text(tasks) }),
            Self::Finished(result) => W::Finished(result.to_wire()),
            Self::Facts { request, facts } => W::Facts(wire::FactsReply {
                request_id: request.to_string(),
                facts: Some(facts.to_wire()),
            }),
            Self::Previews { request, previews } => W::Previews(wire::PreviewReply {
                request_id: request.to_string(),
                previews: all_to_wire(previews),
            }),
            Self::Refused { request, problem } => W::Refused(wire::Refused {
                request_id: request.to_string(),
                problem: Some(problem.to_wire()),
            }),
            Self::Confirm { task, what, here } => W::Confirm(wire::Confirm {
                task_id: task.to_string(),
                what: what.clone(),
                here: *here,
            }),
            Self::Waiting { request, count, one } => W::Waiting(wire::Waiting {
                request_id: request.to_string(),
                count: *count,
                one: one.as_ref().map(|one| one.to_wire()),
            }),
            Self::Health(health) => W::Health(health.to_wire()),
            Self::Anchor(head) => W::Anchor(head.to_wire()),
            Self::Error(problem) => W::Error(problem.to_wire()),
        };
        wire::FromDevice { message: Some(message) }
    }
}

impl FromWire for FromDevice {
    type Wire = wire::FromDevice;
    fn from_wire(wire: wire::FromDevice) -> Result<Self, WireError> {
        Ok(match wire.message.ok_or(WireError::UnknownMessage)? {
            W::Hello(hello) => Self::Hello(Box::new(Hello::from_wire(hello)?)),
            W::Received(received) => Self::Received {
                task: parsed("Received.task_id", &received.task_id)?,
                attempt: received.attempt,
            },
            W::Started(started) => Self::Started {
                task: parsed("Started.task_id", &started.task_id)?,
                attempt: started.attempt,
            },
            W::Output(chunk) => Self::Output(OutputChunk::from_wire(chunk)?),
            W::Lease(lease) => {
                Self::Lease(all_parsed("Lease.task_ids", MAX_LEASES, &lease.task_ids)?)
            }
            W::Finished(result) => Self::Finished(Box::new(TaskResult::from_wire(result)?)),
            W::Facts(reply) => Self::Facts {
                request: parsed("FactsReply.request_id", &reply.request_id)?,
                facts: Box::new(required("FactsReply.facts", reply.facts)?),
            },
            W::Previews(reply) => Self::Previews {
                request: parsed("PreviewReply.request_id", &reply.request_id)?,
                previews: list("PreviewReply.previews", MAX_PREVIEWS, reply.previews)?,
            },
            W::Refused(refused) => Self::Refused {
                request: parsed("Refused.request_id", &refused.request_id)?,
                problem: required("Refused.problem", refused.problem)?,
            },
            W::Confirm(confirm) => Self::Confirm {
                task: parsed("Confirm.task_id", &confirm.task_id)?,
                what: text("Confirm.what", MAX_TEXT_BYTES, confirm.what)?,
                here: confirm.here,
            },
            W::Waiting(waiting) => Self::Waiting {
                request: parsed("Waiting.request_id", &waiting.request_id)?,
                count: waiting.count,
                one: optional(waiting.one)?.map(Box::new),
            },
            W::Health(health) => Self::Health(Box::new(Health::from_wire(health)?)),
            W::Anchor(head) => Self::Anchor(Box::new(SignedHead::from_wire(head)?)),
            W::Error(problem) => Self::Error(Problem::from_wire(problem)?),
        })
    }
}
