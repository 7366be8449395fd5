//! Undo: from the receipt, the last change first, and never over somebody else's work.

use crate::rig::{Rig, change, forgetful, outcome_of, write};
use d1_core::{Action, FileChange, Job, Outcome, Presence, ProbeAnswer, Resource, Revert};
use std::fs;

#[tokio::test]
async fn everything_is_as_it_was_down_to_mode_and_owner() {
    let rig = Rig::new();
    rig.write("/etc/motd", "old\n");
    std::os::unix::fs::chown(rig.path("/etc/motd"), Some(1234), Some(5678)).unwrap();
    rig.write("/etc/doomed", "still here");
    let before = rig.tree();
    let mut done = Vec::new();
    for action in [
        change("/etc/motd", FileChange::Write { content: "new".into(), mode: Some(0o600) }),
        change("/etc/doomed", FileChange::Remove),
        write("/etc/made/on/the/way", "x"),
        change("/etc/motd", FileChange::EnsureLine { line: "more".into() }),
    ] {
        done.push(rig.apply(action).await);
    }
    assert_ne!(rig.tree(), before);
    for job in done.iter().rev() {
        let preview = {
            let changes = job.1.changes.clone();
            rig.preview(&Action::Revert(Revert { task: job.0.task, changes })).await
        };
        let undone = rig.undo(job).await;
        assert_eq!(undone.outcome, Outcome::Succeeded);
        assert_eq!(undone.changes, preview.changes, "an undo does what it foretold");
    }
    assert_eq!(rig.tree(), before);
}

#[tokio::test]
async fn an_undo_said_twice_changes_nothing_the_second_time() {
    let rig = Rig::new();
    let done = rig.apply(write("/etc/new", "x")).await;
    assert_eq!(rig.undo(&done).await.outcome, Outcome::Succeeded);
    let again = rig.undo(&done).await;
    assert_eq!(outcome_of(&again), (Outcome::NoChange, 0));
}

#[tokio::test]
async fn what_somebody_changed_since_is_left_as_it_is_and_named() {
    let rig = Rig::new();
    rig.write("/etc/motd", "old");
    let done = rig.apply(write("/etc/motd", "ours")).await;
    rig.write("/etc/motd", "theirs");
    let revert = Action::Revert(Revert { task: done.0.task, changes: done.1.changes.clone() });
    let preview = rig.preview(&revert).await;
    let kept = "file /etc/motd: it has changed since, and is left as it is";
    assert_eq!((preview.presence, preview.warnings), (Presence::Present, vec![kept.to_owned()]));
    let undone = rig.undo(&done).await;
    assert_eq!((undone.outcome, undone.kept), (Outcome::NoChange, vec![kept.to_owned()]));
    assert_eq!(rig.read("/etc/motd"), "theirs");
}

#[tokio::test]
async fn a_folder_that_has_come_to_hold_more_stays() {
    let rig = Rig::new();
    let done = rig.apply(write("/etc/app/conf", "x")).await;
    rig.write("/etc/app/theirs", "y");
    let undone = rig.undo(&done).await;
    assert_eq!(undone.outcome, Outcome::Succeeded);
    assert_eq!(undone.kept, ["file /etc/app: it holds other things by now, and stays"]);
    assert!(!rig.path("/etc/app/conf").exists());
    assert_eq!(rig.read("/etc/app/theirs"), "y");
}

#[tokio::test]
async fn what_another_setup_relies_on_stays() {
    let rig = Rig::new();
    let (job, ended) = rig.apply(write("/etc/shared", "x")).await;
    let needed: Vec<Resource> = ended.changes.iter().map(|c| c.resource.clone()).collect();
    let revert = rig.job(Action::Revert(Revert { task: job.task, changes: ended.changes })).await;
    let undone = rig.run(&Job { needed_elsewhere: needed, ..revert }).await.unwrap();
    assert_eq!(undone.kept, ["file /etc/shared: another setup relies on it"]);
    assert_eq!(rig.read("/etc/shared"), "x");
}

#[tokio::test]
async fn an_original_that_is_lost_is_said_and_nothing_is_destroyed() {
    let rig = Rig::new();
    rig.write("/etc/motd", "old");
    let done = rig.apply(write("/etc/motd", "new")).await;
    for kept in fs::read_dir(rig.originals()).unwrap().flatten() {
        fs::write(kept.path(), "damaged").unwrap();
    }
    // Preparing an undo keeps the present content too; the damaged one is not overwritten.
    let undone = rig.undo(&done).await;
    assert_eq!(undone.outcome, Outcome::Failed);
    assert_eq!(undone.problem.unwrap().cause, "the saved original is damaged");
    assert_eq!(rig.read("/etc/motd"), "new");
}

#[tokio::test]
async fn a_cut_off_undo_is_told_from_a_done_one() {
    let rig = Rig::new();
    rig.write("/etc/motd", "old");
    let (job, ended) = rig.apply(write("/etc/motd", "new")).await;
    let undo = rig.job(Action::Revert(Revert { task: job.task, changes: ended.changes })).await;
    assert_eq!(rig.probe(&undo).await.answer, ProbeAnswer::NotDone);
    rig.run(&undo).await.unwrap();
    assert_eq!(rig.probe(&undo).await.answer, ProbeAnswer::Done);
    // Even for a process that died before it wrote down how things were.
    assert_eq!(rig.probe(&forgetful(undo)).await.answer, ProbeAnswer::Done);
}
