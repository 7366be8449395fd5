//! What is well-formed and makes no sense is refused with the name of the field.
//!
//! Where a whole message is needed, a good one is followed by the part that is wrong: of a
//! field that is there twice, the last one counts.

use crate::by_hand::{field, float, number};
use d1_core::{Action, Argv, FromDevice, Outcome, TaskId, TaskResult, ToDevice, conformance};
use d1_protocol::{
    WireError, decode_from_device, decode_to_device, encode_from_device, encode_to_device,
};

const ID: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";

fn order(frame: Vec<u8>) -> WireError {
    decode_to_device(frame.into()).unwrap_err()
}

fn report(frame: Vec<u8>) -> WireError {
    decode_from_device(frame.into()).unwrap_err()
}

/// A good order, but for this.
fn order_but(wrong: Vec<u8>) -> WireError {
    let good = ToDevice::Run(Box::new(conformance::an_order()));
    order([encode_to_device(&good).unwrap().to_vec(), field(2, wrong)].concat())
}

/// A good result, but for this.
fn result_but(wrong: Vec<u8>) -> WireError {
    let result = TaskResult::not_started(TaskId::generate(), 1, 1, Outcome::Undeliverable);
    let good = encode_from_device(&FromDevice::Finished(Box::new(result))).unwrap().to_vec();
    report([good, field(6, wrong)].concat())
}

/// The only action of a request to preview.
fn action(action: Vec<u8>) -> WireError {
    order(field(8, [field(1, ID), field(2, action)].concat()))
}

#[track_caller]
fn assert_missing(error: WireError, missing: &str) {
    assert!(matches!(error, WireError::Missing { field } if field == missing), "{error}");
    assert!(!error.ends_link());
}

#[track_caller]
fn assert_invalid(error: WireError, invalid: &str) {
    assert!(matches!(error, WireError::Invalid { field, .. } if field == invalid), "{error}");
    assert!(!error.ends_link());
    assert_eq!(error.problem().code, "D1-LINK-002");
}

#[test]
fn a_kind_of_value_that_is_unknown_is_not_guessed() {
    for unknown in [0, 99] {
        assert_missing(
            order(field(3, [field(1, ID), field(2, ID), number(4, unknown)].concat())),
            "Cancel.mode",
        );
        assert_missing(action(number(2, unknown)), "manager");
        assert_missing(
            action(field(1, [number(1, 1), number(2, unknown)].concat())),
            "Packages.operation",
        );
        assert_missing(
            action(field(3, [field(1, "ssh"), number(2, unknown)].concat())),
            "Service.change",
        );
        assert_missing(order_but(number(17, unknown)), "TaskCommand.effect");
        assert_missing(result_but(number(12, unknown)), "TaskResult.outcome");
        assert_missing(
            report(field(4, [field(1, ID), number(4, unknown)].concat())),
            "OutputChunk.stream",
        );
        assert_missing(report(field(12, number(2, unknown))), "Problem.category");
    }
}

#[test]
fn what_has_to_be_there_is_asked_for_by_name() {
    assert_missing(action(Vec::new()), "Action.kind");
    assert_missing(action(field(5, field(1, "/etc/x"))), "File.change");
    let change = field(1, field(2, "/etc/x"));
    let revert = |change: Vec<u8>| action(field(8, [field(1, ID), field(2, change)].concat()));
    assert_missing(revert(Vec::new()), "Change.resource");
    assert_missing(revert(change.clone()), "Change.before");
    let before = field(2, field(1, []));
    assert_missing(revert([change, before].concat()), "Change.after");
    assert_missing(report(field(1, field(1, ID))), "Hello.facts");
    assert_missing(report(field(7, field(1, ID))), "FactsReply.facts");
    assert_missing(report(field(9, field(1, ID))), "Refused.problem");
    let digest = field(14, [7; 32]);
    let result = [field(1, ID), number(10, 1), number(12, 1), digest].concat();
    assert_missing(report(field(6, result)), "TaskResult.usage");
}

