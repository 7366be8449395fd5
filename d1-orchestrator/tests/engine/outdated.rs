//! Daemons that speak the protocol before this one: they do all they can, and what they cannot do
//! is refused or ends, and is never done otherwise than was agreed on.

use crate::{
    device::Play,
    stage::{Stage, gone},
};
use d1_core::{
    Amount, OnDisconnect, Outcome, PROTOCOL, SetupId, SetupOutcome, SetupState, TaskState,
};

const ENDED: SetupState = SetupState::Finished(SetupOutcome::Succeeded);

/// Every agreement that a daemon of before cannot keep.
const NEW: [OnDisconnect; 2] = [OnDisconnect::Pause, OnDisconnect::Cancel];

async fn agreed(stage: &Stage, on_disconnect: OnDisconnect) -> d1_orchestrator::Draft {
    let mut draft = stage.draft(&["jq", "rg"]).await;
    draft.terms.on_disconnect = on_disconnect;
    draft
}

/// The device goes, and comes with a daemon that speaks up to this.
async fn comes_back_speaking(stage: &Stage, newest: u32) {
    stage.device.cut();
    gone(&stage.hub, stage.device.id).await;
    stage.device.speaks_up_to(newest);
    stage.device.connect(&stage.hub).await;
}

#[tokio::test(start_paused = true)]
async fn a_daemon_of_before_does_what_it_can_and_the_rest_is_refused() {
    let stage = Stage::new().await;
    for newest in PROTOCOL {
        comes_back_speaking(&stage, newest).await;
        assert_eq!(stage.hub.protocol(stage.device.id), Some(newest));
        for on_disconnect in OnDisconnect::ALL {
            let draft = agreed(&stage, on_disconnect).await;
            let (id, device) = (SetupId::generate(), stage.device.id);
            let kept = stage.engine.create(id, stage.account, device, draft, None).await;
            if on_disconnect.since() <= newest {
                stage.engine.approve(kept.unwrap().id).await.unwrap();
                assert_eq!(stage.over(id).await.state, ENDED, "{on_disconnect:?} by {newest}");
                continue;
            }
            let problem = kept.unwrap_err().problem();
            assert_eq!(problem.code, "D1-DEVICE-014", "{on_disconnect:?} by {newest}");
            let agreed = format!("`on_disconnect: {}`", on_disconnect.as_str());
            assert!(problem.title.ends_with(&agreed), "{problem}");
            assert!(stage.engine.get(stage.account, id).await.is_err());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_older_daemon_comes_for_ends_before_it_begins_and_goes_on_after_an_upgrade() {
    for on_disconnect in NEW {
        let stage = Stage::new().await;
        let draft = agreed(&stage, on_disconnect).await;
        let id = stage.keep(draft).await;
        comes_back_speaking(&stage, on_disconnect.since() - 1).await;
        stage.engine.approve(id).await.unwrap();
        let setup = stage.over(id).await;
        assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Failed));
        let result = setup.tasks[0].result().unwrap();
        assert_eq!(result.outcome, Outcome::Undeliverable);
        assert_eq!(result.problem.as_ref().unwrap().code, "D1-DEVICE-014");
        assert_eq!(setup.tasks[1].state, TaskState::Skipped);
        assert_eq!((stage.device.starts(), stage.spent().await), (vec![], Amount::ZERO));
        comes_back_speaking(&stage, *PROTOCOL.end()).await;
        stage.engine.resume(id, false).await.unwrap();
        assert_eq!(stage.over(id).await.state, ENDED);
    }
}

#[tokio::test(start_paused = true)]
async fn what_ran_before_a_daemon_was_exchanged_for_an_older_one_is_heard_of_and_nothing_follows() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let draft = agreed(&stage, OnDisconnect::Pause).await;
    let id = stage.keep(draft).await;
    stage.engine.approve(id).await.unwrap();
    stage.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    stage.device.cut();
    gone(&stage.hub, stage.device.id).await;
    stage.device.end("jq", &Play::Succeed).await;
    comes_back_speaking(&stage, 1).await;
    let setup = stage.over(id).await;
    let outcomes: Vec<_> = setup.tasks.iter().map(d1_core::Task::outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::Succeeded), Some(Outcome::Undeliverable)]);
    assert_eq!(stage.device.starts(), [("jq".to_owned(), 1)]);
    assert_eq!(stage.spent().await, Amount::credits(1));
}
