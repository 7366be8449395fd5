//! First words, and how a machine is.

use super::{
    values::{FromWire, ToWire, all_to_wire, line, list, optional, parsed, required},
    vitals::measured,
};
use crate::{
    WireError,
    limits::{MAX_EPOCHS, MAX_SYMPTOMS},
    wire,
};
use d1_core::{Health, Hello, SetupId, Timestamp, Welcome};

/// The highest epoch seen for one setup.
struct Epoch(SetupId, u64);

impl FromWire for Epoch {
    type Wire = wire::hello::Epoch;
    fn from_wire(wire: wire::hello::Epoch) -> Result<Self, WireError> {
        Ok(Self(parsed("Hello.epochs.setup_id", &wire.setup_id)?, wire.epoch))
    }
}

impl ToWire for Hello {
    type Wire = wire::Hello;
    fn to_wire(&self) -> wire::Hello {
        let epochs = self.epochs.iter().map(|(setup, epoch)| wire::hello::Epoch {
            setup_id: setup.to_string(),
            epoch: *epoch,
        });
        wire::Hello {
            device_id: self.device.to_string(),
            protocol_min: self.protocol_min,
            protocol_max: self.protocol_max,
            version: self.version.clone(),
            facts: Some(self.facts.to_wire()),
            epochs: epochs.collect(),
            seal: self.seal.as_ref().map(ToWire::to_wire),
        }
    }
}

impl FromWire for Hello {
    type Wire = wire::Hello;
    fn from_wire(wire: wire::Hello) -> Result<Self, WireError> {
        let epochs: Vec<Epoch> = list("Hello.epochs", MAX_EPOCHS, wire.epochs)?;
        Ok(Self {
            device: parsed("Hello.device_id", &wire.device_id)?,
            protocol_min: wire.protocol_min,
            protocol_max: wire.protocol_max,
            version: line("Hello.version", wire.version)?,
            facts: required("Hello.facts", wire.facts)?,
            epochs: epochs.into_iter().map(|Epoch(setup, epoch)| (setup, epoch)).collect(),
            seal: optional(wire.seal)?,
        })
    }
}

impl ToWire for Welcome {
    type Wire = wire::Welcome;
    fn to_wire(&self) -> wire::Welcome {
        wire::Welcome {
            protocol: self.protocol,
            version: self.version.clone(),
            server_time_ms: self.server_time.0,
        }
    }
}

impl FromWire for Welcome {
    type Wire = wire::Welcome;
    fn from_wire(wire: wire::Welcome) -> Result<Self, WireError> {
        Ok(Self {
            protocol: wire.protocol,
            version: line("Welcome.version", wire.version)?,
            server_time: Timestamp(wire.server_time_ms),
        })
    }
}

impl ToWire for Health {
    type Wire = wire::Health;
    fn to_wire(&self) -> wire::Health {
        wire::Health {
            at_ms: self.at.0,
            running: self.running,
            waiting: self.waiting,
            uptime_seconds: self.uptime_seconds,
            load: self.vitals.load,
            memory_available_bytes: self.vitals.memory_available_bytes,
            disk_free_bytes: self.vitals.disk_free_bytes,
            symptoms: all_to_wire(&self.symptoms),
            vitals: Some(self.vitals.to_wire()),
        }
    }
}

impl FromWire for Health {
    type Wire = wire::Health;
    fn from_wire(wire: wire::Health) -> Result<Self, WireError> {
        let first = (wire.load, wire.memory_available_bytes, wire.disk_free_bytes);
        Ok(Self {
            at: Timestamp(wire.at_ms),
            running: wire.running,
            waiting: wire.waiting,
            uptime_seconds: wire.uptime_seconds,
            vitals: measured(first, wire.vitals)?,
            symptoms: list("Health.symptoms", MAX_SYMPTOMS, wire.symptoms)?,
        })
    }
}
