//! Which task runs next: pure bookkeeping, no waiting.
//!
//! Tasks that share a resource run one after the other, in the order they came; of the
//! others at most [`Queue::AT_ONCE`] run together. A task never overtakes an earlier one
//! that waits for the same resource, so nothing starves.

use d1_core::{ResourceKey, TaskId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Tasks that wait and tasks that run.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<(TaskId, Vec<ResourceKey>)>,
    running: BTreeMap<TaskId, Vec<ResourceKey>>,
}

impl Queue {
    /// The most tasks that run at once.
    pub(super) const AT_ONCE: usize = 10;
    /// The most tasks that wait.
    pub(super) const MAX_WAITING: usize = 1024;

    /// Puts a task at the end. One that is there already stays where it is. Whoever orders
    /// something new looks at [`Queue::MAX_WAITING`] first; what was begun always has a place.
    pub(super) fn push(&mut self, task: TaskId, keys: &[ResourceKey]) {
        if !self.knows(task) {
            self.waiting.push_back((task, keys.to_vec()));
        }
    }

    /// The next task that may run now; it counts as running from here on. One that may not begin
    /// yet keeps its place, and nobody from what it needs.
    pub(super) fn next(&mut self, may: impl Fn(TaskId) -> bool) -> Option<TaskId> {
        if self.running.len() >= Self::AT_ONCE {
            return None;
        }
        let mut taken: BTreeSet<&ResourceKey> = self.running.values().flatten().collect();
        let mut free = None;
        for (at, (task, keys)) in self.waiting.iter().enumerate() {
            if !may(*task) {
                continue;
            }
            if keys.iter().all(|key| !taken.contains(key)) {
                free = Some(at);
                break;
            }
            taken.extend(keys);
        }
        let (task, keys) = self.waiting.remove(free?)?;
        self.running.insert(task, keys);
        Some(task)
    }

    /// A running task has ended.
    pub(super) fn done(&mut self, task: TaskId) {
        self.running.remove(&task);
    }

    /// Takes a task out that has not begun; false when it has, or is not here.
    pub(super) fn withdraw(&mut self, task: TaskId) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|(waiting, _)| *waiting != task);
        self.waiting.len() < before
    }

    /// Whether the task waits or runs.
    pub(super) fn knows(&self, task: TaskId) -> bool {
        self.running.contains_key(&task) || self.waiting.iter().any(|(known, _)| *known == task)
    }

    /// Every task that runs.
    pub(super) fn running(&self) -> Vec<TaskId> {
        self.running.keys().copied().collect()
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(n: u8) -> TaskId {
        TaskId::from_bytes([n; 16])
    }

    fn keys(names: &[&str]) -> Vec<ResourceKey> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn tasks_that_share_a_resource_run_one_after_the_other() {
        let mut queue = Queue::default();
        queue.push(task(1), &keys(&["apt"]));
        queue.push(task(2), &keys(&["apt"]));
        queue.push(task(3), &keys(&["docker"]));
        assert_eq!(queue.next(|_| true), Some(task(1)));
        assert_eq!(queue.next(|_| true), Some(task(3)));
        assert_eq!(queue.next(|_| true), None);
        queue.done(task(1));
        assert_eq!(queue.next(|_| true), Some(task(2)));
    }

    #[test]
    fn nobody_overtakes_a_task_that_waits_for_two_resources() {
        let mut queue = Queue::default();
        queue.push(task(1), &keys(&["a"]));
        assert_eq!(queue.next(|_| true), Some(task(1)));
        queue.push(task(2), &keys(&["a", "b"]));
        queue.push(task(3), &keys(&["b"]));
        assert_eq!(queue.next(|_| true), None, "task 3 would keep task 2 waiting for ever");
        queue.done(task(1));
        assert_eq!(queue.next(|_| true), Some(task(2)));
    }

    #[test]
    fn ten_run_at_once_and_the_eleventh_waits() {
        let mut queue = Queue::default();
        for n in 0..=10 {
            queue.push(task(n), &[]);
        }
        let begun = std::iter::from_fn(|| queue.next(|_| true)).count();
        assert_eq!((begun, queue.waiting()), (10, 1));
        queue.done(task(0));
        assert_eq!(queue.next(|_| true), Some(task(10)));
    }

    #[test]
    fn a_known_task_is_not_queued_twice() {
        let mut queue = Queue::default();
        queue.push(task(1), &[]);
        queue.push(task(1), &[]);
        assert_eq!(queue.waiting(), 1);
        assert_eq!(queue.next(|_| true), Some(task(1)));
        queue.push(task(1), &[]);
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn what_may_not_begin_keeps_its_place_and_nobody_waiting() {
        let mut queue = Queue::default();
        for n in 1..=3 {
            queue.push(task(n), &keys(&["apt"]));
        }
        assert_eq!(queue.next(|it| it != task(1)), Some(task(2)));
        queue.done(task(2));
        assert_eq!(queue.next(|_| true), Some(task(1)));
    }

    #[test]
    fn only_a_task_that_has_not_begun_can_be_withdrawn() {
        let mut queue = Queue::default();
        queue.push(task(1), &[]);
        queue.push(task(2), &[]);
        assert_eq!(queue.next(|_| true), Some(task(1)));
        assert!(!queue.withdraw(task(1)));
        assert!(queue.withdraw(task(2)));
        assert!(!queue.withdraw(task(2)));
    }
}
