//! One message, one frame of bytes.
//!
//! 1. The size is checked before anything is decoded.
//! 2. The bytes are read as the generated types; unknown fields are skipped.
//! 3. The generated types become words of `d1_core`, or the reason they cannot.

use crate::{
    MAX_FRAME_BYTES, WireError,
    convert::{FromWire, ToWire},
};
use bytes::Bytes;
use d1_core::{FromDevice, ToDevice};
use prost::Message as _;

/// Writes what an orchestrator says.
pub fn encode_to_device(message: &ToDevice) -> Result<Bytes, WireError> {
    encode(message)
}

/// Reads what an orchestrator said.
pub fn decode_to_device(frame: Bytes) -> Result<ToDevice, WireError> {
    decode(frame)
}

/// Writes what a device says.
pub fn encode_from_device(message: &FromDevice) -> Result<Bytes, WireError> {
    encode(message)
}

/// Reads what a device said.
pub fn decode_from_device(frame: Bytes) -> Result<FromDevice, WireError> {
    decode(frame)
}

fn encode<T: ToWire<Wire: prost::Message>>(message: &T) -> Result<Bytes, WireError> {
    let wire = message.to_wire();
    fits(wire.encoded_len())?;
    Ok(wire.encode_to_vec().into())
}

fn decode<T: FromWire<Wire: prost::Message + Default>>(frame: Bytes) -> Result<T, WireError> {
    fits(frame.len())?;
    let wire = T::Wire::decode(frame).map_err(|error| WireError::Malformed(Box::new(error)))?;
    T::from_wire(wire)
}

fn fits(given: usize) -> Result<(), WireError> {
    if given > MAX_FRAME_BYTES {
        return Err(WireError::TooLarge { given, max: MAX_FRAME_BYTES });
    }
    Ok(())
}
