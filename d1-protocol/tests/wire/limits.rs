//! What a message may hold at most, and how more than that is refused.

use bytes::Bytes;
use d1_core::{
    Action, File, FileChange, FromDevice, Output, OutputChunk, PackageOperation, Packages,
    RequestId, Stream, TaskId, ToDevice, Welcome,
};
use d1_protocol::{
    MAX_FRAME_BYTES, WireError, decode_from_device, decode_to_device, encode_from_device,
    encode_to_device,
};

/// How it is refused after it was written by somebody who knows no bounds.
fn refused(message: &ToDevice) -> WireError {
    decode_to_device(encode_to_device(message).unwrap()).unwrap_err()
}

fn preview(action: Action) -> ToDevice {
    ToDevice::Preview { request: RequestId::generate(), actions: vec![action] }
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
fn one_element_more_than_is_taken_is_refused_by_name() {
    let packages = |count: usize| {
        let names = (0..count).map(|n| format!("p{n}").parse().unwrap()).collect();
        let operation = PackageOperation::Install;
        let packages = Packages { manager: d1_core::Manager::Apt, operation, names };
        preview(Action::Packages(packages))
    };
    let most = packages(Packages::MAX_NAMES);
    assert_eq!(decode_to_device(encode_to_device(&most).unwrap()).unwrap(), most);
    let error = refused(&packages(Packages::MAX_NAMES + 1));
    let WireError::TooMany { field, given, max } = error else { panic!("{error}") };
    assert_eq!((field, given, max), ("Packages.names", 257, 256));
    let lease = FromDevice::Lease(vec![TaskId::generate(); 4097]);
    let error = decode_from_device(encode_from_device(&lease).unwrap()).unwrap_err();
    assert!(matches!(error, WireError::TooMany { given: 4097, max: 4096, .. }), "{error}");
}

#[test]
fn a_longer_text_than_is_taken_is_refused_by_name() {
    let welcome = |version: String| {
        ToDevice::Welcome(Welcome { protocol: 1, version, server_time: d1_core::Timestamp(0) })
    };
    let error = refused(&welcome("v".repeat(4097)));
    let WireError::TooLong { field, given, max } = error else { panic!("{error}") };
    assert_eq!((field, given, max), ("Welcome.version", 4097, 4096));
    assert!(!WireError::TooLong { field, given, max }.ends_link());
}

#[test]
fn what_is_no_name_does_not_get_in_by_the_wire() {
    // Field 3 of Packages, by hand: a name that no constructor would make.
    let name = b"jq; reboot";
    let mut packages = vec![0x08, 1, 0x10, 1, 0x1a, u8::try_from(name.len()).unwrap()];
    packages.extend(name);
    let nested = |field: u8, inside: &[u8]| {
        let mut bytes = vec![field << 3 | 2, u8::try_from(inside.len()).unwrap()];
        bytes.extend(inside);
        bytes
    };
    let request = nested(1, RequestId::generate().to_string().as_bytes());
    let actions = nested(2, &nested(1, &packages));
    let message = nested(8, &[request, actions].concat());
    let error = decode_to_device(message.into()).unwrap_err();
    let WireError::Invalid { field, .. } = &error else { panic!("{error}") };
    assert_eq!(*field, "Packages.names");
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
