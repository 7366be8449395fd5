//! Finding out what became of a job whose process died.

use super::*;
use crate::{ProbeAnswer, Probed};

pub(super) async fn laws<F, E>(laws: &mut Laws, make: &F)
where
    F: Fn() -> E,
    E: Future<Output = Examinee>,
{
    laws.check("a_probe_before_the_work_says_not_done", patiently(before(make().await))).await;
    laws.check("a_probe_after_the_work_tells_the_receipt", patiently(after(make().await))).await;
    laws.check("a_probe_of_half_the_work_says_neither", patiently(half(make().await))).await;
    laws.check("a_probe_of_an_undo_tells_what_it_changed", patiently(of_undo(make().await))).await;
    laws.check("a_probe_changes_nothing", patiently(changes_nothing(make().await))).await;
    laws.check("a_program_that_may_have_run_is_never_not_done", patiently(program(make().await)))
        .await;
}

async fn probed(examinee: &Examinee, job: &Job) -> Probed {
    let (tx, mut rx) = mpsc::channel(WAITING);
    let probe = async move { examinee.executor.probe(job, &tx).await.unwrap() };
    let drain = async { while rx.recv().await.is_some() {} };
    tokio::join!(probe, drain).0
}

async fn before(examinee: Examinee) {
    let job = examinee.job(&examinee.reversible[0]).await;
    let found = probed(&examinee, &job).await;
    assert_eq!(found, Probed { answer: ProbeAnswer::NotDone, changes: Vec::new() });
}

async fn after(examinee: Examinee) {
    for action in &examinee.reversible {
        let (job, ended) = examinee.worked(action).await;
        let found = probed(&examinee, &job).await;
        assert_eq!(found.answer, ProbeAnswer::Done);
        assert_eq!(sorted(found.changes), sorted(ended.changes));
    }
}

/// The last change of a longer job is taken back, so that all is as if the job had been cut
/// off before it.
async fn half(examinee: Examinee) {
    let mut long = Vec::new();
    for action in &examinee.reversible {
        let (job, ended) = examinee.worked(action).await;
        if ended.changes.len() > 1 {
            long.push((job, ended.changes));
        }
    }
    for (job, changes) in long.into_iter().rev() {
        let last = changes[changes.len() - 1].clone();
        examinee.undone(&job, vec![last]).await;
        let found = probed(&examinee, &job).await;
        assert!(matches!(found.answer, ProbeAnswer::Unknown(_)), "{:?}", found.answer);
        assert_eq!(sorted(found.changes), sorted(changes[..changes.len() - 1].to_vec()));
        examinee.done(&job).await;
    }
}

async fn of_undo(examinee: Examinee) {
    let (job, ended) = examinee.worked(&examinee.reversible[0]).await;
    let revert = Action::Revert(Revert { task: job.task, changes: ended.changes });
    let undo = examinee.job(&revert).await;
    assert_eq!(probed(&examinee, &undo).await.answer, ProbeAnswer::NotDone);
    let undone = examinee.done(&undo).await;
    let found = probed(&examinee, &undo).await;
    assert_eq!(found.answer, ProbeAnswer::Done);
    assert_eq!(sorted(found.changes), sorted(undone.changes));
}

async fn changes_nothing(examinee: Examinee) {
    for action in &examinee.reversible {
        let job = examinee.job(action).await;
        let before = examinee.look();
        probed(&examinee, &job).await;
        assert_eq!(examinee.look(), before);
        examinee.done(&job).await;
        let after = examinee.look();
        probed(&examinee, &job).await;
        assert_eq!(examinee.look(), after);
    }
}

async fn program(examinee: Examinee) {
    let programs = [examinee.talkative.clone().map(|(action, _)| action), examinee.failing.clone()];
    for action in programs.iter().flatten() {
        let job = examinee.job(action).await;
        examinee.done(&job).await;
        assert_ne!(probed(&examinee, &job).await.answer, ProbeAnswer::NotDone);
    }
}
