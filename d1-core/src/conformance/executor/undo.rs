//! Taking back: exactly what the receipt says, and nothing that others need or have changed.

use super::*;
use crate::State;

pub(super) async fn laws<F, E>(laws: &mut Laws, make: &F)
where
    F: Fn() -> E,
    E: Future<Output = Examinee>,
{
    laws.check("an_undo_restores_everything", patiently(restores(make().await))).await;
    laws.check("undoing_all_in_reverse_restores_everything", patiently(all_back(make().await)))
        .await;
    laws.check("an_undo_done_twice_is_no_change", patiently(twice(make().await))).await;
    laws.check("an_undo_leaves_what_has_changed_since", patiently(changed(make().await))).await;
    laws.check("an_undo_keeps_what_others_need", patiently(needed(make().await))).await;
}

async fn restores(examinee: Examinee) {
    for action in &examinee.reversible {
        let before = examinee.look();
        let (job, ended) = examinee.worked(action).await;
        let (_, undone) = examinee.undone(&job, ended.changes).await;
        assert_eq!((undone.outcome, undone.kept), (Outcome::Succeeded, Vec::new()));
        assert_eq!(examinee.look(), before, "after an undo of {action:?}");
        // A later sample may need the earlier ones.
        examinee.worked(action).await;
    }
}

async fn all_back(examinee: Examinee) {
    let before = examinee.look();
    let mut receipts = Vec::new();
    for action in &examinee.reversible {
        receipts.push(examinee.worked(action).await);
    }
    for (job, ended) in receipts.into_iter().rev() {
        let (_, undone) = examinee.undone(&job, ended.changes).await;
        assert_eq!((undone.outcome, undone.kept), (Outcome::Succeeded, Vec::new()));
    }
    assert_eq!(examinee.look(), before);
}

async fn twice(examinee: Examinee) {
    let before = examinee.look();
    let (job, ended) = examinee.worked(&examinee.reversible[0]).await;
    examinee.undone(&job, ended.changes.clone()).await;
    let (_, again) = examinee.undone(&job, ended.changes).await;
    assert_eq!((again.outcome, again.changes), (Outcome::NoChange, Vec::new()));
    assert_eq!(examinee.look(), before);
}

/// A receipt that tells of another end than the one that is found: somebody was here.
async fn changed(examinee: Examinee) {
    for action in &examinee.reversible {
        let (job, ended) = examinee.worked(action).await;
        let before = examinee.look();
        let foreign = ended.changes.into_iter().filter(is_no_folder);
        let foreign: Vec<_> =
            foreign.map(|change| Change { after: another(&change), ..change }).collect();
        let (_, undone) = examinee.undone(&job, foreign.clone()).await;
        assert_eq!((undone.changes, undone.kept.len()), (Vec::new(), foreign.len()));
        assert_eq!(examinee.look(), before, "after an undo of what is different now");
    }
}

/// A folder is a folder, whoever changed its mode.
fn is_no_folder(change: &Change) -> bool {
    !matches!(change.after, State::Directory { .. })
}

/// A state that is neither of the two that the change names.
fn another(change: &Change) -> State {
    let other = |state: &State| *state != change.before && *state != change.after;
    let link = |target: &str| State::Link { target: target.to_owned() };
    [link("elsewhere"), link("nowhere")].into_iter().find(other).unwrap()
}

async fn needed(examinee: Examinee) {
    let (job, ended) = examinee.worked(&examinee.reversible[0]).await;
    let before = examinee.look();
    let needed_elsewhere = resources(&ended.changes);
    let revert = Action::Revert(Revert { task: job.task, changes: ended.changes });
    let job = Job { needed_elsewhere, ..examinee.job(&revert).await };
    let undone = examinee.done(&job).await;
    assert_eq!(undone.changes, []);
    assert!(!undone.kept.is_empty(), "it does not say what it kept");
    assert_eq!(examinee.look(), before);
}
