//! However small its elements are on the wire, a frame does not become large in memory.

use crate::by_hand::field;
use d1_protocol::{MAX_FRAME_BYTES, WireError, decode_from_device, decode_to_device};
use std::fmt::Debug;

/// The most elements of all lists of one message together.
const MOST: usize = 16 * 1024;

const ID: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";

/// Far more empty elements than are taken, wrapped into fields from the inside out.
fn crowd(element: u32, wrapped: &[u32]) -> Vec<u8> {
    let mut bytes = field(element, []).repeat(MAX_FRAME_BYTES / 4);
    for number in wrapped {
        bytes = field(*number, bytes);
    }
    assert!(bytes.len() <= MAX_FRAME_BYTES);
    bytes
}

#[track_caller]
fn assert_counted<T: Debug>(what: &str, heard: Result<T, WireError>) {
    let error = heard.unwrap_err();
    let WireError::TooMany { field, given, max } = error else { panic!("{what}: {error}") };
    // It is not counted further than it has to be.
    assert_eq!((field, given, max), ("message", MOST + 1, MOST));
}

#[test]
fn a_crowd_of_empty_elements_is_refused_before_anything_is_made_of_it() {
    for (what, bytes) in [
        ("Preview", crowd(2, &[8])),
        ("Change of a receipt", crowd(5, &[17, 6])),
        ("text a receipt kept", crowd(8, &[17, 6])),
        ("Answered", crowd(11, &[2, 7])),
        ("IndexEntry", crowd(1, &[1, 2, 11, 2, 7])),
        ("epoch", crowd(6, &[1])),
        ("task of a lease", crowd(1, &[5])),
        ("symptom", crowd(8, &[11])),
    ] {
        assert_counted(what, decode_from_device(bytes.into()));
    }
    for (what, bytes) in [
        ("variable", crowd(3, &[2])),
        ("path", crowd(19, &[2])),
        ("action", crowd(2, &[8])),
        ("Change of a revert", crowd(2, &[8, 2, 8])),
        ("word", crowd(1, &[6, 2, 8])),
    ] {
        assert_counted(what, decode_to_device(bytes.into()));
    }
}

#[test]
fn a_crowd_in_many_small_groups_is_counted_together() {
    // A thousand answers of a hundred packages each.
    let packages = field(1, field(1, []).repeat(100));
    let answered = field(11, field(2, packages));
    let facts = field(2, answered.repeat(1000));
    assert_counted("groups", decode_from_device(field(7, facts).into()));
}

#[test]
fn a_crowd_is_counted_also_when_it_comes_in_pieces() {
    // The same field many times over: its lists are joined.
    let piece = field(6, field(17, field(5, []).repeat(8)));
    assert_counted("pieces", decode_from_device(piece.repeat(MOST / 8 + 1).into()));
}

#[test]
fn fields_that_nobody_keeps_do_not_count() {
    let foreign = field(900, []).repeat(2 * MOST);
    let forget = field(6, [field(1, ID), foreign].concat());
    decode_to_device(forget.into()).unwrap();
    // What looks like a crowd inside a text is a text.
    let text = "\n\0".repeat(2 * MOST);
    let confirm = field(10, [field(1, ID), field(2, text)].concat());
    decode_from_device(confirm.into()).unwrap();
}

#[test]
fn damage_is_told_as_damage() {
    // A length that leads out of the frame; a number without an end; a kind of field that is none.
    for damage in [&b"\x32\x7f"[..], &[0xff; 12], b"\x37"] {
        let error = decode_to_device(damage.into()).unwrap_err();
        assert!(matches!(error, WireError::Malformed(_)), "{error}");
    }
}
