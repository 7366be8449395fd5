//! Counts the elements of all lists in a frame, before anything is made of them.
//!
//! Two bytes on the wire can be an element of hundreds of bytes in memory, so that a frame
//! within its bounds could still cost a hundred times its size. The bytes are walked along the
//! shapes of the messages, which the build makes of the `.proto` files; nothing is kept.

use crate::{WireError, limits::MAX_ELEMENTS};

/// As deep as messages can be decoded. What is nested deeper is refused by the decoder.
const MAX_DEPTH: usize = 100;

/// A message, by its place in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape(usize);

/// A field that holds messages, or many of anything.
struct Holder {
    number: u64,
    many: bool,
    inside: Option<Shape>,
}

include!(concat!(env!("OUT_DIR"), "/shapes.rs"));

/// Refuses a frame with more than [`MAX_ELEMENTS`] elements.
///
/// Of bytes that are no message only the part before the damage counts: the decoder comes no
/// further either, and tells what is wrong.
pub(crate) fn bounded(frame: &[u8], shape: Shape) -> Result<(), WireError> {
    let mut count = 0;
    let _whole = walk(frame, shape, 0, &mut count);
    if count > MAX_ELEMENTS {
        return Err(WireError::TooMany { field: "message", given: count, max: MAX_ELEMENTS });
    }
    Ok(())
}

/// Adds the elements of a message to `count`; `None` at damage, or when it is enough.
fn walk(mut bytes: &[u8], shape: Shape, depth: usize, count: &mut usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let holder = SHAPES.get(shape.0)?.iter().find(|holder| holder.number == key >> 3);
        if holder.is_some_and(|holder| holder.many) {
            *count += 1;
            if *count > MAX_ELEMENTS {
                return None;
            }
        }
        let inside = value(&mut bytes, key & 7)?;
        if let Some(shape) = holder.and_then(|holder| holder.inside) {
            walk(inside, shape, depth + 1, count)?;
        }
    }
    Some(())
}

/// Takes one value off, and gives its bytes where it has a length.
fn value<'a>(bytes: &mut &'a [u8], wire_type: u64) -> Option<&'a [u8]> {
    let length = match wire_type {
        0 => {
            varint(bytes)?;
            return Some(&[]);
        }
        1 => 8,
        2 => usize::try_from(varint(bytes)?).ok()?,
        // The brackets of a group, which only foreign fields have.
        3 | 4 => 0,
        5 => 4,
        _ => return None,
    };
    let (value, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(if wire_type == 2 { value } else { &[] })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}
