//! Bytes from anywhere are a message or an error, never a panic.

use crate::{
    by_hand::field,
    messages::{from_device, to_device},
};
use bytes::Bytes;
use d1_protocol::{decode_from_device, decode_to_device, encode_from_device, encode_to_device};
use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestCaseError};

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

/// What an orchestrator's bytes say. What can be read can be written again, and says the same.
fn hear_order(frame: Bytes) -> Result<(), TestCaseError> {
    match decode_to_device(frame) {
        Ok(message) => {
            let again = encode_to_device(&message).unwrap();
            prop_assert_eq!(decode_to_device(again).unwrap(), message);
        }
        Err(error) => prop_assert!(error.problem().code.starts_with("D1-LINK-"), "{error}"),
    }
    Ok(())
}

/// What a device's bytes say.
fn hear_report(frame: Bytes) -> Result<(), TestCaseError> {
    match decode_from_device(frame) {
        Ok(message) => {
            let again = encode_from_device(&message).unwrap();
            prop_assert_eq!(decode_from_device(again).unwrap(), message);
        }
        Err(error) => prop_assert!(error.problem().code.starts_with("D1-LINK-"), "{error}"),
    }
    Ok(())
}

/// The beginning of one frame and the end of another.
fn spliced(head: &Bytes, tail: &Bytes, cut: Index, join: Index) -> Bytes {
    let (cut, join) = (cut.index(head.len() + 1), join.index(tail.len() + 1));
    [&head[..cut], &tail[join..]].concat().into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in vec(any::<u8>(), 0..512)) {
        hear_order(bytes.clone().into())?;
        hear_report(bytes.into())?;
    }

    #[test]
    fn any_bytes_are_an_error_also_inside_a_message(
        kind in 0_u32..16,
        bytes in vec(any::<u8>(), 0..256),
    ) {
        hear_order(field(kind, &bytes).into())?;
        hear_report(field(kind, &bytes).into())?;
    }

    #[test]
    fn a_damaged_order_is_a_message_or_an_error(
        message in to_device(),
        damages in vec(damage(), 1..4),
    ) {
        hear_order(damaged(&encode_to_device(&message).unwrap(), damages))?;
    }

    #[test]
    fn a_damaged_report_is_a_message_or_an_error(
        message in from_device(),
        damages in vec(damage(), 1..4),
    ) {
        hear_report(damaged(&encode_from_device(&message).unwrap(), damages))?;
    }

    #[test]
    fn two_orders_in_one_are_a_message_or_an_error(
        (one, other) in (to_device(), to_device()),
        (cut, join) in any::<(Index, Index)>(),
    ) {
        let (one, other) = (encode_to_device(&one).unwrap(), encode_to_device(&other).unwrap());
        hear_order(spliced(&one, &other, cut, join))?;
        hear_order([one, other].concat().into())?;
    }

    #[test]
    fn two_reports_in_one_are_a_message_or_an_error(
        (one, other) in (from_device(), from_device()),
        (cut, join) in any::<(Index, Index)>(),
    ) {
        let (one, other) = (encode_from_device(&one).unwrap(), encode_from_device(&other).unwrap());
        hear_report(spliced(&one, &other, cut, join))?;
        hear_report([one, other].concat().into())?;
    }
}
