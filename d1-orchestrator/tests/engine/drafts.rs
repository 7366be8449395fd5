//! Drafts: planned, simulated and priced, and nothing kept.

use crate::stage::{Stage, install};
use d1_core::{Amount, Category, Page, Presence, Preview, Problem, SetupId};

#[tokio::test(start_paused = true)]
async fn a_draft_has_a_preview_and_a_price_for_each_step_and_keeps_nothing() {
    let stage = Stage::new().await;
    let draft = stage.draft(&["jq", "rg"]).await;
    assert_eq!((draft.plan.steps.len(), draft.previews.len()), (2, 2));
    assert_eq!(draft.quote.most(), Amount::credits(2));
    assert!(!draft.nothing_to_do());
    assert_eq!(stage.store.list(stage.account, Page::default()).await.unwrap(), []);
    assert_eq!((stage.device.orders(), stage.engine.driving()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_all_there_is_nothing_to_do_and_what_cannot_be_told_is_not() {
    let stage = Stage::new().await;
    assert!(!stage.draft(&["exec-tool"]).await.nothing_to_do());
    stage.device.everything_is_present();
    assert!(stage.draft(&["jq", "rg"]).await.nothing_to_do());
}

#[tokio::test(start_paused = true)]
async fn a_planner_may_ask_a_few_times_but_not_for_ever() {
    let stage = Stage::new().await;
    let draft = stage.draft(&["ask:7", "jq"]).await;
    assert_eq!((draft.plan.steps.len(), stage.device.asked()), (1, 8));
    let intent = install(&["ask:8", "jq"]);
    let error = stage.engine.draft(stage.account, stage.device.id, intent).await.unwrap_err();
    assert_eq!(error.problem().code, "D1-PLAN-006");
}

#[tokio::test(start_paused = true)]
async fn a_package_that_only_a_refreshed_index_may_have_does_not_block() {
    let stage = Stage::new().await;
    let missing = Problem::new("D1-APT-002", Category::Usage, "the index has no package `jq`");
    stage.device.packages_are_blocked(missing.clone());
    assert_eq!(stage.draft(&["jq", "refresh"]).await.blocked(), Some(&missing));
    let draft = stage.draft(&["refresh", "jq"]).await;
    assert_eq!(draft.blocked(), None);
    assert!(matches!(draft.previews[1].presence, Presence::Unknown(_)));
    assert!(!draft.nothing_to_do());
    // Anything else still blocks.
    let locked = Problem::new("D1-APT-001", Category::Task, "the package database is in use");
    stage.device.packages_are_blocked(locked.clone());
    assert_eq!(stage.draft(&["refresh", "jq"]).await.blocked(), Some(&locked));
}

#[tokio::test(start_paused = true)]
async fn refreshing_an_index_alone_is_nothing_to_do() {
    let stage = Stage::new().await;
    assert!(stage.draft(&["refresh"]).await.nothing_to_do());
    assert!(!stage.draft(&["refresh", "jq"]).await.nothing_to_do());
}

#[tokio::test(start_paused = true)]
async fn what_is_blocked_is_not_kept() {
    let stage = Stage::new().await;
    let mut draft = stage.draft(&["jq", "rg"]).await;
    let why = Problem::new("D1-APT-001", Category::Task, "the package database is in use");
    draft.previews[1] = Preview::blocked(why.clone());
    assert_eq!((draft.blocked(), draft.nothing_to_do()), (Some(&why), false));
    let (account, device) = (stage.account, stage.device.id);
    let refused = stage.engine.create(SetupId::generate(), account, device, draft, None).await;
    assert_eq!(refused.unwrap_err().problem(), why);
    assert_eq!(stage.store.list(account, Page::default()).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn what_takes_rights_that_are_not_there_may_be_looked_at_and_is_not_kept() {
    let stage = Stage::new().await;
    stage.device.is_an_ordinary_user();
    let draft = stage.draft(&["jq"]).await;
    let why = draft.lacks_rights().unwrap();
    assert_eq!((draft.blocked(), why.code.as_str()), (None, "D1-PLAN-007"));
    let (account, device) = (stage.account, stage.device.id);
    let refused = stage.engine.create(SetupId::generate(), account, device, draft, None).await;
    assert_eq!(refused.unwrap_err().problem(), why);
    // What is there already takes no rights.
    stage.device.everything_is_present();
    assert_eq!(stage.draft(&["jq"]).await.lacks_rights(), None);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_away_is_named_with_what_to_do() {
    let stage = Stage::new().await;
    let stranger = d1_core::DeviceId::generate();
    let error = stage.engine.draft(stage.account, stranger, install(&["jq"])).await.unwrap_err();
    let problem = error.problem();
    assert_eq!(problem.code, "D1-DEVICE-001");
    assert_eq!(problem.title, format!("device {stranger} is not connected"));
    assert_eq!(problem.next, ["start its daemon, then try again"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_key_gives_the_same_setup() {
    let stage = Stage::new().await;
    let draft = stage.draft(&["jq"]).await;
    let (account, device) = (stage.account, stage.device.id);
    let create = |draft, key| {
        let engine = stage.engine.clone();
        async move { engine.create(SetupId::generate(), account, device, draft, key).await }
    };
    let first = create(draft.clone(), Some("k")).await.unwrap();
    assert_eq!(create(draft, Some("k")).await.unwrap(), first);
    let other = stage.draft(&["rg"]).await;
    let problem = create(other, Some("k")).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-SETUP-012");
}
