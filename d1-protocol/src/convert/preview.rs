//! What actions would change.

use super::values::{
    FromWire, ToWire, all_parsed, all_to_text, all_to_wire, list, optional, required, text, texts,
};
use crate::{
    WireError,
    limits::{MAX_CHANGES, MAX_CLAIMS, MAX_TEXT_BYTES, MAX_WARNINGS},
    wire::{self, presence::Kind},
};
use d1_core::{Presence, Preview};

impl ToWire for Presence {
    type Wire = wire::Presence;
    fn to_wire(&self) -> wire::Presence {
        let kind = match self {
            Self::Present => Kind::Present(wire::Nothing {}),
            Self::Absent => Kind::Absent(wire::Nothing {}),
            Self::Unknown(why) => Kind::Unknown(why.clone()),
        };
        wire::Presence { kind: Some(kind) }
    }
}

impl FromWire for Presence {
    type Wire = wire::Presence;
    fn from_wire(wire: wire::Presence) -> Result<Self, WireError> {
        Ok(match wire.kind.ok_or(WireError::Missing { field: "Presence.kind" })? {
            Kind::Present(wire::Nothing {}) => Self::Present,
            Kind::Absent(wire::Nothing {}) => Self::Absent,
            Kind::Unknown(why) => Self::Unknown(text("Presence.unknown", MAX_TEXT_BYTES, why)?),
        })
    }
}

impl ToWire for Preview {
    type Wire = wire::Preview;
    fn to_wire(&self) -> wire::Preview {
        wire::Preview {
            presence: Some(self.presence.to_wire()),
            changes: all_to_wire(&self.changes),
            download_bytes: self.download_bytes,
            disk_bytes: self.disk_bytes,
            undo: Some(self.undo.to_wire()),
            warnings: self.warnings.clone(),
            blocked: self.blocked.as_ref().map(ToWire::to_wire),
            hosts: all_to_text(&self.hosts),
            signature: self.signature,
            yes_here: self.yes_here,
        }
    }
}

impl FromWire for Preview {
    type Wire = wire::Preview;
    fn from_wire(wire: wire::Preview) -> Result<Self, WireError> {
        Ok(Self {
            presence: required("Preview.presence", wire.presence)?,
            changes: list("Preview.changes", MAX_CHANGES, wire.changes)?,
            download_bytes: wire.download_bytes,
            disk_bytes: wire.disk_bytes,
            undo: required("Preview.undo", wire.undo)?,
            warnings: texts("Preview.warnings", MAX_WARNINGS, MAX_TEXT_BYTES, wire.warnings)?,
            blocked: optional(wire.blocked)?,
            hosts: all_parsed("Preview.hosts", MAX_CLAIMS, &wire.hosts)?,
            signature: wire.signature,
            yes_here: wire.yes_here,
        })
    }
}
