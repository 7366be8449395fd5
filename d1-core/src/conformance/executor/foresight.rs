//! Looking: at the machine, and at what would change. Looking changes nothing.

use super::*;
use crate::{Manager, Presence, Query};

pub(super) async fn laws<F, E>(laws: &mut Laws, make: &F)
where
    F: Fn() -> E,
    E: Future<Output = Examinee>,
{
    laws.check("every_question_is_answered", patiently(answered(make().await))).await;
    laws.check("asking_changes_nothing", patiently(asking(make().await))).await;
    laws.check("a_preview_changes_nothing", patiently(previewing(make().await))).await;
    laws.check("preparing_changes_nothing", patiently(preparing(make().await))).await;
    laws.check("a_preview_foretells_every_change", patiently(foretold(make().await))).await;
    laws.check("what_is_so_already_is_present", patiently(present(make().await))).await;
}

fn queries() -> Vec<Query> {
    let mut queries = vec![Query::Command("d1-nobody-has-this".parse().unwrap())];
    for manager in Manager::ALL {
        let name = || "d1-nobody-has-this".parse().unwrap();
        queries.push(Query::Package { manager, name: name() });
        queries.push(Query::Similar { manager, name: name() });
        let command = "d1-nobody-has-this".parse().unwrap();
        queries.push(Query::Provides { manager, command });
    }
    queries
}

async fn answered(examinee: Examinee) {
    let facts = examinee.executor.facts(&queries()).await.unwrap();
    for query in queries() {
        assert!(facts.answers.get(&query).is_some(), "{query:?} has no answer");
    }
    assert_eq!(facts.answers.iter().count(), queries().len());
}

async fn asking(examinee: Examinee) {
    let before = examinee.look();
    examinee.executor.facts(&queries()).await.unwrap();
    assert_eq!(examinee.look(), before);
}

async fn previewing(examinee: Examinee) {
    let before = examinee.look();
    let programs = [examinee.failing.clone(), examinee.endless.clone()].into_iter().flatten();
    let everything = [examinee.reversible.clone(), examinee.refused.clone(), programs.collect()];
    for action in everything.concat() {
        // What is refused may be refused here already.
        let _told = examinee.executor.preview(&action.clone().into()).await;
        assert_eq!(examinee.look(), before, "after a preview of {action:?}");
    }
    let (job, ended) = examinee.worked(&examinee.reversible[0]).await;
    let after = examinee.look();
    let revert = Action::Revert(Revert { task: job.task, changes: ended.changes });
    examinee.executor.preview(&revert.into()).await.unwrap();
    assert_eq!(examinee.look(), after, "after a preview of an undo");
}

async fn preparing(examinee: Examinee) {
    for action in &examinee.reversible {
        let before = examinee.look();
        let job = examinee.job(action).await;
        assert_eq!(examinee.look(), before, "after preparing {action:?}");
        // The next sample may need this one.
        examinee.done(&job).await;
    }
}

async fn foretold(examinee: Examinee) {
    for action in &examinee.reversible {
        let preview = examinee.executor.preview(&action.clone().into()).await.unwrap();
        assert_eq!((preview.presence, preview.blocked), (Presence::Absent, None));
        let (_, ended) = examinee.worked(action).await;
        assert_eq!(sorted(preview.changes), sorted(ended.changes));
    }
}

async fn present(examinee: Examinee) {
    for action in &examinee.reversible {
        examinee.worked(action).await;
        let preview = examinee.executor.preview(&action.clone().into()).await.unwrap();
        assert_eq!((preview.presence, preview.changes), (Presence::Present, Vec::new()));
    }
}
