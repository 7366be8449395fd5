//! A process that dies at any moment loses nothing and does nothing twice.

use crate::{
    device::Play,
    stage::Stage,
    stores::{Fault, Faulty},
};
use d1_core::{
    Amount, Category, FromDevice, ProbeAnswer, Problem, SetupId, SetupOutcome, SetupState,
    SetupStore, StopMode, TaskState, memory::MemorySetupStore,
};
use std::{sync::Arc, time::Duration};

/// Longer than a setup of two steps takes.
const A_WHILE: Duration = Duration::from_secs(5);

/// Runs a setup until its engine dies at save number `at`, and takes it up in another
/// process. The store of that process is sound.
async fn die_and_recover(fault: Fault, at: i64) -> (Stage, SetupId) {
    let sound = Arc::new(MemorySetupStore::new());
    let faulty: Arc<dyn SetupStore> = Arc::new(Faulty::new(sound.clone(), fault, at));
    let stage = Stage::with_store(faulty).await;
    let id = stage.create(&["jq", "rg"]).await;
    let approved = tokio::time::timeout(A_WHILE, stage.engine.approve(id)).await;
    tokio::time::sleep(A_WHILE).await;
    stage.supervisor.shut_down(Duration::ZERO).await;
    stage.device.cut();
    let other = stage.another_process_on(sound);
    other.device.connect(&other.hub).await;
    if approved.is_err() && other.store.get(id).await.unwrap().state == SetupState::AwaitingApproval
    {
        // Nobody was told that it begins, so they say yes again.
        other.engine.approve(id).await.unwrap();
    }
    other.engine.recover().await.unwrap();
    (other, id)
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_dies_between_saving_and_acting_is_made_good_by_the_next_one() {
    // The hold, approval, link, three or four for each of the two steps, and the end of the hold.
    for at in 1..=11 {
        let (stage, id) = die_and_recover(Fault::DieAfter, at).await;
        let setup = stage.over(id).await;
        assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded), "save {at}");
        assert_eq!(stage.device.starts(), [("jq".to_owned(), 1), ("rg".to_owned(), 1)]);
        assert_eq!(setup.receipts.len(), 2, "save {at}");
        // Also when it died just before it was settled: the device still remembers.
        stage.device.until(|device| device.forgotten() == 2).await;
        assert_eq!(stage.spent().await, Amount::credits(2), "save {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_dies_before_saving_is_made_good_by_the_next_one() {
    for at in 1..=11 {
        let (stage, id) = die_and_recover(Fault::DieBefore, at).await;
        let setup = stage.over(id).await;
        assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded), "save {at}");
        assert_eq!(stage.device.starts(), [("jq".to_owned(), 1), ("rg".to_owned(), 1)]);
        stage.device.until(|device| device.forgotten() == 2).await;
        assert_eq!(stage.spent().await, Amount::credits(2), "save {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_saved_now_is_saved_later_and_not_lost() {
    for at in 3..=10 {
        let sound = Arc::new(MemorySetupStore::new());
        let stage = Stage::with_store(Arc::new(Faulty::new(sound, Fault::FailThrice, at))).await;
        let setup = stage.run(&["jq", "rg"]).await;
        assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded), "save {at}");
        assert_eq!(stage.spent().await, Amount::credits(2));
        assert_eq!(stage.device.starts().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_yes_that_cannot_be_saved_is_an_error_and_may_be_said_again() {
    // Before the credits are held, and after.
    for at in 1..=2 {
        let sound = Arc::new(MemorySetupStore::new());
        let stage = Stage::with_store(Arc::new(Faulty::new(sound, Fault::FailThrice, at))).await;
        let id = stage.create(&["jq"]).await;
        for _ in 0..3 {
            let problem = stage.engine.approve(id).await.unwrap_err().problem();
            assert_eq!(problem.code, "D1-SETUP-014");
        }
        assert_eq!(stage.device.orders(), 0);
        stage.engine.approve(id).await.unwrap();
        stage.over(id).await;
        assert_eq!(stage.spent().await, Amount::credits(1));
    }
}

#[tokio::test(start_paused = true)]
async fn credits_are_not_held_for_ever_for_a_yes_that_nobody_says_again() {
    for fault in [Fault::DieBefore, Fault::DieAfter] {
        for at in 1..=2 {
            let sound = Arc::new(MemorySetupStore::new());
            let faulty: Arc<dyn SetupStore> = Arc::new(Faulty::new(sound.clone(), fault, at));
            let stage = Stage::with_store(faulty).await;
            let id = stage.create(&["jq"]).await;
            // They hear nothing, and walk away.
            tokio::time::timeout(A_WHILE, stage.engine.approve(id)).await.unwrap_err();
            stage.device.cut();
            let other = stage.another_process_on(sound);
            other.device.connect(&other.hub).await;
            other.engine.recover().await.unwrap();
            let is_unheard = (fault, at) == (Fault::DieBefore, 1);
            let setup =
                if is_unheard { other.store.get(id).await.unwrap() } else { other.over(id).await };
            assert_eq!(setup.state == SetupState::AwaitingApproval, is_unheard);
            assert_eq!(other.spent().await, setup.charge(), "{fault:?} at save {at}");
            assert_eq!(setup.hold, None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_run_that_was_paid_for_begins_though_its_process_died() {
    let sound = Arc::new(MemorySetupStore::new());
    let stage = Stage::with_store(sound.clone()).await;
    stage.device.play("jq", [Play::Fail]);
    let id = stage.run(&["jq"]).await.id;
    stage.supervisor.shut_down(Duration::ZERO).await;
    // The hold for the second run is noted and made; its beginning is never saved.
    let faulty: Arc<dyn SetupStore> = Arc::new(Faulty::new(sound.clone(), Fault::DieBefore, 2));
    let dying = stage.another_process_on(faulty);
    let resumed = tokio::time::timeout(A_WHILE, dying.engine.resume(id, false)).await;
    resumed.unwrap_err();
    let third = stage.another_process_on(sound);
    third.device.cut();
    third.device.connect(&third.hub).await;
    third.engine.recover().await.unwrap();
    let setup = third.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(setup.resumed, 1);
    assert_eq!(third.spent().await, Amount::credits(1));
}

#[tokio::test(start_paused = true)]
async fn of_two_engines_the_one_that_took_it_later_drives_and_the_other_lets_go() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    // The other one has no link yet; the first one still hears the device.
    let other = stage.another_process();
    let taken = other.engine.take(id).await.unwrap();
    assert_eq!(taken.epoch, 2);
    stage.device.end("jq", &Play::Succeed).await;
    stage.idle().await;
    // What it heard was not saved, and nothing followed from it.
    let setup = stage.store.get(id).await.unwrap();
    assert_eq!((setup.receipts.len(), setup.epoch), (0, 2));
    assert_eq!(stage.device.starts().len(), 1);
    stage.device.cut();
    other.device.connect(&other.hub).await;
    let setup = other.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1), ("rg".to_owned(), 1)]);
    assert_eq!(other.spent().await, Amount::credits(2));
}

#[tokio::test(start_paused = true)]
async fn what_a_stale_engine_still_says_is_refused_by_the_device() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    let other = stage.another_process();
    other.device.connect(&other.hub).await;
    other.engine.take(id).await.unwrap();
    other.device.until(|device| device.orders() == 2).await;
    // It has not noticed yet, and has a link again.
    stage.device.connect(&stage.hub).await;
    stage.device.until(|device| device.stale() > 0 || device.orders() > 2).await;
    stage.idle().await;
    assert_eq!(stage.device.starts().len(), 1);
    other.device.connect(&other.hub).await;
    stage.device.end("jq", &Play::Succeed).await;
    other.over(id).await;
    assert_eq!(stage.device.starts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_refused_or_asked_finds_out_that_it_is_stale_and_lets_go() {
    for is_refused in [true, false] {
        let stage = Stage::new().await;
        stage.device.play("jq", [Play::Run]);
        let id = stage.approve(&["jq"]).await;
        stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
        stage.another_process().engine.take(id).await.unwrap();
        assert_eq!(stage.engine.driving(), 1);
        let began = tokio::time::Instant::now();
        if is_refused {
            let problem = Problem::new("D1-DEVICE-003", Category::Denied, "that epoch is over");
            stage.device.say(FromDevice::Error(problem)).await;
        } else {
            let stop = stage.engine.stop(id, StopMode::Now).await;
            assert_eq!(stop.unwrap_err().problem().code, "D1-SETUP-011");
        }
        stage.idle().await;
        // At once, not when it next reminds its device.
        assert!(began.elapsed() < Duration::from_secs(1));
        assert_eq!(stage.store.get(id).await.unwrap().state, SetupState::Running);
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_what_another_process_drove_takes_it_over() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.device.begun("jq", 1).await;
    stage.supervisor.shut_down(Duration::ZERO).await;
    let other = stage.another_process();
    let setup = other.engine.stop(id, StopMode::Now).await.unwrap();
    assert_eq!(setup.epoch, 2);
    // Taking what is taken changes nothing.
    assert_eq!(other.engine.take(id).await.unwrap().epoch, 2);
    other.device.connect(&other.hub).await;
    let setup = other.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stops_leaves_its_setups_to_the_next_one() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    assert!(stage.supervisor.shut_down(Duration::from_secs(1)).await);
    assert_eq!(stage.store.get(id).await.unwrap().state, SetupState::Running);
    let problem = stage.engine.take(id).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-SETUP-016");
    let other = stage.another_process();
    assert_eq!(other.engine.recover().await.unwrap(), 1);
    other.device.connect(&other.hub).await;
    stage.device.end("jq", &Play::Succeed).await;
    other.over(id).await;
    assert_eq!(stage.device.starts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_cut_off_and_did_nothing_is_tried_again() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::CutOff(ProbeAnswer::NotDone)]);
    let setup = stage.run(&["jq"]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1), ("jq".to_owned(), 2)]);
    assert_eq!(stage.spent().await, Amount::credits(1));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_cut_off_again_and_again_is_given_up() {
    let stage = Stage::new().await;
    stage.device.play("jq", vec![Play::CutOff(ProbeAnswer::NotDone); 9]);
    let setup = stage.run(&["jq"]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Failed));
    assert_eq!(stage.device.starts().len(), d1_core::Setup::MAX_ATTEMPTS as usize);
}
