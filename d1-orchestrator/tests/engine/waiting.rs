//! Work that waits for a device that is away: it ends in time, by word, and is bounded.

use crate::{
    device::Play,
    stage::{LONG, Stage, gone},
};
use d1_core::{
    Amount, Outcome, ProgressEvent, SetupEvent, SetupOutcome, SetupState, StopMode, TaskState,
    Terms, Timestamp,
};
use std::time::Duration;

/// Longer than work waits, when nobody says otherwise.
const AGES: Duration = Duration::from_secs(9 * 24 * 3600);

async fn away() -> Stage {
    let stage = Stage::new().await;
    stage.device.cut();
    gone(&stage.hub, stage.device.id).await;
    stage
}

/// A stage whose device went after it had told what these would change.
async fn with_setups(things: &[&[&str]]) -> (Stage, Vec<d1_core::SetupId>) {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for things in things {
        ids.push(stage.create(things).await);
    }
    stage.device.cut();
    gone(&stage.hub, stage.device.id).await;
    (stage, ids)
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_too_long_ends_is_told_noted_and_free() {
    let (stage, ids) = with_setups(&[&["jq", "rg"]]).await;
    stage.engine.approve(ids[0]).await.unwrap();
    assert_eq!(stage.left().await, Amount::credits(98));
    let waiting = stage.engine.waiting(stage.account, stage.device.id).await.unwrap();
    assert_eq!(waiting.len(), 1);
    let until = waiting[0].waits_until.unwrap();
    assert!(until > Timestamp(1_000).after(Terms::DELIVER_WITHIN - Duration::from_secs(60)));
    tokio::time::sleep(Terms::DELIVER_WITHIN - Duration::from_secs(60)).await;
    assert_eq!(stage.store.get(ids[0]).await.unwrap().state, SetupState::Running);
    let setup = stage.over(ids[0]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Failed));
    assert_eq!(setup.tasks[0].outcome(), Some(Outcome::Undeliverable));
    assert_eq!(setup.tasks[1].state, TaskState::Skipped);
    assert_eq!((stage.spent().await, setup.waits_until), (Amount::ZERO, None));
    let news = stage.told(ids[0]).await;
    let told = news.iter().find_map(|one| {
        let ProgressEvent::StepFinished { outcome, problem, .. } = one else { return None };
        Some((*outcome, problem.clone()))
    });
    let (outcome, problem) = told.unwrap();
    assert_eq!((outcome, problem.unwrap().code.as_str()), (Outcome::Undeliverable, "D1-TASK-005"));
    let noted = stage.audit.kinds().await;
    assert_eq!(noted.iter().filter(|kind| kind.as_str() == "setup.expired").count(), 1);
    // When the device comes after all nothing of it begins.
    stage.device.connect(&stage.hub).await;
    stage.idle().await;
    assert_eq!(stage.device.starts(), []);
    // And by another yes it goes on.
    stage.engine.resume(ids[0], false).await.unwrap();
    assert_eq!(stage.over(ids[0]).await.state, SetupState::Finished(SetupOutcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn what_the_device_has_begun_only_its_own_word_ends() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    stage.device.cut();
    stage.until(id, |setup| setup.waits_until.is_some()).await;
    tokio::time::sleep(AGES).await;
    let setup = stage.until(id, |setup| setup.waits_until.is_none()).await;
    assert_eq!(setup.state, SetupState::Running);
    assert_eq!(setup.tasks[0].state, TaskState::Silent);
    assert_eq!(setup.tasks[1].state, TaskState::Skipped);
    stage.device.end("jq", &Play::Succeed).await;
    stage.device.connect(&stage.hub).await;
    let setup = stage.over(id).await;
    assert_eq!(setup.tasks[0].outcome(), Some(Outcome::Succeeded));
    assert_eq!(stage.spent().await, Amount::credits(1));
}

#[tokio::test(start_paused = true)]
async fn a_device_that_comes_and_goes_gets_the_whole_time_each_time() {
    let (stage, ids) = with_setups(&[&["jq"]]).await;
    stage.device.play("jq", [Play::Run]);
    stage.engine.approve(ids[0]).await.unwrap();
    for _ in 0..3 {
        tokio::time::sleep(Terms::DELIVER_WITHIN - Duration::from_secs(60)).await;
        stage.device.connect(&stage.hub).await;
        stage.until(ids[0], |setup| setup.waits_until.is_none()).await;
        stage.device.cut();
        stage.until(ids[0], |setup| setup.waits_until.is_some()).await;
    }
    assert_eq!(stage.store.get(ids[0]).await.unwrap().tasks[0].state, TaskState::Silent);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_away_itself_lets_devices_come_first() {
    let (stage, ids) = with_setups(&[&["jq"], &["rg"]]).await;
    for id in &ids {
        stage.engine.approve(*id).await.unwrap();
    }
    stage.supervisor.shut_down(LONG).await;
    tokio::time::sleep(AGES).await;
    let next = stage.another_process();
    // Its clock began again; what waits is over by now.
    for id in &ids {
        let mut setup = next.store.get(*id).await.unwrap();
        setup.waits_until = Some(Timestamp(1));
        next.store.save(&mut setup, &[], Timestamp(1)).await.unwrap();
    }
    assert_eq!(next.engine.recover().await.unwrap(), 2);
    tokio::time::sleep(Duration::from_secs(20)).await;
    next.device.connect(&next.hub).await;
    for id in ids {
        assert_eq!(next.over(id).await.state, SetupState::Finished(SetupOutcome::Succeeded));
    }
}

#[tokio::test(start_paused = true)]
async fn the_owner_ends_all_that_waits_and_nobody_else_does() {
    let (stage, ids) = with_setups(&[&["jq"], &["rg"], &["fd"]]).await;
    for id in &ids[..2] {
        stage.engine.approve(*id).await.unwrap();
    }
    let waiting = async |account| stage.engine.waiting(account, stage.device.id).await.unwrap();
    assert_eq!(waiting(d1_core::AccountId::generate()).await, []);
    let setups = waiting(stage.account).await;
    assert_eq!(setups.iter().map(|setup| setup.id).collect::<Vec<_>>(), ids[..2]);
    for setup in &setups {
        assert!(stage.engine.end_waiting(setup).await.unwrap());
        assert!(!stage.engine.end_waiting(setup).await.unwrap());
    }
    for id in &ids[..2] {
        assert_eq!(stage.over(*id).await.state, SetupState::Finished(SetupOutcome::Cancelled));
    }
    assert_eq!(stage.spent().await, Amount::ZERO);
    assert_eq!(stage.store.get(ids[2]).await.unwrap().state, SetupState::AwaitingApproval);
    assert_eq!(waiting(stage.account).await, []);
    stage.device.connect(&stage.hub).await;
    stage.idle().await;
    assert_eq!(stage.device.starts(), []);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_a_thousand_steps_wait_for_one_device() {
    let stage = away().await;
    stage.device.connect(&stage.hub).await;
    let draft = stage.draft(&["jq", "rg"]).await;
    let mut ids = Vec::new();
    for _ in 0..502 {
        ids.push(stage.keep(draft.clone()).await);
    }
    stage.device.cut();
    gone(&stage.hub, stage.device.id).await;
    assert!(stage.ledger.deposit(stage.account, Amount::credits(2_000)));
    for id in &ids[..500] {
        stage.engine.approve(*id).await.unwrap();
    }
    let refused = stage.engine.approve(ids[500]).await.unwrap_err().problem();
    assert_eq!(refused.code, "D1-DEVICE-013");
    assert!(refused.title.starts_with("1000 steps wait for device"), "{refused}");
    assert_eq!(stage.store.get(ids[500]).await.unwrap().state, SetupState::AwaitingApproval);
    assert_eq!(stage.store.get(ids[500]).await.unwrap().hold, None);
    // There is room again when something has ended.
    stage.engine.stop(ids[0], StopMode::AfterStep).await.unwrap();
    let (one, other) = tokio::join!(stage.engine.approve(ids[500]), stage.engine.approve(ids[501]));
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1);
    // A device that is there takes more.
    stage.device.connect(&stage.hub).await;
    let late = if one.is_ok() { ids[501] } else { ids[500] };
    stage.engine.approve(late).await.unwrap();
    assert_eq!(stage.over(late).await.state, SetupState::Finished(SetupOutcome::Succeeded));
}

#[test]
fn what_expires_changes_nothing_that_is_not_running() {
    let mut setup = d1_core::conformance::a_setup(d1_core::AccountId::generate());
    let before = setup.clone();
    assert_eq!(setup.on(SetupEvent::Expire, before.changed_at).unwrap(), []);
    assert_eq!(setup, before);
}