/// A newer peer has given an action that this version does not know, and a text beside it: to
/// run the text as a shell command would be a mistake.
#[test]
fn an_order_with_newer_fields_and_no_action_is_not_taken_for_a_shell_command() {
    let old = [field(1, ID), field(2, "rm -rf /srv")].concat();
    for newer in [field(14, "say"), number(12, 1), number(13, 1), field(16, [])] {
        let error = order(field(2, [old.clone(), newer].concat()));
        assert!(
            matches!(error, WireError::Missing { field } if field == "TaskCommand.action" || field == "Action.kind"),
            "{error}"
        );
    }
}

#[test]
fn an_order_that_says_two_things_is_refused() {
    assert_invalid(order_but(field(2, "echo hi")), "TaskCommand.command");
    let variable = [field(1, "LANG"), field(2, "C")].concat();
    assert_invalid(order_but(field(3, variable)), "TaskCommand.command");
}

#[test]
fn a_value_that_no_check_would_pass_is_refused_by_name() {
    assert_invalid(order(field(6, field(1, "nonsense"))), "Forget.task_id");
    assert_invalid(order_but(field(11, [7; 31])), "TaskCommand.plan_id");
    assert_invalid(order_but(field(11, [7; 33])), "TaskCommand.plan_id");
    assert_invalid(order_but(field(19, "not/absolute")), "TaskCommand.touches");
    assert_invalid(order_but(field(29, "nobody")), "TaskCommand.hold_id");
    assert_invalid(result_but(number(5, u64::MAX)), "TaskResult.duration_ms");
    assert_invalid(result_but(field(14, [])), "TaskResult.output_digest");
    assert_invalid(action(field(6, [])), "Exec.argv");
    assert_invalid(action(field(6, [field(1, "ls"), field(2, "here")].concat())), "Exec.cwd");
    assert_invalid(action(field(5, [field(1, "etc"), field(4, [])].concat())), "File.path");
}

#[test]
fn a_load_that_is_no_number_is_refused() {
    for load in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_invalid(report(field(11, float(5, load))), "Health");
        assert_invalid(report(field(11, field(9, float(1, load)))), "Health");
    }
}

#[test]
fn a_name_is_not_looked_at_when_it_is_too_long_to_be_one() {
    let error = order(field(6, field(1, "a".repeat(5000))));
    let WireError::TooLong { field, given, max } = error else { panic!("{error}") };
    assert_eq!((field, given, max), ("Forget.task_id", 5000, 4096));
}

#[test]
fn a_command_of_too_many_words_is_refused_before_they_are_read() {
    let words: Vec<u8> = (0..=Argv::MAX_WORDS).flat_map(|_| field(1, "x")).collect();
    let error = action(field(6, words));
    let WireError::TooMany { field, given, max } = error else { panic!("{error}") };
    assert_eq!((field, given, max), ("Exec.argv", Argv::MAX_WORDS + 1, Argv::MAX_WORDS));
}

#[test]
fn a_text_that_is_no_text_ends_the_link() {
    let error = report(field(10, [field(1, ID), field(2, [0xff, 0xfe])].concat()));
    assert!(matches!(error, WireError::Malformed(_)) && error.ends_link(), "{error}");
}

#[test]
fn fields_from_the_future_are_skipped() {
    let future = [field(900, "new"), number(901, 7), float(902, 0.5)].concat();
    let order = ToDevice::Run(Box::new(conformance::an_order()));
    let inside = [encode_to_device(&order).unwrap().to_vec(), field(2, &future)].concat();
    assert_eq!(decode_to_device(inside.into()).unwrap(), order);
    let beside = [encode_to_device(&order).unwrap().to_vec(), future].concat();
    assert_eq!(decode_to_device(beside.into()).unwrap(), order);
    let ToDevice::Run(order) = order else { unreachable!() };
    assert!(matches!(order.step.action, Action::Exec(_)));
}
