//! Signed orders, and the keys that they are signed with.

use super::values::{FromWire, ToWire, all_to_wire, counted, invalid, list, mirror};
use crate::{WireError, limits::MAX_ORDER_KEYS, wire};
use bytes::Bytes;
use d1_core::{
    AnnouncedKey, KeyStage, LinkChallenge, OrderKeySet, OrderPublicKey, SealRequest, Timestamp,
};

mirror!(KeyStage, wire::order_keys::Stage, "OrderKeys.keys.stage", { Next, Active, Retired });

impl ToWire for SealRequest {
    type Wire = wire::SealRequest;
    fn to_wire(&self) -> wire::SealRequest {
        wire::SealRequest {
            challenge: Bytes::copy_from_slice(self.challenge.as_bytes()),
            keys: self.keys.iter().map(key_to_wire).collect(),
        }
    }
}

impl FromWire for SealRequest {
    type Wire = wire::SealRequest;
    fn from_wire(wire: wire::SealRequest) -> Result<Self, WireError> {
        const FIELD: &str = "SealRequest.keys";
        let challenge = <[u8; LinkChallenge::BYTES]>::try_from(wire.challenge.as_ref());
        let challenge =
            challenge.map_err(|_| invalid("SealRequest.challenge", "a challenge has 32 bytes"))?;
        counted(FIELD, MAX_ORDER_KEYS, wire.keys.len())?;
        Ok(Self {
            challenge: LinkChallenge::from_bytes(challenge),
            keys: wire.keys.iter().map(|bytes| key(FIELD, bytes)).collect::<Result<_, _>>()?,
        })
    }
}

impl ToWire for AnnouncedKey {
    type Wire = wire::order_keys::Key;
    fn to_wire(&self) -> wire::order_keys::Key {
        wire::order_keys::Key {
            public: key_to_wire(&self.key),
            stage: self.stage.to_wire(),
            since_ms: self.since.0,
        }
    }
}

impl FromWire for AnnouncedKey {
    type Wire = wire::order_keys::Key;
    fn from_wire(wire: wire::order_keys::Key) -> Result<Self, WireError> {
        Ok(Self {
            key: key("OrderKeys.keys.public", &wire.public)?,
            stage: KeyStage::from_wire(wire.stage)?,
            since: Timestamp(wire.since_ms),
        })
    }
}

impl ToWire for OrderKeySet {
    type Wire = wire::OrderKeys;
    fn to_wire(&self) -> wire::OrderKeys {
        wire::OrderKeys { version: self.version, keys: all_to_wire(&self.keys) }
    }
}

impl FromWire for OrderKeySet {
    type Wire = wire::OrderKeys;
    fn from_wire(wire: wire::OrderKeys) -> Result<Self, WireError> {
        let keys = list("OrderKeys.keys", MAX_ORDER_KEYS, wire.keys)?;
        Ok(Self { version: wire.version, keys })
    }
}

fn key_to_wire(key: &OrderPublicKey) -> Bytes {
    Bytes::copy_from_slice(key.as_bytes())
}

fn key(field: &'static str, bytes: &Bytes) -> Result<OrderPublicKey, WireError> {
    let key = OrderPublicKey::from_bytes(bytes);
    key.ok_or_else(|| invalid(field, "a key has 32 bytes that are a point of the curve"))
}
