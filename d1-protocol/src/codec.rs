//! One message, one frame of bytes.
//!
//! 1. The size is checked, and the elements are counted, before anything is decoded.
//! 2. The bytes are read as the generated types; unknown fields are skipped.
//! 3. The generated types become words of `d1_core`, or the reason they cannot.

use crate::{
    MAX_FRAME_BYTES, WireError,
    convert::{FromWire, ToWire},
    elements::{self, Shape},
};
use bytes::Bytes;
use d1_core::{FromDevice, OrderCodec, ToDevice};
use prost::Message as _;

/// Writes what an orchestrator says.
pub fn encode_to_device(message: &ToDevice) -> Result<Bytes, WireError> {
    encode(message)
}

/// Reads what an orchestrator said.
pub fn decode_to_device(frame: Bytes) -> Result<ToDevice, WireError> {
    decode(frame, elements::TO_DEVICE)
}

/// The language in which signed orders are written: that of the link itself.
#[must_use]
pub fn order_codec() -> OrderCodec {
    OrderCodec {
        write: |message| Ok(encode_to_device(message)?.into()),
        read: |bytes| Ok(decode_to_device(Bytes::copy_from_slice(bytes))?),
    }
}

/// Writes what a device says.
pub fn encode_from_device(message: &FromDevice) -> Result<Bytes, WireError> {
    encode(message)
}

/// Reads what a device said.
pub fn decode_from_device(frame: Bytes) -> Result<FromDevice, WireError> {
    decode(frame, elements::FROM_DEVICE)
}

fn encode<T: ToWire<Wire: prost::Message>>(message: &T) -> Result<Bytes, WireError> {
    let wire = message.to_wire();
    fits(wire.encoded_len())?;
    Ok(wire.encode_to_vec().into())
}

fn decode<T>(frame: Bytes, shape: Shape) -> Result<T, WireError>
where
    T: FromWire<Wire: prost::Message + Default>,
{
    fits(frame.len())?;
    elements::bounded(&frame, shape)?;
    let wire = T::Wire::decode(frame).map_err(|error| WireError::Malformed(Box::new(error)))?;
    T::from_wire(wire)
}

fn fits(given: usize) -> Result<(), WireError> {
    if given > MAX_FRAME_BYTES {
        return Err(WireError::TooLarge { given, max: MAX_FRAME_BYTES });
    }
    Ok(())
}
