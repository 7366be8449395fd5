//! What a setup tells its followers: a pure comparison of how it was and how it is.

use super::told::Told;
use d1_core::{
    ProgressEvent, Setup, SetupEvent, SetupState, Task, TaskEvent, TaskResult, TaskState,
};

/// What there is to tell about the way from `before` through `event` to `after`.
pub(super) fn between(
    before: &Setup,
    event: Option<&SetupEvent>,
    after: &Setup,
    told: &Told,
) -> Vec<ProgressEvent> {
    let mut news = Vec::new();
    news.extend(event.and_then(|event| headline(before, event, after, told)));
    // An end that leads to another try is gone from `after`; the event still knows it.
    news.extend(event.and_then(|event| ending(before, event)));
    for (old, new) in before.tasks.iter().zip(&after.tasks) {
        news.extend(of_task(old, new, told));
        if matches!(event, Some(SetupEvent::Expire | SetupEvent::WriteOff)) {
            news.extend(new.result().filter(|_| !old.state.is_over()).map(|it| ended(new, it)));
        }
    }
    if let (false, SetupState::Finished(outcome)) = (before.is_over(), after.state) {
        news.push(ProgressEvent::Finished { outcome, charged: after.due() });
    }
    news
}

fn headline(
    before: &Setup,
    event: &SetupEvent,
    after: &Setup,
    told: &Told,
) -> Option<ProgressEvent> {
    let moved = before.state != after.state;
    match event {
        SetupEvent::Approve => moved.then_some(ProgressEvent::Approved),
        SetupEvent::Decline => moved.then_some(ProgressEvent::Declined),
        SetupEvent::Stop(_) if before.state == SetupState::AwaitingApproval => {
            Some(ProgressEvent::Declined)
        }
        SetupEvent::Stop(mode) => moved.then_some(ProgressEvent::Stopping { mode: *mode }),
        SetupEvent::Resume => moved.then_some(ProgressEvent::Resumed),
        SetupEvent::LinkLost => (!told.link_lost).then_some(ProgressEvent::LinkLost),
        SetupEvent::LinkUp => told.link_lost.then_some(ProgressEvent::LinkBack),
        SetupEvent::Task(..) | SetupEvent::Expire | SetupEvent::WriteOff => None,
    }
}

fn ending(before: &Setup, event: &SetupEvent) -> Option<ProgressEvent> {
    let SetupEvent::Task(id, TaskEvent::Finish(result)) = event else { return None };
    let task = before.task(*id)?;
    let known = !task.is_ended_by(result);
    (!known).then(|| ended(task, result))
}

fn ended(task: &Task, result: &TaskResult) -> ProgressEvent {
    ProgressEvent::StepFinished {
        step: task.step.clone(),
        attempt: result.attempt,
        outcome: result.outcome,
        duration_ms: u64::try_from(result.duration.as_millis()).unwrap_or(u64::MAX),
        problem: result.problem.clone(),
    }
}

fn of_task(old: &Task, new: &Task, told: &Told) -> Option<ProgressEvent> {
    if old.state == new.state && old.attempt == new.attempt {
        return None;
    }
    let (step, attempt) = (new.step.clone(), new.attempt);
    match &new.state {
        // What is sent again after a reconnect was told before.
        TaskState::Sent if old.state.is_out() && old.attempt == attempt => None,
        TaskState::Sent => Some(ProgressEvent::StepSent { step, attempt }),
        TaskState::Running if told.has_started(&step, attempt) => None,
        TaskState::Running => Some(ProgressEvent::StepStarted { step, attempt }),
        TaskState::Skipped => Some(ProgressEvent::StepSkipped { step }),
        TaskState::Queued | TaskState::Received | TaskState::Silent | TaskState::Finished(_) => {
            None
        }
    }
}
