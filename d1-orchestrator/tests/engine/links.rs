//! A lost link makes a task silent, never failed.

use crate::{
    device::{Noise, Play},
    stage::{Stage, gone},
};
use d1_core::{Amount, FromDevice, Outcome, ProgressEvent, SetupOutcome, SetupState, TaskState};

#[tokio::test(start_paused = true)]
async fn a_lost_link_is_told_and_the_result_comes_after_it_is_back() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    stage.device.cut();
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Silent).await;
    // It ends while nobody listens.
    stage.device.end("jq", &Play::Succeed).await;
    assert_eq!(stage.store.get(id).await.unwrap().state, SetupState::Running);
    stage.device.connect(&stage.hub).await;
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1)]);
    let news = stage.told(id).await;
    let at = |wanted: &ProgressEvent| news.iter().position(|one| one == wanted).unwrap();
    assert!(at(&ProgressEvent::LinkLost) < at(&ProgressEvent::LinkBack));
    let starts = news.iter().filter(|one| matches!(one, ProgressEvent::StepStarted { .. }));
    assert_eq!(starts.count(), 1);
    // It was ordered again; that is no news.
    assert_eq!(stage.device.orders(), 2);
    let sent = news.iter().filter(|one| matches!(one, ProgressEvent::StepSent { .. }));
    assert_eq!(sent.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_still_runs_after_the_link_is_back_goes_on() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.device.begun("jq", 1).await;
    stage.device.cut();
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Silent).await;
    stage.device.connect(&stage.hub).await;
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1), ("rg".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_approved_while_the_device_is_away_begins_when_it_comes() {
    let stage = Stage::new().await;
    let id = stage.create(&["jq"]).await;
    stage.device.cut();
    gone(&stage.hub, stage.device.id).await;
    stage.engine.approve(id).await.unwrap();
    stage.until_told(id, &ProgressEvent::LinkLost).await;
    stage.device.connect(&stage.hub).await;
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert!(stage.told(id).await.contains(&ProgressEvent::LinkBack));
}

#[tokio::test(start_paused = true)]
async fn a_result_that_never_arrives_is_asked_for_again() {
    let stage = Stage::new().await;
    stage.device.noise(Noise { lose_a_result: true, ..Noise::default() });
    let setup = stage.run(&["jq"]).await;
    assert_eq!(setup.tasks[0].outcome(), Some(Outcome::Succeeded));
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1)]);
    assert_eq!((stage.device.orders(), stage.spent().await), (2, Amount::credits(1)));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_gives_signs_of_life_is_not_asked_for_again() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    let setup = stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        stage.device.say(FromDevice::Lease(vec![setup.tasks[0].id])).await;
    }
    assert_eq!(stage.device.orders(), 1);
    // Without them it is.
    stage.device.until(|device| device.orders() == 2).await;
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
    assert_eq!(stage.device.starts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_newer_link_takes_the_place_of_the_older_one_and_nothing_is_lost() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    stage.device.connect(&stage.hub).await;
    assert_eq!(stage.hub.devices().len(), 1);
    stage.device.end("jq", &Play::Succeed).await;
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.device.starts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_without_a_sign_of_life_is_silent_until_its_device_speaks_again() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    stage.device.noise(Noise { mute: true, ..Noise::default() });
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Silent).await;
    assert!(stage.hub.is_connected(stage.device.id));
    stage.device.noise(Noise::default());
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
    assert_eq!(stage.device.starts().len(), 1);
}
