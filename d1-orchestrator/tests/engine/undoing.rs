//! Taking back what a setup changed.

use crate::{
    device::{Play, installed},
    stage::{Stage, a_step},
};
use d1_core::{
    AccountId, Action, Amount, Change, Effect, Intent, Resource, Revert, SetupOutcome, SetupState,
    State, Step, Supervisor, TaskId, Undo,
};
use d1_orchestrator::plan_undo;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn an_undo_takes_back_the_last_change_first() {
    let stage = Stage::new().await;
    let setup = stage.run(&["jq", "rg"]).await;
    let plan = plan_undo(&setup).unwrap();
    let step = |name: &str, number: &str, after: &[&str]| Step {
        id: number.parse().unwrap(),
        title: format!("take back: Install {name}"),
        action: Action::Revert(Revert {
            task: TaskId::of_step(setup.id, &name.parse().unwrap()),
            changes: vec![installed(&a_step(name, Vec::new()))],
        }),
        effect: Effect::Destructive,
        undo: Undo::None("an undo is not undone; install again instead".into()),
        ..a_step(name, after.iter().map(|step| step.parse().unwrap()).collect())
    };
    assert_eq!(plan.intent, Intent::Undo(setup.id));
    assert_eq!(plan.steps, [step("rg", "undo-1", &[]), step("jq", "undo-2", &["undo-1"])]);
    assert_eq!(plan.follow_up, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn taking_back_removes_only_what_was_not_there_before() {
    let stage = Stage::new().await;
    let mut setup = stage.run(&["jq"]).await;
    let mode = |mode| State::Permissions { mode };
    let resource = Resource::Permissions("/etc/shadow".parse().unwrap());
    setup.receipts[0].changes =
        vec![Change { resource: resource.clone(), before: mode(0o644), after: mode(0o640) }];
    assert_eq!(plan_undo(&setup).unwrap().steps[0].effect, Effect::Write);
    setup.receipts[0].changes.push(Change { resource, before: State::Absent, after: mode(0o640) });
    assert_eq!(plan_undo(&setup).unwrap().steps[0].effect, Effect::Destructive);
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_succeeds_marks_the_original_and_costs_nothing() {
    let stage = Stage::new().await;
    let original = stage.run(&["jq", "rg"]).await.id;
    let draft = stage.engine.draft_undo(stage.account, original).await.unwrap();
    assert_eq!(draft.quote.most(), Amount::ZERO);
    let undo = stage.keep(draft).await;
    stage.engine.approve(undo).await.unwrap();
    let setup = stage.over(undo).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(setup.undo_of, Some(original));
    assert_eq!(stage.store.get(original).await.unwrap().undone_by, Some(undo));
    assert_eq!(stage.spent().await, Amount::credits(2));
    // Neither it nor its undo can be taken back now, and each says why.
    for (setup, code) in [(original, "D1-UNDO-003"), (undo, "D1-UNDO-002")] {
        let error = stage.engine.draft_undo(stage.account, setup).await.unwrap_err();
        assert_eq!(error.problem().code, code);
    }
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_fails_leaves_the_original_to_be_undone_again() {
    let stage = Stage::new().await;
    let original = stage.run(&["jq", "rg"]).await.id;
    stage.device.play("undo-2", [Play::Fail]);
    let draft = stage.engine.draft_undo(stage.account, original).await.unwrap();
    let undo = stage.keep(draft).await;
    stage.engine.approve(undo).await.unwrap();
    let setup = stage.over(undo).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Failed));
    assert_eq!(stage.store.get(original).await.unwrap().undone_by, None);
    stage.engine.resume(undo, false).await.unwrap();
    stage.over(undo).await;
    assert_eq!(stage.store.get(original).await.unwrap().undone_by, Some(undo));
}

#[tokio::test(start_paused = true)]
async fn what_was_undone_does_not_go_on() {
    let stage = Stage::new().await;
    stage.device.play("rg", [Play::Fail]);
    let original = stage.run(&["jq", "rg"]).await.id;
    let draft = stage.engine.draft_undo(stage.account, original).await.unwrap();
    let undo = stage.keep(draft).await;
    stage.engine.approve(undo).await.unwrap();
    stage.over(undo).await;
    let problem = stage.engine.resume(original, true).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-SETUP-009");
}

#[tokio::test(start_paused = true)]
async fn what_changed_nothing_has_no_undo_and_what_cannot_be_told_is_said() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Same]);
    let setup = stage.run(&["jq"]).await;
    assert_eq!(plan_undo(&setup).unwrap_err().code, "D1-UNDO-004");
    // A program ran, and nobody knows what it changed.
    stage.device.play("exec-tool", [Play::Same]);
    let setup = stage.run(&["jq", "exec-tool"]).await;
    let plan = plan_undo(&setup).unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(
        plan.follow_up,
        [
            "“Install exec-tool” is not taken back: it ran a program, and what that changed is not known"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_still_runs_and_what_belongs_to_others_is_not_undone() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq"]).await;
    stage.device.begun("jq", 1).await;
    let problem = stage.engine.draft_undo(stage.account, id).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-UNDO-001");
    let problem = stage.engine.draft_undo(AccountId::generate(), id).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-SETUP-001");
    stage.device.end("jq", &Play::Succeed).await;
    stage.over(id).await;
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stops_at_the_end_of_an_undo_still_marks_the_original() {
    let stage = Stage::new().await;
    let original = stage.run(&["jq"]).await.id;
    let draft = stage.engine.draft_undo(stage.account, original).await.unwrap();
    let undo = stage.keep(draft).await;
    // Somebody who stops the process the moment they hear that it is over.
    let (engine, supervisor) = (stage.engine.clone(), stage.supervisor.clone());
    let hasty = Supervisor::default();
    hasty.run("hasty", async move {
        assert!(engine.wait(undo).await.unwrap().is_over());
        assert!(supervisor.shut_down(Duration::from_secs(1)).await);
    });
    tokio::task::yield_now().await;
    stage.engine.approve(undo).await.unwrap();
    stage.supervisor.stopping().cancelled().await;
    assert!(hasty.shut_down(Duration::from_secs(9)).await);
    assert_eq!(stage.store.get(original).await.unwrap().undone_by, Some(undo));
}
