//! What a frame may hold at most, and what is told from what.

use crate::by_hand::{field, number};
use bytes::Bytes;
use d1_core::{
    Action, File, FileChange, FromDevice, Output, OutputChunk, RequestId, Stream, TaskId, ToDevice,
};
use d1_protocol::{
    MAX_FRAME_BYTES, WireError, decode_from_device, decode_to_device, encode_from_device,
    encode_to_device,
};

fn preview(action: Action) -> ToDevice {
    ToDevice::Preview { request: RequestId::generate(), proposals: vec![action.into()] }
}

#[test]
fn a_frame_that_is_too_large_is_refused_before_it_is_read() {
    let frame = Bytes::from(vec![0; MAX_FRAME_BYTES + 1]);
    let error = decode_to_device(frame.clone()).unwrap_err();
    assert!(matches!(error, WireError::TooLarge { given, max }
        if (given, max) == (MAX_FRAME_BYTES + 1, MAX_FRAME_BYTES)));
    assert!(error.ends_link());
    assert!(matches!(decode_from_device(frame), Err(WireError::TooLarge { .. })));
}

#[test]
fn a_message_that_is_too_large_is_refused_before_it_is_sent() {
    let chunk = OutputChunk {
        task: TaskId::generate(),
        attempt: 1,
        seq: 1,
        output: Output { stream: Stream::Stdout, bytes: vec![0; MAX_FRAME_BYTES] },
    };
    let error = encode_from_device(&FromDevice::Output(chunk)).unwrap_err();
    assert!(matches!(error, WireError::TooLarge { max: MAX_FRAME_BYTES, .. }), "{error}");
}

#[test]
fn the_largest_file_and_the_largest_output_fit_into_a_frame() {
    let content = "x".repeat(File::MAX_BYTES);
    let path = "/etc/x".parse().unwrap();
    let write = FileChange::Write { content, mode: None };
    let file = preview(Action::File(File { path, change: write }));
    assert_eq!(decode_to_device(encode_to_device(&file).unwrap()).unwrap(), file);
    let output = Output { stream: Stream::Stdout, bytes: vec![7; OutputChunk::MAX_BYTES] };
    let chunk = OutputChunk { task: TaskId::generate(), attempt: 1, seq: 1, output };
    let message = FromDevice::Output(chunk);
    assert_eq!(decode_from_device(encode_from_device(&message).unwrap()).unwrap(), message);
}

#[test]
fn what_is_no_name_does_not_get_in_by_the_wire() {
    // A name that no constructor would make.
    let packages = [number(1, 1), number(2, 1), field(3, "jq; reboot")].concat();
    let request = field(1, RequestId::generate().to_string());
    let message = field(8, [request, field(2, field(1, packages))].concat());
    let error = decode_to_device(message.into()).unwrap_err();
    let WireError::Invalid { field, .. } = error else { panic!("{error}") };
    assert_eq!(field, "Packages.names");
}

#[test]
fn nothing_at_all_and_a_kind_from_the_future_are_told_from_damage() {
    for bytes in [&[][..], &[0xfa, 0x3f, 0][..]] {
        let error = decode_to_device(Bytes::copy_from_slice(bytes)).unwrap_err();
        assert!(matches!(error, WireError::UnknownMessage), "{error}");
        assert_eq!((error.ends_link(), error.problem().code.as_str()), (false, "D1-LINK-001"));
    }
    let error = decode_to_device(Bytes::from_static(&[0xff; 12])).unwrap_err();
    assert_eq!((error.ends_link(), error.problem().code.as_str()), (true, "D1-LINK-003"));
}
