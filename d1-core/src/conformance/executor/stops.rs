//! Being asked to end, and running out of time.

use super::*;
use crate::StopMode;

/// The time of a job that is left to run out.
const SHORT: Duration = Step::MIN_TIMEOUT;

pub(super) async fn laws<F, E>(laws: &mut Laws, make: &F)
where
    F: Fn() -> E,
    E: Future<Output = Examinee>,
{
    laws.check(
        "what_is_called_off_before_it_began_changes_nothing",
        patiently(early(make().await)),
    )
    .await;
    laws.check("a_job_that_is_called_off_ends_as_cancelled", patiently(called_off(make().await)))
        .await;
    laws.check("a_job_that_is_killed_ends_as_killed", patiently(killed(make().await))).await;
    laws.check("a_job_ends_when_its_time_is_over", patiently(timed_out(make().await))).await;
    laws.check("what_is_not_interruptible_is_not_called_off", patiently(stubborn(make().await)))
        .await;
    laws.check("what_is_not_interruptible_can_be_killed", patiently(stubborn_killed(make().await)))
        .await;
}

async fn early(examinee: Examinee) {
    let before = examinee.look();
    for mode in [StopMode::Now, StopMode::Kill] {
        let job = examinee.job(&examinee.reversible[0]).await;
        let stop = Stop::new();
        stop.ask(mode);
        let ended = examinee.heard(&job, &stop).await.0.unwrap();
        assert!(matches!(ended.outcome, Outcome::Cancelled | Outcome::Killed));
        assert_eq!(ended.changes, []);
        assert_eq!(examinee.look(), before);
    }
}

/// An endless job, and how it ends when it is asked to in the middle.
async fn asked(examinee: &Examinee, interruptible: bool, mode: StopMode) -> Option<Ended> {
    let mut job = examinee.job(examinee.endless.as_ref()?).await;
    job.step.interruptible = interruptible;
    job.step.timeout = if interruptible { job.step.timeout } else { 3 * SHORT };
    let stop = Stop::new();
    let ask = async {
        // Asked for after it has begun, or it would not have to be ended at all.
        tokio::task::yield_now().await;
        stop.ask(mode);
    };
    let ((ended, _), ()) = tokio::join!(examinee.heard(&job, &stop), ask);
    Some(ended.unwrap())
}

async fn called_off(examinee: Examinee) {
    let Some(ended) = asked(&examinee, true, StopMode::Now).await else { return };
    assert_eq!(ended.outcome, Outcome::Cancelled);
    assert_eq!(ended.exit_code, None);
}

async fn killed(examinee: Examinee) {
    let Some(ended) = asked(&examinee, true, StopMode::Kill).await else { return };
    assert_eq!(ended.outcome, Outcome::Killed);
}

async fn timed_out(examinee: Examinee) {
    let Some(action) = &examinee.endless else { return };
    let mut job = examinee.job(action).await;
    job.step.timeout = SHORT;
    let ended = examinee.done(&job).await;
    assert_eq!(ended.outcome, Outcome::TimedOut);
    assert!(ended.problem.is_some(), "it does not say why it ended");
    assert!(ended.duration >= SHORT, "it ended before its time");
}

async fn stubborn(examinee: Examinee) {
    let Some(ended) = asked(&examinee, false, StopMode::Now).await else { return };
    assert_eq!(ended.outcome, Outcome::TimedOut);
}

async fn stubborn_killed(examinee: Examinee) {
    let Some(ended) = asked(&examinee, false, StopMode::Kill).await else { return };
    assert_eq!(ended.outcome, Outcome::Killed);
}
