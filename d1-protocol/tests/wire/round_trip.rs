//! What is said is what is heard.

use crate::messages::{from_device, to_device};
use d1_protocol::{decode_from_device, decode_to_device, encode_from_device, encode_to_device};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_order_is_heard_as_it_was_given(message in to_device()) {
        let frame = encode_to_device(&message).unwrap();
        prop_assert_eq!(decode_to_device(frame).unwrap(), message);
    }

    #[test]
    fn every_report_is_heard_as_it_was_made(message in from_device()) {
        let frame = encode_from_device(&message).unwrap();
        prop_assert_eq!(decode_from_device(frame).unwrap(), message);
    }

    #[test]
    fn the_same_message_is_always_the_same_bytes(message in from_device()) {
        prop_assert_eq!(encode_from_device(&message).unwrap(), encode_from_device(&message).unwrap());
    }
}
