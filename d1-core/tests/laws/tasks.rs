//! A task goes forward, ends, and stays ended.

use d1_core::{Outcome, SetupId, Task, TaskEvent, TaskResult, TaskState, conformance::an_order};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn events() -> Vec<TaskEvent> {
    let order = an_order();
    let result = TaskResult::not_started(order.task, 1, 1, Outcome::Succeeded);
    vec![
        TaskEvent::Dispatch,
        TaskEvent::Receive,
        TaskEvent::Start,
        TaskEvent::Lose,
        TaskEvent::Finish(Box::new(result)),
        TaskEvent::Skip,
        TaskEvent::Retry,
    ]
}

fn a_task() -> Task {
    Task::queued(SetupId::generate(), &an_order().step)
}

/// How far a task has come; `None` for one of which nobody can tell.
fn rank(state: &TaskState) -> Option<u32> {
    match state {
        TaskState::Queued => Some(0),
        TaskState::Sent => Some(1),
        TaskState::Received => Some(2),
        TaskState::Running => Some(3),
        TaskState::Silent => None,
        TaskState::Finished(_) | TaskState::Skipped => Some(4),
    }
}

proptest! {
    #[test]
    fn a_task_never_goes_back_and_never_leaves_its_end_but_to_be_tried_again(
        history in prop::collection::vec(prop::sample::select(events()), 0..40),
    ) {
        let mut task = a_task();
        for event in history {
            let before = task.clone();
            let again = event == TaskEvent::Retry;
            match task.apply(event.clone()) {
                Err(refused) => {
                    prop_assert_eq!(&task, &before);
                    prop_assert_eq!(refused.from, before.state.name());
                }
                Ok(()) if again => {
                    prop_assert!(before.state.is_over());
                    prop_assert_eq!(&task.state, &TaskState::Queued);
                    let ran = matches!(before.state, TaskState::Finished(_));
                    prop_assert_eq!(task.attempt, before.attempt + u32::from(ran));
                }
                Ok(()) => {
                    prop_assert!(!before.state.is_over(), "{} left its end", before.state.name());
                    prop_assert_eq!(task.attempt, before.attempt);
                    if let (Some(from), Some(to)) = (rank(&before.state), rank(&task.state)) {
                        prop_assert!(from <= to, "{event:?} sent it back");
                    }
                    prop_assert!(task.state.is_out() || task.state.is_over());
                }
            }
            // The same event in the same state has the same end.
            let mut twin = before;
            let _refused_too = twin.apply(event);
            prop_assert_eq!(&twin, &task);
        }
    }
}

#[test]
fn every_state_of_a_task_can_be_reached_and_left_or_is_an_end() {
    let (mut seen, mut open) = (BTreeSet::new(), vec![TaskState::Queued]);
    while let Some(state) = open.pop() {
        if seen.insert(state.name()) {
            let next = events().into_iter().filter_map(|event| state.after(event).ok());
            let next: Vec<_> = next.filter(|next| next.name() != state.name()).collect();
            assert!(!next.is_empty(), "{} is a trap", state.name());
            open.extend(next);
        }
    }
    let all = ["finished", "queued", "received", "running", "sent", "silent", "skipped"];
    assert_eq!(seen, BTreeSet::from(all));
}
