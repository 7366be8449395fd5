//! Devices that are given up: what it costs, what is kept, and what happens when they come back.

use crate::{
    device::Play,
    stage::{Stage, gone},
};
use d1_core::{
    Amount, Outcome, ProbeAnswer, ProgressEvent, Setup, SetupEvent, SetupId, SetupOutcome,
    SetupState, TaskState, Timestamp,
};
use d1_orchestrator::EngineError;

/// A stage whose device went in the middle of the first of two steps.
async fn in_the_middle() -> (Stage, SetupId) {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    stage.device.cut();
    gone(&stage.hub, stage.device.id).await;
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Silent).await;
    (stage, id)
}

/// The same, given up.
async fn given_up() -> (Stage, SetupId) {
    let (stage, id) = in_the_middle().await;
    stage.engine.write_off(id).await.unwrap();
    stage.idle().await;
    (stage, id)
}

fn code(setup: &Setup) -> &str {
    setup.tasks[0].result().unwrap().problem.as_ref().map_or("", |it| it.code.as_str())
}

/// What was lost is heard of: kept, and nothing else is different.
async fn is_heard(stage: &Stage, id: SetupId, found: ProbeAnswer) -> Setup {
    let setup = stage.until(id, |setup| setup.unheard().next().is_none()).await;
    stage.idle().await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Cancelled));
    assert_eq!((setup.tasks[0].outcome(), code(&setup)), (Some(Outcome::Lost), "D1-TASK-008"));
    assert_eq!(setup.tasks[0].result().unwrap().probe, Some(found));
    assert_eq!(setup.receipts.len(), 1);
    assert_eq!((stage.spent().await, stage.device.remembers()), (Amount::ZERO, 0));
    setup
}

#[tokio::test(start_paused = true)]
async fn a_device_is_given_up_by_somebodys_word_and_what_it_may_have_done_costs_nothing() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    let refused = stage.engine.write_off(id).await.unwrap_err().problem();
    assert_eq!(refused.code, "D1-SETUP-019", "a device that is there tells itself");
    assert_eq!(stage.store.get(id).await.unwrap().tasks[0].state, TaskState::Running);
    stage.device.cut();
    gone(&stage.hub, stage.device.id).await;
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Silent).await;
    stage.engine.write_off(id).await.unwrap();
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Cancelled));
    assert_eq!((setup.tasks[0].outcome(), code(&setup)), (Some(Outcome::Lost), "D1-TASK-007"));
    assert_eq!(setup.tasks[1].state, TaskState::Skipped);
    assert_eq!((stage.spent().await, setup.hold, setup.waits_until), (Amount::ZERO, None, None));
    assert!(!setup.can_be_undone());
    let lost = |one: &ProgressEvent| {
        matches!(one, ProgressEvent::StepFinished { outcome: Outcome::Lost, .. })
    };
    assert_eq!(stage.told(id).await.iter().filter(|one| lost(one)).count(), 1);
    let again = stage.engine.write_off(id).await;
    assert!(matches!(again, Err(EngineError::State { .. })), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_device_tells_after_it_was_given_up_is_kept_and_can_be_taken_back_for_nothing() {
    let (stage, id) = given_up().await;
    stage.device.end("jq", &Play::Succeed).await;
    stage.device.connect(&stage.hub).await;
    let setup = is_heard(&stage, id, ProbeAnswer::Done).await;
    assert!(setup.can_be_undone());
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn what_still_runs_on_a_device_that_was_given_up_is_waited_for_over_more_than_one_link() {
    let (stage, id) = given_up().await;
    for _ in 0..2 {
        stage.device.connect(&stage.hub).await;
        stage.device.until(|device| device.heard("run") > 1).await;
        stage.device.cut();
        gone(&stage.hub, stage.device.id).await;
        stage.idle().await;
        assert_eq!(stage.store.get(id).await.unwrap().unheard().count(), 1);
    }
    stage.device.connect(&stage.hub).await;
    stage.device.end("jq", &Play::Fail).await;
    is_heard(&stage, id, ProbeAnswer::NotDone).await;
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn another_server_hears_what_was_given_up_at_the_first_one() {
    let (stage, id) = given_up().await;
    let next = stage.another_process();
    next.device.end("jq", &Play::Succeed).await;
    next.device.connect(&next.hub).await;
    is_heard(&next, id, ProbeAnswer::Done).await;
}

#[tokio::test(start_paused = true)]
async fn a_device_that_lost_its_memory_has_nothing_to_tell_and_begins_nothing() {
    let (stage, id) = given_up().await;
    let blank = stage.device.blank();
    blank.connect(&stage.hub).await;
    stage.idle().await;
    assert_eq!((blank.orders(), blank.starts()), (0, vec![]));
    assert_eq!(code(&stage.store.get(id).await.unwrap()), "D1-TASK-007");
}

#[tokio::test(start_paused = true)]
async fn going_on_with_what_was_given_up_needs_insistence_and_does_nothing_twice() {
    let (stage, id) = given_up().await;
    let refused = stage.engine.resume(id, false).await.unwrap_err().problem();
    assert_eq!(refused.code, "D1-SETUP-008");
    stage.engine.resume(id, true).await.unwrap();
    stage.device.end("jq", &Play::Succeed).await;
    stage.device.connect(&stage.hub).await;
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1), ("rg".to_owned(), 1)]);
    // Somebody said yes once more, and once it is paid.
    assert_eq!((stage.spent().await, setup.receipts.len()), (Amount::credits(2), 2));
}

#[tokio::test(start_paused = true)]
async fn what_failed_on_a_device_that_was_given_up_is_begun_again_and_both_are_on_record() {
    let (stage, id) = given_up().await;
    stage.device.end("jq", &Play::Fail).await;
    stage.device.connect(&stage.hub).await;
    is_heard(&stage, id, ProbeAnswer::NotDone).await;
    // What became of it is known by now.
    stage.engine.resume(id, false).await.unwrap();
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    let attempts: Vec<_> = setup.receipts.iter().map(|receipt| receipt.attempt).collect();
    assert_eq!(attempts, [1, 2, 1]);
    assert_eq!(stage.spent().await, Amount::credits(2));
}

#[tokio::test(start_paused = true)]
async fn the_receipt_of_an_attempt_that_another_one_followed_is_kept_too() {
    let (stage, id) = given_up().await;
    stage.engine.resume(id, true).await.unwrap();
    stage.device.connect(&stage.hub).await;
    // It is asked for the next attempt while the first one still runs.
    stage.device.until(|device| device.orders() > 1).await;
    stage.device.end("jq", &Play::Fail).await;
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(setup.receipts.iter().filter(|it| it.task == setup.tasks[0].id).count(), 2);
    assert_eq!(stage.spent().await, Amount::credits(2));
}

#[test]
fn nobody_gives_up_what_does_not_run() {
    let mut setup = d1_core::conformance::a_setup(d1_core::AccountId::generate());
    let before = setup.clone();
    assert!(setup.on(SetupEvent::WriteOff, Timestamp(9)).is_err());
    assert_eq!(setup, before);
}
