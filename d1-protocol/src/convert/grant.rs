//! Signatures of people, and tasks that wait for a yes at the machine.

use super::values::{FromWire, ToWire, invalid, mirror, required, text};
use crate::{WireError, limits::MAX_TEXT_BYTES, wire};
use bytes::Bytes;
use d1_core::{Risk, SealedGrant, Timestamp, WaitingTask};

mirror!(Risk, wire::waiting::Risk, "Waiting.risk", { Looks, Own, System, Grave });

/// What is carried of a grant; nothing of it is read here.
pub(super) fn to_wire(grant: Option<&SealedGrant>) -> Bytes {
    grant.map(|grant| Bytes::copy_from_slice(grant.as_bytes())).unwrap_or_default()
}

/// The grant that came; none when nothing did.
pub(super) fn from_wire(bytes: &Bytes) -> Result<Option<SealedGrant>, WireError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let (given, max) = (bytes.len(), SealedGrant::MAX_BYTES);
    if given > max {
        return Err(WireError::TooLong { field: "TaskCommand.grant", given, max });
    }
    let grant = SealedGrant::new(bytes.to_vec());
    grant.map(Some).map_err(|error| invalid("TaskCommand.grant", error))
}

impl ToWire for WaitingTask {
    type Wire = wire::waiting::One;
    fn to_wire(&self) -> wire::waiting::One {
        wire::waiting::One {
            command: Some(self.command.to_wire()),
            risk: self.risk.to_wire(),
            why: self.why.clone(),
            by: self.by.clone(),
            until_ms: self.until.0,
        }
    }
}

impl FromWire for WaitingTask {
    type Wire = wire::waiting::One;
    fn from_wire(wire: wire::waiting::One) -> Result<Self, WireError> {
        Ok(Self {
            command: required("Waiting.one.command", wire.command)?,
            risk: Risk::from_wire(wire.risk)?,
            why: text("Waiting.one.why", MAX_TEXT_BYTES, wire.why)?,
            by: text("Waiting.one.by", MAX_TEXT_BYTES, wire.by)?,
            until: Timestamp(wire.until_ms),
        })
    }
}
