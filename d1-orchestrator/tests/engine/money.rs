//! Nothing runs unpaid, and only work that was needed and worked is charged.

use crate::{
    device::Play,
    stage::{FUNDS, Stage},
};
use d1_core::{Amount, CreditLedger as _, HoldId, HoldRequest, SetupOutcome, SetupState};

#[tokio::test(start_paused = true)]
async fn a_failed_install_costs_nothing() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Fail]);
    let setup = stage.run(&["jq"]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Failed));
    assert_eq!(stage.spent().await, Amount::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_was_so_already_costs_nothing() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Same]);
    let setup = stage.run(&["jq"]).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::NoChange));
    assert_eq!(stage.spent().await, Amount::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_most_it_can_cost_is_held_while_it_runs() {
    let stage = Stage::new().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.device.begun("jq", 1).await;
    assert_eq!(stage.left().await, FUNDS.checked_sub(Amount::credits(2)).unwrap());
    stage.device.end("jq", &Play::Fail).await;
    stage.over(id).await;
    assert_eq!(stage.left().await, FUNDS);
}

#[tokio::test(start_paused = true)]
async fn without_enough_credits_nothing_is_sent_and_it_still_waits() {
    let stage = Stage::new().await;
    // Somebody else holds nearly everything.
    let rest = FUNDS.checked_sub(Amount::credits(1)).unwrap();
    let other = HoldId::generate();
    stage.ledger.hold(&HoldRequest::new(other, stage.account, rest)).await.unwrap();
    let id = stage.create(&["jq", "rg"]).await;
    let problem = stage.engine.approve(id).await.unwrap_err().problem();
    assert_eq!(
        (problem.code.as_str(), problem.category),
        ("D1-CREDIT-402", d1_core::Category::Credit)
    );
    stage.idle().await;
    let setup = stage.store.get(id).await.unwrap();
    assert_eq!((setup.state, stage.device.orders()), (SetupState::AwaitingApproval, 0));
    // With credits, the same yes works.
    stage.ledger.settle(other, Amount::ZERO).await.unwrap();
    stage.engine.approve(id).await.unwrap();
    assert!(stage.over(id).await.is_over());
    assert_eq!(stage.spent().await, Amount::credits(2));
}
