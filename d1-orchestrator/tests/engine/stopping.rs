//! Stopping: after the step, now, or at once.

use crate::{device::Play, stage::Stage};
use d1_core::{Amount, Outcome, SetupOutcome, SetupState, StopMode, TaskState};

#[tokio::test(start_paused = true)]
async fn stopping_after_the_step_lets_it_end_and_starts_nothing_more() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.device.begun("jq", 1).await;
    let setup = stage.engine.stop(id, StopMode::AfterStep).await.unwrap();
    assert_eq!(setup.state, SetupState::Stopping(StopMode::AfterStep));
    stage.device.end("jq", &Play::Succeed).await;
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Cancelled));
    assert_eq!(setup.tasks[0].outcome(), Some(Outcome::Succeeded));
    assert_eq!(setup.tasks[1].state, TaskState::Skipped);
    assert_eq!(stage.device.starts().len(), 1);
    // What worked is paid, what did not begin is not.
    assert_eq!(stage.spent().await, Amount::credits(1));
}

#[tokio::test(start_paused = true)]
async fn stopping_now_and_killing_reach_the_running_step() {
    for (mode, outcome) in [(StopMode::Now, Outcome::Cancelled), (StopMode::Kill, Outcome::Killed)]
    {
        let stage = Stage::new().await;
        stage.device.play("jq", [Play::Run]);
        let id = stage.approve(&["jq"]).await;
        stage.device.begun("jq", 1).await;
        stage.engine.stop(id, mode).await.unwrap();
        let setup = stage.over(id).await;
        assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Cancelled));
        assert_eq!(setup.tasks[0].outcome(), Some(outcome));
        assert_eq!((stage.device.cancels(), stage.spent().await), (vec![mode], Amount::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_wish_to_stop_can_be_worse_and_never_milder() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    stage.engine.stop(id, StopMode::AfterStep).await.unwrap();
    let setup = stage.engine.stop(id, StopMode::AfterStep).await.unwrap();
    assert_eq!(setup.state, SetupState::Stopping(StopMode::AfterStep));
    stage.engine.stop(id, StopMode::Kill).await.unwrap();
    let setup = stage.over(id).await;
    assert_eq!(setup.tasks[0].outcome(), Some(Outcome::Killed));
}

#[tokio::test(start_paused = true)]
async fn what_a_device_never_got_does_not_begin_after_the_stop() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    stage.device.cut();
    // The device loses everything: to it, the order is new when it comes again.
    let blank = stage.device.blank();
    stage.engine.stop(id, StopMode::AfterStep).await.unwrap();
    blank.connect(&stage.hub).await;
    let setup = stage.over(id).await;
    assert_eq!(setup.tasks[0].outcome(), Some(Outcome::Undeliverable));
    assert_eq!(blank.starts(), []);
}

#[tokio::test(start_paused = true)]
async fn a_stop_while_the_link_is_lost_reaches_the_step_when_it_is_back() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    stage.device.cut();
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Silent).await;
    stage.engine.stop(id, StopMode::Now).await.unwrap();
    stage.device.connect(&stage.hub).await;
    let setup = stage.over(id).await;
    assert_eq!(setup.tasks[0].outcome(), Some(Outcome::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn what_is_over_cannot_be_stopped_and_says_so() {
    let stage = Stage::new().await;
    let setup = stage.run(&["jq"]).await;
    let problem = stage.engine.stop(setup.id, StopMode::Now).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-SETUP-005");
    assert_eq!(stage.store.get(setup.id).await.unwrap(), setup);
}
