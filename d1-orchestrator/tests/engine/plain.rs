//! The common way of a setup.

use crate::{device::Play, stage::Stage};
use d1_core::{
    Amount, FromDevice, Outcome, ProgressEvent as P, SetupOutcome, SetupState, StepId, TaskId,
};

fn step(name: &str) -> StepId {
    name.parse().unwrap()
}

fn sent(name: &str) -> P {
    P::StepSent { step: step(name), attempt: 1 }
}

fn started(name: &str) -> P {
    P::StepStarted { step: step(name), attempt: 1 }
}

fn finished(name: &str, outcome: Outcome) -> P {
    P::StepFinished { step: step(name), attempt: 1, outcome, duration_ms: 7, problem: None }
}

#[tokio::test(start_paused = true)]
async fn an_approved_plan_runs_step_by_step_to_its_end_and_is_charged() {
    let stage = Stage::new().await;
    let setup = stage.run(&["jq", "rg"]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(setup.receipts.len(), 2);
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1), ("rg".to_owned(), 1)]);
    assert_eq!(stage.spent().await, Amount::credits(2));
    let charged = Amount::credits(2);
    assert_eq!(
        stage.told(setup.id).await,
        [
            P::Planned,
            P::Approved,
            sent("jq"),
            started("jq"),
            finished("jq", Outcome::Succeeded),
            sent("rg"),
            started("rg"),
            finished("rg", Outcome::Succeeded),
            P::Finished { outcome: SetupOutcome::Succeeded, charged },
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_device_is_told_to_forget_what_is_settled() {
    let stage = Stage::new().await;
    stage.run(&["jq", "rg"]).await;
    stage.device.until(|device| device.forgotten() == 2).await;
    assert_eq!(stage.device.heard("result stored"), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_somebody_says_yes() {
    let stage = Stage::new().await;
    let id = stage.create(&["jq"]).await;
    let setup = stage.store.get(id).await.unwrap();
    assert_eq!((setup.state, setup.epoch), (SetupState::AwaitingApproval, 0));
    assert_eq!((stage.device.orders(), stage.left().await), (0, crate::stage::FUNDS));
}

#[tokio::test(start_paused = true)]
async fn saying_no_ends_it_and_sends_nothing() {
    let stage = Stage::new().await;
    let id = stage.create(&["jq"]).await;
    stage.engine.decline(id).await.unwrap();
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Declined));
    assert_eq!(stage.device.orders(), 0);
    let ended = P::Finished { outcome: SetupOutcome::Declined, charged: Amount::ZERO };
    assert_eq!(stage.told(id).await, [P::Planned, P::Declined, ended]);
    let error = stage.engine.approve(id).await.unwrap_err().problem();
    assert_eq!(error.code, "D1-SETUP-007");
}

#[tokio::test(start_paused = true)]
async fn saying_yes_twice_begins_once() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    stage.engine.approve(id).await.unwrap();
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1)]);
    assert_eq!(stage.spent().await, Amount::credits(1));
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_step_leads_to_is_skipped_and_what_it_does_not_goes_on() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Fail]);
    let setup = stage.run(&["jq", "rg", "free-fd"]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Failed));
    let begun: Vec<_> = stage.device.starts().into_iter().map(|(name, _)| name).collect();
    assert_eq!(begun, ["jq", "free-fd"]);
    assert!(stage.told(setup.id).await.contains(&P::StepSkipped { step: step("rg") }));
    assert_eq!(stage.spent().await, Amount::credits(1));
}

#[tokio::test(start_paused = true)]
async fn the_approval_covers_what_the_device_asks_to_confirm_until_the_setup_stops() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    let task = TaskId::of_step(id, &step("jq"));
    let confirm = FromDevice::Confirm { task, what: "Install jq".into(), here: false };
    stage.device.say(confirm.clone()).await;
    stage.device.until(|device| device.heard("yes") == 1).await;
    stage.engine.stop(id, d1_core::StopMode::AfterStep).await.unwrap();
    stage.device.say(confirm).await;
    stage.device.until(|device| device.heard("no") == 1).await;
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_setup_that_is_over_stays_in_the_engine() {
    let stage = Stage::new().await;
    let before = stage.supervisor.running();
    for _ in 0..3 {
        stage.run(&["jq"]).await;
    }
    assert_eq!((stage.engine.driving(), stage.supervisor.running()), (0, before));
}

#[tokio::test(start_paused = true)]
async fn two_setups_of_one_device_do_not_mix() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let slow = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    let quick = stage.approve(&["rg"]).await;
    let quick = stage.engine.wait(quick).await.unwrap();
    assert_eq!(quick.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.store.get(slow).await.unwrap().state, SetupState::Running);
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(slow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_wishes_at_the_same_moment_each_is_answered() {
    let stage = Stage::new().await;
    let id = stage.create(&["jq"]).await;
    let wishes = (0..8).map(|_| async {
        for _ in 0..300 {
            stage.engine.take(id).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    futures_util::future::join_all(wishes).await;
    stage.idle().await;
}
