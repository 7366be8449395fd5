//! What is heard twice, late, or in another order happens once.

use crate::{
    device::{Noise, Play},
    stage::Stage,
};
use d1_core::{
    Amount, FromDevice, Output, OutputChunk, ProbeAnswer, ProgressEvent, SetupOutcome, SetupState,
    StopMode, Stream, TaskId, TaskState,
};

fn count(news: &[ProgressEvent], wanted: impl Fn(&ProgressEvent) -> bool) -> usize {
    news.iter().filter(|event| wanted(event)).count()
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_told_twice_is_charged_once() {
    let stage = Stage::new().await;
    stage.device.noise(Noise { twice: true, ..Noise::default() });
    let setup = stage.run(&["jq", "rg"]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!((setup.receipts.len(), stage.spent().await), (2, Amount::credits(2)));
    // What changes nothing is not even saved.
    assert_eq!(setup.version, Stage::new().await.run(&["jq", "rg"]).await.version);
    let news = stage.told(setup.id).await;
    assert_eq!(count(&news, |one| matches!(one, ProgressEvent::StepFinished { .. })), 2);
    assert_eq!(count(&news, |one| matches!(one, ProgressEvent::StepStarted { .. })), 2);
}

#[tokio::test(start_paused = true)]
async fn news_that_comes_after_the_result_changes_nothing() {
    let stage = Stage::new().await;
    stage.device.noise(Noise { results_first: true, ..Noise::default() });
    let setup = stage.run(&["jq", "rg"]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.spent().await, Amount::credits(2));
    let news = stage.told(setup.id).await;
    assert_eq!(count(&news, |one| matches!(one, ProgressEvent::StepStarted { .. })), 0);
}

#[tokio::test(start_paused = true)]
async fn news_of_an_earlier_attempt_does_not_begin_the_next_one() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::CutOff(ProbeAnswer::NotDone), Play::Nothing]);
    let id = stage.approve(&["jq"]).await;
    stage.device.until(|device| device.orders() == 2).await;
    let (task, attempt) = (TaskId::of_step(id, &"jq".parse().unwrap()), 1);
    stage.device.say(FromDevice::Started { task, attempt }).await;
    let output = Output { stream: Stream::Stdout, bytes: b"late".to_vec() };
    stage.device.say(FromDevice::Output(OutputChunk { task, attempt, seq: 1, output })).await;
    stage.device.until(|device| device.heard("output stored") == 1).await;
    let setup = stage.store.get(id).await.unwrap();
    assert_eq!((&setup.tasks[0].state, setup.tasks[0].attempt), (&TaskState::Sent, 2));
    stage.engine.stop(id, StopMode::Kill).await.unwrap();
    stage.over(id).await;
}

#[tokio::test(start_paused = true)]
async fn output_that_is_sent_twice_is_kept_once() {
    let stage = Stage::new().await;
    stage.device.noise(Noise { twice: true, ..Noise::default() });
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    for text in ["one", "two", "three"] {
        stage.device.write("jq", text).await;
    }
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
    assert_eq!(texts(&stage.told(id).await), ["one", "two", "three"]);
    assert!(stage.device.heard("output stored") > 0);
}

#[tokio::test(start_paused = true)]
async fn output_is_kept_once_across_a_reconnect_and_across_processes() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    stage.device.write("jq", "one").await;
    stage.device.cut();
    stage.device.write("jq", "two").await;
    stage.device.connect(&stage.hub).await;
    stage.device.until(|device| device.heard("output stored") >= 2).await;
    stage.device.cut();
    stage.device.write("jq", "three").await;
    let other = stage.another_process();
    other.device.connect(&other.hub).await;
    other.engine.take(id).await.unwrap();
    stage.device.until(|device| device.heard("output stored") >= 3).await;
    stage.device.end("jq", &Play::Succeed).await;
    other.over(id).await;
    assert_eq!(texts(&other.told(id).await), ["one", "two", "three"]);
}

fn texts(news: &[ProgressEvent]) -> Vec<&str> {
    let mut texts = Vec::new();
    for one in news {
        if let ProgressEvent::Output { text, .. } = one {
            texts.push(text.as_str());
        }
    }
    texts
}
