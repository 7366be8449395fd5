//! Signed heads of audit logs.

use super::values::{FromWire, ToWire, digest, digest_to_wire, line, parsed};
use crate::{WireError, wire};
use d1_core::{AuditCheckpoint, SignedHead, Timestamp};

impl ToWire for SignedHead {
    type Wire = wire::AuditHead;
    fn to_wire(&self) -> wire::AuditHead {
        let AuditCheckpoint { v, stream, seq, hash, at, key } = &self.checkpoint;
        wire::AuditHead {
            form: *v,
            stream: stream.clone(),
            seq: *seq,
            hash: digest_to_wire(hash),
            at_ms: at.0,
            key: key.to_string(),
            signature: self.signature.clone(),
        }
    }
}

impl FromWire for SignedHead {
    type Wire = wire::AuditHead;
    fn from_wire(wire: wire::AuditHead) -> Result<Self, WireError> {
        Ok(Self {
            checkpoint: AuditCheckpoint {
                v: wire.form,
                stream: line("AuditHead.stream", wire.stream)?,
                seq: wire.seq,
                hash: digest("AuditHead.hash", &wire.hash)?,
                at: Timestamp(wire.at_ms),
                key: parsed("AuditHead.key", &wire.key)?,
            },
            signature: line("AuditHead.signature", wire.signature)?,
        })
    }
}
