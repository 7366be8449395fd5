//! Bytes from anywhere are a message or an error, never a panic.

use crate::messages::{from_device, to_device};
use bytes::Bytes;
use d1_protocol::{decode_from_device, decode_to_device, encode_from_device, encode_to_device};
use proptest::{collection::vec, prelude::*, sample::Index};

/// One thing that a bad line does to a frame.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, with)| Damage::Flip(at, with)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), vec(any::<u8>(), 1..16)).prop_map(|(at, what)| Damage::Insert(at, what)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn damaged(frame: &Bytes, damages: Vec<Damage>) -> Bytes {
    let mut bytes = frame.to_vec();
    for damage in damages {
        let within = |at: Index| at.index(bytes.len() + 1);
        match damage {
            Damage::Flip(at, with) => {
                let at = within(at);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= with;
                }
            }
            Damage::Cut(at) => bytes.truncate(within(at)),
            Damage::Insert(at, what) => {
                let at = within(at);
                bytes.splice(at..at, what);
            }
            Damage::Repeat(from, to) => {
                let (from, to) = (within(from), within(to));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.extend(part);
            }
        }
    }
    bytes.into()
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in vec(any::<u8>(), 0..512)) {
        let bytes = Bytes::from(bytes);
        // What can be read can be written again, and says the same.
        if let Ok(message) = decode_to_device(bytes.clone()) {
            prop_assert_eq!(decode_to_device(encode_to_device(&message).unwrap()).unwrap(), message);
        }
        if let Ok(message) = decode_from_device(bytes) {
            let frame = encode_from_device(&message).unwrap();
            prop_assert_eq!(decode_from_device(frame).unwrap(), message);
        }
    }

    #[test]
    fn a_damaged_order_is_a_message_or_an_error(
        message in to_device(),
        damages in vec(damage(), 1..4),
    ) {
        let frame = damaged(&encode_to_device(&message).unwrap(), damages);
        if let Err(error) = decode_to_device(frame) {
            prop_assert!(error.problem().code.starts_with("D1-LINK-"), "{error}");
        }
    }

    #[test]
    fn a_damaged_report_is_a_message_or_an_error(
        message in from_device(),
        damages in vec(damage(), 1..4),
    ) {
        let frame = damaged(&encode_from_device(&message).unwrap(), damages);
        if let Err(error) = decode_from_device(frame) {
            prop_assert!(error.problem().code.starts_with("D1-LINK-"), "{error}");
        }
    }
}
