//! What is measured of a machine. Load, memory and disk came before the rest, and stand beside it.

use super::values::{ToWire, invalid};
use crate::{WireError, wire};
use d1_core::Vitals;

impl ToWire for Vitals {
    type Wire = wire::Vitals;
    fn to_wire(&self) -> wire::Vitals {
        wire::Vitals {
            cpu: self.cpu,
            memory_total_bytes: self.memory_total_bytes,
            disk_total_bytes: self.disk_total_bytes,
            received_per_second: self.received_per_second,
            sent_per_second: self.sent_per_second,
            hottest_celsius: self.hottest_celsius,
            own_cpu: self.own_cpu,
            own_memory_bytes: self.own_memory_bytes,
        }
    }
}

/// Load, memory and disk, with the rest; an older device tells no rest.
pub(super) fn measured(
    (load, memory_available_bytes, disk_free_bytes): (f64, u64, u64),
    rest: Option<wire::Vitals>,
) -> Result<Vitals, WireError> {
    let rest = rest.unwrap_or_default();
    let vitals = Vitals {
        load,
        cpu: rest.cpu,
        memory_available_bytes,
        memory_total_bytes: rest.memory_total_bytes,
        disk_free_bytes,
        disk_total_bytes: rest.disk_total_bytes,
        received_per_second: rest.received_per_second,
        sent_per_second: rest.sent_per_second,
        hottest_celsius: rest.hottest_celsius,
        own_cpu: rest.own_cpu,
        own_memory_bytes: rest.own_memory_bytes,
    };
    if vitals.is_sound() {
        Ok(vitals)
    } else {
        Err(invalid("Health", "what is measured is a number"))
    }
}
