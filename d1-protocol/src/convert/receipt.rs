//! Receipts, with the protection that was in force.

use super::values::{
    FromWire, ToWire, all_to_wire, digest, digest_to_wire, line, list, optional, parsed,
    parsed_unless_empty, required, text, texts,
};
use crate::{
    WireError,
    limits::{MAX_CHANGES, MAX_LAYERS, MAX_TEXT_BYTES},
    wire,
};
use d1_core::{IsolationReport, Layer, NetworkUse, Receipt, Timestamp};

impl ToWire for Layer {
    type Wire = wire::Layer;
    fn to_wire(&self) -> wire::Layer {
        wire::Layer {
            name: self.name.clone(),
            in_force: self.in_force,
            why_not: self.why_not.clone(),
        }
    }
}

impl FromWire for Layer {
    type Wire = wire::Layer;
    fn from_wire(wire: wire::Layer) -> Result<Self, WireError> {
        Ok(Self {
            name: line("Layer.name", wire.name)?,
            in_force: wire.in_force,
            why_not: text("Layer.why_not", MAX_TEXT_BYTES, wire.why_not)?,
        })
    }
}

impl ToWire for IsolationReport {
    type Wire = wire::IsolationReport;
    fn to_wire(&self) -> wire::IsolationReport {
        let network = (self.network != NetworkUse::default()).then(|| self.network.to_wire());
        wire::IsolationReport {
            profile: self.profile.clone(),
            layers: all_to_wire(&self.layers),
            network,
        }
    }
}

impl FromWire for IsolationReport {
    type Wire = wire::IsolationReport;
    fn from_wire(wire: wire::IsolationReport) -> Result<Self, WireError> {
        Ok(Self {
            profile: line("IsolationReport.profile", wire.profile)?,
            layers: list("IsolationReport.layers", MAX_LAYERS, wire.layers)?,
            network: optional(wire.network)?.unwrap_or_default(),
        })
    }
}

impl ToWire for Receipt {
    type Wire = wire::Receipt;
    fn to_wire(&self) -> wire::Receipt {
        wire::Receipt {
            task_id: self.task.to_string(),
            setup_id: self.setup.to_string(),
            attempt: self.attempt,
            at_ms: self.at.0,
            changes: all_to_wire(&self.changes),
            relies_on: all_to_wire(&self.relies_on),
            opaque: self.opaque,
            kept: self.kept.clone(),
            reverts: self.reverts.map(|task| task.to_string()).unwrap_or_default(),
            isolation: Some(self.isolation.to_wire()),
            manifest: (!self.manifest.is_empty()).then(|| self.manifest.to_wire()),
            grant: self.grant.as_ref().map(digest_to_wire).unwrap_or_default(),
        }
    }
}

impl FromWire for Receipt {
    type Wire = wire::Receipt;
    fn from_wire(wire: wire::Receipt) -> Result<Self, WireError> {
        Ok(Self {
            task: parsed("Receipt.task_id", &wire.task_id)?,
            setup: parsed("Receipt.setup_id", &wire.setup_id)?,
            attempt: wire.attempt,
            at: Timestamp(wire.at_ms),
            changes: list("Receipt.changes", MAX_CHANGES, wire.changes)?,
            relies_on: list("Receipt.relies_on", MAX_CHANGES, wire.relies_on)?,
            opaque: wire.opaque,
            kept: texts("Receipt.kept", MAX_CHANGES, MAX_TEXT_BYTES, wire.kept)?,
            reverts: parsed_unless_empty("Receipt.reverts", &wire.reverts)?,
            isolation: required("Receipt.isolation", wire.isolation)?,
            manifest: optional(wire.manifest)?.unwrap_or_default(),
            grant: match wire.grant.is_empty() {
                true => None,
                false => Some(digest("Receipt.grant", &wire.grant)?),
            },
        })
    }
}
