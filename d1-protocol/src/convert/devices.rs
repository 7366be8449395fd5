//! Devices as clients see them.

use super::{
    values::{
        FromWire, ToWire, all_parsed, all_to_text, all_to_wire, line, list, optional, parsed,
    },
    vitals::measured,
};
use crate::{
    WireError,
    api::{DeviceView, Devices, HealthView, Purged},
    limits::{MAX_DEVICES, MAX_PURGED, MAX_SYMPTOMS},
    wire::api as wire,
};

impl ToWire for Devices {
    type Wire = wire::DevicesReply;
    fn to_wire(&self) -> wire::DevicesReply {
        wire::DevicesReply { devices: all_to_wire(&self.devices), complete: self.complete }
    }
}

impl FromWire for Devices {
    type Wire = wire::DevicesReply;
    fn from_wire(wire: wire::DevicesReply) -> Result<Self, WireError> {
        Ok(Self {
            schema: Self::SCHEMA.to_owned(),
            devices: list("devices.devices", MAX_DEVICES, wire.devices)?,
            complete: wire.complete,
        })
    }
}

impl ToWire for DeviceView {
    type Wire = wire::devices_reply::Device;
    fn to_wire(&self) -> wire::devices_reply::Device {
        wire::devices_reply::Device {
            device_id: self.id.to_string(),
            version: self.version.clone(),
            system: self.system.clone(),
            since: self.since,
            heard: self.heard,
            certified: self.certified,
            health: self.health.as_ref().map(ToWire::to_wire),
        }
    }
}

impl FromWire for DeviceView {
    type Wire = wire::devices_reply::Device;
    fn from_wire(wire: wire::devices_reply::Device) -> Result<Self, WireError> {
        Ok(Self {
            id: parsed("device.device_id", &wire.device_id)?,
            version: line("device.version", wire.version)?,
            system: line("device.system", wire.system)?,
            since: wire.since,
            heard: wire.heard,
            certified: wire.certified,
            health: optional(wire.health)?,
        })
    }
}

impl ToWire for HealthView {
    type Wire = wire::devices_reply::Health;
    fn to_wire(&self) -> wire::devices_reply::Health {
        wire::devices_reply::Health {
            at: self.at,
            load: self.vitals.load,
            memory_available_bytes: self.vitals.memory_available_bytes,
            disk_free_bytes: self.vitals.disk_free_bytes,
            running: self.running,
            waiting: self.waiting,
            symptoms: all_to_wire(&self.symptoms),
            vitals: Some(self.vitals.to_wire()),
        }
    }
}

impl FromWire for HealthView {
    type Wire = wire::devices_reply::Health;
    fn from_wire(wire: wire::devices_reply::Health) -> Result<Self, WireError> {
        let first = (wire.load, wire.memory_available_bytes, wire.disk_free_bytes);
        Ok(Self {
            at: wire.at,
            vitals: measured(first, wire.vitals)?,
            running: wire.running,
            waiting: wire.waiting,
            symptoms: list("device.health.symptoms", MAX_SYMPTOMS, wire.symptoms)?,
        })
    }
}

impl ToWire for Purged {
    type Wire = wire::PurgeReply;
    fn to_wire(&self) -> wire::PurgeReply {
        wire::PurgeReply { setup_ids: all_to_text(&self.setups) }
    }
}

impl FromWire for Purged {
    type Wire = wire::PurgeReply;
    fn from_wire(wire: wire::PurgeReply) -> Result<Self, WireError> {
        let setups = all_parsed("purged.setup_ids", MAX_PURGED, &wire.setup_ids)?;
        Ok(Self { schema: Self::SCHEMA.to_owned(), setups })
    }
}
