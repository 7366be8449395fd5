//! Applying: it changes what it says, once, from the baseline on.

use super::*;
use crate::State;

pub(super) async fn laws<F, E>(laws: &mut Laws, make: &F)
where
    F: Fn() -> E,
    E: Future<Output = Examinee>,
{
    laws.check("what_is_done_is_different", patiently(different(make().await))).await;
    laws.check("doing_it_twice_is_no_change", patiently(twice(make().await))).await;
    laws.check("every_change_begins_at_the_baseline", patiently(baselines(make().await))).await;
    laws.check("every_change_is_told_once", patiently(told_once(make().await))).await;
}

async fn different(examinee: Examinee) {
    assert!(!examinee.reversible.is_empty(), "an exam needs samples");
    for action in &examinee.reversible {
        let before = examinee.look();
        let (_, ended) = examinee.worked(action).await;
        assert_ne!(examinee.look(), before, "{action:?} changed nothing");
        assert!(!ended.changes.is_empty(), "{action:?} tells of no change");
        assert_eq!(ended.problem, None);
    }
}

async fn twice(examinee: Examinee) {
    for action in &examinee.reversible {
        examinee.worked(action).await;
        let before = examinee.look();
        let again = examinee.done(&examinee.job(action).await).await;
        assert_eq!((again.outcome, again.changes), (Outcome::NoChange, Vec::new()));
        assert_eq!(examinee.look(), before);
    }
}

/// What the baseline does not name was absent, when the baseline says that it is complete.
async fn baselines(examinee: Examinee) {
    for action in &examinee.reversible {
        let (job, ended) = examinee.worked(action).await;
        for change in ended.changes {
            let known = job.baseline.state_of(&change.resource).cloned();
            let unnamed = || job.baseline.complete_for.map(|_| State::Absent);
            assert_eq!(known.or_else(unnamed), Some(change.before), "{}", change.resource);
        }
    }
}

async fn told_once(examinee: Examinee) {
    for action in &examinee.reversible {
        let (_, ended) = examinee.worked(action).await;
        let mut told = resources(&ended.changes);
        told.sort();
        told.dedup();
        assert_eq!(told.len(), ended.changes.len());
        assert!(ended.changes.iter().all(|change| change.before != change.after));
    }
}
