//! Messages written by hand, as others might write them.

use prost::encoding::encode_varint;

/// A field with a length in front: a text, bytes, a message.
pub(crate) fn field(number: u32, inside: impl AsRef<[u8]>) -> Vec<u8> {
    let inside = inside.as_ref();
    let mut bytes = Vec::new();
    encode_varint(u64::from(number) << 3 | 2, &mut bytes);
    encode_varint(inside.len() as u64, &mut bytes);
    bytes.extend_from_slice(inside);
    bytes
}

/// A field with a number in it.
pub(crate) fn number(number: u32, value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_varint(u64::from(number) << 3, &mut bytes);
    encode_varint(value, &mut bytes);
    bytes
}

/// A field with a floating-point number in it.
pub(crate) fn float(number: u32, value: f64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_varint(u64::from(number) << 3 | 1, &mut bytes);
    bytes.extend_from_slice(&value.to_le_bytes());
    bytes
}
