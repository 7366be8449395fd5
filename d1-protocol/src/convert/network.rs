//! What a command did on the network.

use super::values::{FromWire, ToWire, all_to_wire, invalid, line, list, mirror};
use crate::{WireError, limits::MAX_DECISIONS, wire};
use d1_core::{NetworkAsk, NetworkDecision, NetworkReason, NetworkUse};

mirror!(NetworkAsk, wire::NetworkAsk, "NetworkDecision.ask", { Name, Record, Connection, Request });

impl ToWire for NetworkDecision {
    type Wire = wire::NetworkDecision;
    fn to_wire(&self) -> wire::NetworkDecision {
        wire::NetworkDecision {
            ask: self.ask.to_wire(),
            host: self.host.clone(),
            address: self.address.clone(),
            port: u32::from(self.port),
            allowed: self.allowed,
            reason: self.reason.map_or_else(String::new, |reason| reason.code().to_owned()),
            times: self.times,
            sent: self.sent,
            received: self.received,
        }
    }
}

impl FromWire for NetworkDecision {
    type Wire = wire::NetworkDecision;
    fn from_wire(wire: wire::NetworkDecision) -> Result<Self, WireError> {
        Ok(Self {
            ask: NetworkAsk::from_wire(wire.ask)?,
            host: line("NetworkDecision.host", wire.host)?,
            address: line("NetworkDecision.address", wire.address)?,
            port: u16::try_from(wire.port)
                .map_err(|error| invalid("NetworkDecision.port", error))?,
            allowed: wire.allowed,
            reason: NetworkReason::of_code(&wire.reason),
            times: wire.times,
            sent: wire.sent,
            received: wire.received,
        })
    }
}

impl ToWire for NetworkUse {
    type Wire = wire::NetworkUse;
    fn to_wire(&self) -> wire::NetworkUse {
        wire::NetworkUse {
            decisions: all_to_wire(&self.decisions),
            dropped: self.dropped,
            proxy: self.proxy.clone(),
            closed: self.closed.clone(),
        }
    }
}

impl FromWire for NetworkUse {
    type Wire = wire::NetworkUse;
    fn from_wire(wire: wire::NetworkUse) -> Result<Self, WireError> {
        Ok(Self {
            decisions: list("NetworkUse.decisions", MAX_DECISIONS, wire.decisions)?,
            dropped: wire.dropped,
            proxy: line("NetworkUse.proxy", wire.proxy)?,
            closed: line("NetworkUse.closed", wire.closed)?,
        })
    }
}
