//! What cannot be done is refused; what was tried and failed is an outcome.

use super::*;
use crate::Presence;

pub(super) async fn laws<F, E>(laws: &mut Laws, make: &F)
where
    F: Fn() -> E,
    E: Future<Output = Examinee>,
{
    laws.check("what_cannot_be_done_here_is_refused", patiently(refused(make().await))).await;
    laws.check("what_is_refused_is_never_present", patiently(not_present(make().await))).await;
    laws.check("a_program_that_fails_is_an_outcome", patiently(failed(make().await))).await;
}

/// A refusal says what is wrong and what to do, and leaves everything as it was.
async fn refused(examinee: Examinee) {
    let before = examinee.look();
    for action in &examinee.refused {
        let job = unprepared(TaskId::generate(), action);
        let (ended, _) = examinee.heard(&job, &Stop::new()).await;
        let Err(ExecutorError::Refused(problem)) = ended else {
            panic!("{action:?} was not refused: {ended:?}");
        };
        assert!(!problem.code.is_empty() && !problem.title.is_empty(), "{problem:?}");
        assert!(!problem.next.is_empty(), "{problem} says nothing to do");
        assert_eq!(examinee.look(), before);
    }
}

async fn not_present(examinee: Examinee) {
    for action in &examinee.refused {
        if let Ok(preview) = examinee.executor.preview(&action.clone().into()).await {
            assert_ne!(preview.presence, Presence::Present, "{action:?}");
        }
    }
}

async fn failed(examinee: Examinee) {
    let Some(action) = &examinee.failing else { return };
    let ended = examinee.done(&examinee.job(action).await).await;
    assert_eq!(ended.outcome, Outcome::Failed);
    assert!(ended.exit_code.is_some_and(|code| code != 0), "{:?}", ended.exit_code);
    assert!(ended.problem.is_some(), "it does not say why it failed");
}
