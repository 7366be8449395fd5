//! Going on where a setup ended.

use crate::{device::Play, stage::Stage};
use d1_core::{Amount, ProbeAnswer, ProgressEvent, SetupOutcome, SetupState, StopMode};

#[tokio::test(start_paused = true)]
async fn a_setup_goes_on_at_the_step_that_failed() {
    let stage = Stage::new().await;
    stage.device.play("rg", [Play::Fail]);
    let setup = stage.run(&["jq", "rg", "fd"]).await;
    assert_eq!(stage.spent().await, Amount::credits(1));
    stage.engine.resume(setup.id, false).await.unwrap();
    let setup = stage.over(setup.id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    let begun = [("jq", 1), ("rg", 1), ("rg", 2), ("fd", 1)];
    assert_eq!(stage.device.starts(), begun.map(|(step, n)| (step.to_owned(), n)));
    // Every step is paid once, over all runs.
    assert_eq!(stage.spent().await, Amount::credits(3));
    let news = stage.told(setup.id).await;
    let charge = |one: &ProgressEvent| {
        if let ProgressEvent::Finished { charged, .. } = one { Some(*charged) } else { None }
    };
    let charges: Vec<_> = news.iter().filter_map(charge).collect();
    assert_eq!(charges, [Amount::credits(1), Amount::credits(2)]);
}

#[tokio::test(start_paused = true)]
async fn a_setup_that_was_stopped_goes_on_with_what_was_skipped() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.device.begun("jq", 1).await;
    stage.engine.stop(id, StopMode::AfterStep).await.unwrap();
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
    stage.engine.resume(id, false).await.unwrap();
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1), ("rg".to_owned(), 1)]);
    assert_eq!(stage.spent().await, Amount::credits(2));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_tell_the_state_of_is_begun_again_only_by_force() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::CutOff(ProbeAnswer::Unknown("half of it is there".into()))]);
    let setup = stage.run(&["jq", "rg"]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Failed));
    let problem = stage.engine.resume(setup.id, false).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-SETUP-008");
    assert!(problem.cause.contains("half of it is there"));
    assert!(problem.next.last().unwrap().contains("resume --force"));
    stage.idle().await;
    assert_eq!((stage.device.starts().len(), stage.spent().await), (1, Amount::ZERO));
    stage.engine.resume(setup.id, true).await.unwrap();
    let setup = stage.over(setup.id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.spent().await, Amount::credits(2));
}

#[tokio::test(start_paused = true)]
async fn what_succeeded_cannot_go_on_and_says_so() {
    let stage = Stage::new().await;
    let setup = stage.run(&["jq"]).await;
    let problem = stage.engine.resume(setup.id, true).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-SETUP-004");
}

#[tokio::test(start_paused = true)]
async fn a_setup_may_fail_and_go_on_many_times_and_is_paid_once() {
    let stage = Stage::new().await;
    stage.device.play("rg", vec![Play::Fail; 4]);
    let mut setup = stage.run(&["jq", "rg"]).await;
    for _ in 0..4 {
        assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Failed));
        stage.engine.resume(setup.id, false).await.unwrap();
        setup = stage.over(setup.id).await;
    }
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.spent().await, Amount::credits(2));
}
