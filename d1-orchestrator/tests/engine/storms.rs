//! Whatever happens on the way, in any order, the laws hold in the end.

use crate::{
    device::{Noise, Play},
    stage::{FUNDS, Stage},
};
use d1_core::{Amount, ProbeAnswer, ProgressEvent as P, SetupOutcome, SetupState, StopMode};
use proptest::prelude::*;
use std::{collections::HashSet, time::Duration};

/// Something that happens on the way.
#[derive(Clone, Copy, Debug)]
enum Squall {
    /// The link is lost.
    Cut,
    /// The device connects, again or for the first time.
    Connect,
    /// The engine's process dies, and another one takes up its work.
    Restart,
    /// Another process takes over while this one still thinks it holds the setup.
    Overtake,
    /// The link misbehaves from now on.
    Noise(Noise),
    /// Steps that run come to an end.
    End,
    /// Time passes.
    Wait(u64),
    /// Somebody wants it to stop.
    Stop(StopMode),
}

fn squalls() -> impl Strategy<Value = Vec<Squall>> {
    let noise = (any::<bool>(), any::<bool>(), any::<bool>());
    let noise = noise.prop_map(|(twice, results_first, lose_a_result)| {
        Squall::Noise(Noise { twice, results_first, lose_a_result, mute: false })
    });
    let modes = [StopMode::AfterStep, StopMode::Now, StopMode::Kill];
    let squall = prop_oneof![
        3 => Just(Squall::Cut),
        4 => Just(Squall::Connect),
        2 => Just(Squall::Restart),
        2 => Just(Squall::Overtake),
        2 => noise,
        4 => Just(Squall::End),
        4 => prop::sample::select(vec![0, 1, 10, 40_000]).prop_map(Squall::Wait),
        1 => prop::sample::select(modes.to_vec()).prop_map(Squall::Stop),
    ];
    prop::collection::vec(squall, 0..24)
}

fn plays() -> impl Strategy<Value = Vec<Vec<Play>>> {
    let play = prop_oneof![
        3 => Just(Play::Run),
        3 => Just(Play::Succeed),
        1 => Just(Play::Same),
        1 => Just(Play::Fail),
        1 => Just(Play::CutOff(ProbeAnswer::NotDone)),
        1 => Just(Play::CutOff(ProbeAnswer::Unknown("half of it".into()))),
    ];
    prop::collection::vec(prop::collection::vec(play, 0..3), STEPS.len())
}

const STEPS: [&str; 3] = ["jq", "rg", "free-fd"];

async fn strike(stage: Stage, squall: Squall, id: d1_core::SetupId) -> Stage {
    match squall {
        Squall::Cut => stage.device.cut(),
        Squall::Connect => stage.device.connect(&stage.hub).await,
        Squall::Restart => {
            stage.supervisor.shut_down(Duration::ZERO).await;
            let next = stage.another_process();
            next.engine.recover().await.unwrap();
            return next;
        }
        Squall::Overtake => {
            let next = stage.another_process();
            next.engine.take(id).await.unwrap();
            // The one before is alive and may try whatever it likes; it is never looked
            // after again.
            return next;
        }
        Squall::Noise(noise) => stage.device.noise(noise),
        Squall::End => stage.device.end_all(&Play::Succeed).await,
        Squall::Wait(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        // It may be over already.
        Squall::Stop(mode) => drop(stage.engine.stop(id, mode).await),
    }
    stage
}

async fn weather(plays: Vec<Vec<Play>>, squalls: Vec<Squall>) {
    let mut stage = Stage::new().await;
    for (step, plays) in STEPS.iter().zip(plays) {
        stage.device.play(step, plays);
    }
    let id = stage.approve(&STEPS).await;
    for squall in squalls {
        stage = strike(stage, squall, id).await;
    }
    // The storm is over: one process, a sound link, and steps that end.
    stage.device.noise(Noise::default());
    stage.device.everything_ends();
    stage.device.connect(&stage.hub).await;
    stage.engine.take(id).await.unwrap();
    stage.device.end_all(&Play::Succeed).await;
    let setup = stage.over(id).await;

    assert!(setup.tasks.iter().all(|task| task.state.is_over()), "{setup:?}");
    let starts = stage.device.starts();
    let distinct: HashSet<_> = starts.iter().collect();
    assert_eq!(distinct.len(), starts.len(), "an attempt began twice: {starts:?}");
    // One receipt for each attempt that began and each that was refused; none is lost.
    let receipts: HashSet<_> = setup.receipts.iter().map(|r| (r.task, r.attempt)).collect();
    assert_eq!(receipts.len(), setup.receipts.len());
    assert_eq!(FUNDS.checked_sub(stage.left().await).unwrap(), setup.charge());
    if setup.state == SetupState::Finished(SetupOutcome::NoChange) {
        assert_eq!(setup.charge(), Amount::ZERO);
    }
    let news = stage.told(id).await;
    let about_steps = news.iter().filter(|one| {
        matches!(one, P::StepSent { .. } | P::StepStarted { .. } | P::StepFinished { .. })
    });
    let about_steps: Vec<_> = about_steps.map(|one| format!("{one:?}")).collect();
    let distinct: HashSet<_> = about_steps.iter().collect();
    assert_eq!(distinct.len(), about_steps.len(), "something was told twice: {about_steps:?}");
    stage.device.until(|device| device.remembers() == 0).await;
    assert_eq!(stage.store.unfinished().await.unwrap(), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_storm_every_task_is_over_began_once_and_is_paid_once(
        plays in plays(),
        squalls in squalls(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(weather(plays, squalls));
    }
}
