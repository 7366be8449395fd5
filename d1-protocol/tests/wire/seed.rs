//! The first five fields of orders and results: the oldest peers write only these, and find
//! what they need in them.

use d1_core::{
    Action, Digest, Effect, FromDevice, Outcome, Shell, Step, TaskCommand, TaskResult, ToDevice,
    Undo, Usage, conformance,
};
use d1_protocol::{decode_from_device, decode_to_device, encode_from_device, encode_to_device};
use prost::Message;
use std::{collections::BTreeMap, time::Duration};

const ID: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";

/// The order that the oldest peers give, byte by byte:
/// `{1: task_id, 2: "echo hi", 3: {"LANG": "C"}, 4: 90, 5: true}` as field 2 of the message.
const ORDER: &[u8] = b"\x12\x3e\
    \x0a\x24aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa\
    \x12\x07echo hi\
    \x1a\x09\x0a\x04LANG\x12\x01C\
    \x20\x5a\
    \x28\x01";

/// The result that they give: `{1: task_id, 2: 3, 3: "out", 4: "err", 5: 1500}` as field 6.
const RESULT: &[u8] = b"\x32\x35\
    \x0a\x24aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa\
    \x10\x03\
    \x1a\x03out\
    \x22\x03err\
    \x28\xdc\x0b";

/// Orders, as the oldest peers read them.
#[derive(Clone, PartialEq, Message)]
struct OldToDevice {
    #[prost(message, optional, tag = "2")]
    run: Option<OldOrder>,
}

#[derive(Clone, PartialEq, Message)]
struct OldOrder {
    #[prost(string, tag = "1")]
    task_id: String,
    #[prost(string, tag = "2")]
    command: String,
    #[prost(btree_map = "string, string", tag = "3")]
    env: BTreeMap<String, String>,
    #[prost(uint32, tag = "4")]
    timeout_seconds: u32,
    #[prost(bool, tag = "5")]
    require_confirmation: bool,
}

/// Results, as the oldest peers read them.
#[derive(Clone, PartialEq, Message)]
struct OldFromDevice {
    #[prost(message, optional, tag = "6")]
    finished: Option<OldResult>,
}

#[derive(Clone, PartialEq, Message)]
struct OldResult {
    #[prost(string, tag = "1")]
    task_id: String,
    #[prost(int32, tag = "2")]
    exit_code: i32,
    #[prost(string, tag = "3")]
    stdout: String,
    #[prost(string, tag = "4")]
    stderr: String,
    #[prost(int64, tag = "5")]
    duration_ms: i64,
}

fn lang() -> BTreeMap<String, String> {
    BTreeMap::from([("LANG".to_owned(), "C".to_owned())])
}

#[test]
fn an_order_of_five_fields_is_a_shell_command_that_nobody_can_take_back() {
    let expected = TaskCommand {
        task: ID.parse().unwrap(),
        setup: ID.parse().unwrap(),
        plan: Digest::of(b"echo hi"),
        attempt: 1,
        epoch: 0,
        deliver_by: None,
        on_disconnect: d1_core::OnDisconnect::Continue,
        grace: Duration::from_secs(10),
        require_confirmation: true,
        hold: None,
        traceparent: None,
        grant: None,
        step: Step {
            id: "command".parse().unwrap(),
            title: "run a shell command".into(),
            action: Action::Shell(Shell { script: "echo hi".into(), env: lang() }),
            effect: Effect::Destructive,
            needs_root: false,
            touches: Vec::new(),
            network: Vec::new(),
            timeout: Duration::from_secs(90),
            interruptible: true,
            undo: Undo::None("nobody can tell what a shell command changes".into()),
            depends_on: Vec::new(),
            resource_keys: Vec::new(),
            warning: String::new(),
        },
    };
    let heard = decode_to_device(ORDER.into()).unwrap();
    assert_eq!(heard, ToDevice::Run(Box::new(expected)));
}

#[test]
fn an_order_that_names_no_time_gets_the_usual_one() {
    let order = OldOrder { task_id: ID.into(), command: "true".into(), ..OldOrder::default() };
    let frame = OldToDevice { run: Some(order) }.encode_to_vec();
    let ToDevice::Run(heard) = decode_to_device(frame.into()).unwrap() else { unreachable!() };
    assert_eq!(heard.step.timeout, Duration::from_secs(60));
    assert!(!heard.require_confirmation);
}

#[test]
fn a_result_of_five_fields_is_told_by_its_exit_code() {
    let digests = [*Digest::of(b"out").as_bytes(), *Digest::of(b"err").as_bytes()];
    let failed = TaskResult {
        task: ID.parse().unwrap(),
        attempt: 1,
        epoch: 0,
        outcome: Outcome::Failed,
        exit_code: Some(3),
        stdout: "out".into(),
        stderr: "err".into(),
        duration: Duration::from_millis(1500),
        output_digest: Digest::of(&digests.concat()),
        dropped_bytes: 0,
        usage: Usage::default(),
        receipt: None,
        probe: None,
        problem: None,
    };
    let heard = decode_from_device(RESULT.into()).unwrap();
    assert_eq!(heard, FromDevice::Finished(Box::new(failed.clone())));

    // Field 2 is not written when it is zero.
    let fine = [&[0x32, 0x33], &RESULT[2..40], &RESULT[42..]].concat();
    let succeeded = TaskResult { outcome: Outcome::Succeeded, exit_code: Some(0), ..failed };
    let heard = decode_from_device(fine.into()).unwrap();
    assert_eq!(heard, FromDevice::Finished(Box::new(succeeded)));
}

#[test]
fn the_oldest_peers_find_a_shell_command_where_they_look_for_it() {
    let mut order = conformance::an_order();
    order.step.action = Action::Shell(Shell { script: "echo hi".into(), env: lang() });
    order.step.timeout = Duration::from_millis(61_001);
    order.require_confirmation = true;
    let frame = encode_to_device(&ToDevice::Run(Box::new(order.clone()))).unwrap();
    let expected = OldOrder {
        task_id: order.task.to_string(),
        command: "echo hi".into(),
        env: lang(),
        timeout_seconds: 62,
        require_confirmation: true,
    };
    assert_eq!(OldToDevice::decode(frame).unwrap().run, Some(expected));
}

#[test]
fn the_oldest_peers_find_no_command_in_an_order_they_cannot_carry_out() {
    let order = conformance::an_order();
    let Action::Exec(_) = order.step.action else { unreachable!() };
    let frame = encode_to_device(&ToDevice::Run(Box::new(order))).unwrap();
    let heard = OldToDevice::decode(frame).unwrap().run.unwrap();
    assert_eq!((heard.command.as_str(), heard.env.len()), ("", 0));
}

#[test]
fn the_oldest_peers_find_a_result_where_they_look_for_it() {
    let task = ID.parse().unwrap();
    let result = TaskResult {
        exit_code: Some(-7),
        stdout: "out".into(),
        stderr: "err".into(),
        duration: Duration::from_millis(1500),
        ..TaskResult::not_started(task, 2, 3, Outcome::Failed)
    };
    let frame = encode_from_device(&FromDevice::Finished(Box::new(result))).unwrap();
    let expected = OldResult {
        task_id: ID.into(),
        exit_code: -7,
        stdout: "out".into(),
        stderr: "err".into(),
        duration_ms: 1500,
    };
    assert_eq!(OldFromDevice::decode(frame).unwrap().finished, Some(expected));
}
