//! The first five fields of orders and results, as the oldest peers write them.

use d1_core::{Action, Effect, FromDevice, Outcome, ToDevice, Undo};
use d1_protocol::{decode_from_device, decode_to_device};
use std::time::Duration;

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

#[test]
fn an_order_of_five_fields_is_a_shell_command_that_asks_before_it_runs() {
    let ToDevice::Run(command) = decode_to_device(ORDER.into()).unwrap() else {
        panic!("an order");
    };
    assert_eq!(command.task.to_string(), "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa");
    let Action::Shell(shell) = &command.step.action else { panic!("a shell command") };
    assert_eq!(shell.script, "echo hi");
    assert_eq!(shell.env.get("LANG").map(String::as_str), Some("C"));
    assert_eq!(command.step.timeout, Duration::from_secs(90));
    assert!(command.require_confirmation);
    assert_eq!(command.step.effect, Effect::Destructive);
    assert!(matches!(command.step.undo, Undo::None(_)));
}

#[test]
fn a_result_of_five_fields_is_told_by_its_exit_code() {
    let FromDevice::Finished(result) = decode_from_device(RESULT.into()).unwrap() else {
        panic!("a result");
    };
    assert_eq!((result.outcome, result.exit_code), (Outcome::Failed, Some(3)));
    assert_eq!((result.stdout.as_str(), result.stderr.as_str()), ("out", "err"));
    assert_eq!(result.duration, Duration::from_millis(1500));
}
