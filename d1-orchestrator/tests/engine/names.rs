//! From what people type to a setup.

use crate::{device::Play, stage::Stage};
use d1_core::{AccountId, SetupId};
use d1_orchestrator::Last;

#[tokio::test(start_paused = true)]
async fn a_setup_is_found_by_its_id_by_the_beginning_of_it_and_as_the_last() {
    let stage = Stage::new().await;
    let old = stage.run(&["jq"]).await.id;
    let new = stage.run(&["rg"]).await.id;
    let resolve =
        async |text: &str| stage.engine.resolve(stage.account, text, Last::Newest).await.unwrap();
    assert_eq!(resolve(&old.to_string()).await, old);
    assert_eq!(resolve(&old.to_string()[..16].to_uppercase()).await, old);
    assert_eq!(resolve("last").await, new);
}

#[tokio::test(start_paused = true)]
async fn the_last_to_undo_changed_something_and_is_no_undo_and_not_undone() {
    let stage = Stage::new().await;
    let first = stage.run(&["jq"]).await.id;
    let second = stage.run(&["rg"]).await.id;
    stage.device.play("fd", [Play::Same]);
    stage.run(&["fd"]).await;
    let last = async |last| stage.engine.resolve(stage.account, "last", last).await;
    assert_eq!(last(Last::Undoable).await.unwrap(), second);
    let undo = stage.engine.draft_undo(stage.account, second).await.unwrap();
    let undo = stage.keep(undo).await;
    stage.engine.approve(undo).await.unwrap();
    stage.over(undo).await;
    assert_eq!(last(Last::Undoable).await.unwrap(), first);
    assert_eq!(last(Last::Unfinished).await.unwrap_err().problem().code, "D1-SETUP-001");
}

#[tokio::test(start_paused = true)]
async fn what_names_none_or_several_says_so_and_lists_them() {
    let stage = Stage::new().await;
    let draft = stage.draft(&["jq"]).await;
    let mut ids = Vec::new();
    for last in 0..7 {
        let mut bytes = [0xab; 16];
        bytes[15] = last;
        let id = SetupId::from_bytes(bytes);
        let (account, device) = (stage.account, stage.device.id);
        stage.engine.create(id, account, device, draft.clone(), None).await.unwrap();
        ids.push(id.to_string());
    }
    let problem = async |account, text: &str| {
        stage.engine.resolve(account, text, Last::Newest).await.unwrap_err().problem()
    };
    let several = problem(stage.account, "abab").await;
    assert_eq!((several.code.as_str(), several.next.len()), ("D1-SETUP-003", 5));
    assert!(several.next.iter().all(|id| ids.contains(id)));
    assert_eq!(problem(stage.account, "00").await.code, "D1-SETUP-001");
    for nonsense in ["", "-", "xyz", "../etc", &"a".repeat(33)] {
        assert_eq!(problem(stage.account, nonsense).await.code, "D1-SETUP-002");
    }
    // Of other accounts' setups nobody learns.
    assert_eq!(problem(AccountId::generate(), "abab").await.code, "D1-SETUP-001");
    assert_eq!(problem(AccountId::generate(), "last").await.code, "D1-SETUP-001");
}
