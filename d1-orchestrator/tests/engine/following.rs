//! Followers hear everything once, whenever they come and however slow they are.

use crate::{
    device::Play,
    stage::{LONG, Stage},
};
use d1_core::{ProgressEvent, SetupId};
use futures_util::{Stream, StreamExt as _};
use std::{pin::pin, time::Duration};

async fn rest(
    news: impl Stream<Item = Result<d1_core::Progress, d1_orchestrator::EngineError>>,
) -> Vec<u64> {
    let numbers = news.map(|one| one.unwrap().seq).collect();
    tokio::time::timeout(LONG, numbers).await.expect("it never ended")
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_comes_back_hears_what_it_missed_and_nothing_twice() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    let last = {
        let mut news = pin!(stage.engine.follow(id, 0));
        let first = [news.next().await.unwrap().unwrap(), news.next().await.unwrap().unwrap()];
        assert_eq!(first.each_ref().map(|one| one.seq), [1, 2]);
        first[1].seq
    };
    stage.device.begun("jq", 1).await;
    stage.device.write("jq", "working").await;
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
    let all = stage.told(id).await.len() as u64;
    assert_eq!(rest(stage.engine.follow(id, last)).await, (3..=all).collect::<Vec<_>>());
    // From the very end there is nothing more, and it ends.
    assert_eq!(rest(stage.engine.follow(id, all)).await, [0_u64; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_follower_does_not_slow_the_setup() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    // It reads one piece of news and then nothing for a long time.
    let mut news = pin!(stage.engine.follow(id, 0));
    assert_eq!(news.next().await.unwrap().unwrap().event, ProgressEvent::Planned);
    stage.device.begun("jq", 1).await;
    for _ in 0..1_000 {
        stage.device.write("jq", "line").await;
    }
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
    let heard = rest(news).await;
    assert!(heard.len() > 1_000);
    assert_eq!(heard, (2..=heard.len() as u64 + 1).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn followers_are_woken_and_need_not_look_by_themselves() {
    let stage = Stage::new().await;
    let id = stage.create(&["jq", "rg"]).await;
    let began = tokio::time::Instant::now();
    let (heard, waited, approved) = tokio::join!(
        rest(stage.engine.follow(id, 0)),
        stage.engine.wait(id),
        stage.engine.approve(id)
    );
    assert!(!heard.is_empty() && waited.unwrap().is_over() && approved.is_ok());
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn news_of_another_process_is_heard_too() {
    let stage = Stage::new().await;
    let id = stage.create(&["jq"]).await;
    let other = stage.another_process();
    let watching = tokio::time::timeout(LONG, other.told(id));
    let (news, _) = tokio::join!(watching, async {
        stage.engine.approve(id).await.unwrap();
        stage.over(id).await
    });
    assert!(matches!(news.unwrap().last(), Some(ProgressEvent::Finished { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_follower_of_a_setup_that_went_on_hears_all_its_runs() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Fail]);
    let setup = stage.run(&["jq"]).await;
    stage.engine.resume(setup.id, false).await.unwrap();
    stage.over(setup.id).await;
    let news = stage.told(setup.id).await;
    let ends = news.iter().filter(|one| matches!(one, ProgressEvent::Finished { .. }));
    assert_eq!(ends.count(), 2);
    assert!(news.contains(&ProgressEvent::Resumed));
}

#[tokio::test(start_paused = true)]
async fn following_nothing_is_an_error_and_ends() {
    let stage = Stage::new().await;
    let mut news = pin!(stage.engine.follow(SetupId::generate(), 0));
    let error = news.next().await.unwrap().unwrap_err();
    assert_eq!(error.problem().code, "D1-SETUP-001");
    assert!(news.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn followers_end_when_the_process_stops() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    let following = rest(stage.engine.follow(id, 0));
    let (heard, stopped) =
        tokio::join!(following, stage.supervisor.shut_down(Duration::from_secs(5)));
    assert!(stopped && !heard.is_empty());
}
