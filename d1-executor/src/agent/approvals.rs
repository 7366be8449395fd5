//! Tasks that wait for a person's yes. They live as long as their conversation: a question
//! whose link is lost is asked again when the task is ordered again.

use d1_core::{TaskCommand, TaskId};
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// How long a person may think before a task that needs their yes is given up.
const WITHIN: Duration = Duration::from_secs(15 * 60);
/// The most tasks of one conversation that may wait for a yes.
const MOST: usize = 64;

/// Tasks that wait for a person's yes.
#[derive(Debug, Default)]
pub(super) struct Approvals {
    waiting: HashMap<TaskId, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    command: TaskCommand,
    until: Instant,
}

impl Approvals {
    /// Lets a task wait for its answer; false when too many do. One that waits already waits
    /// anew, with the newest word about it.
    pub(super) fn wait(&mut self, command: TaskCommand) -> bool {
        let room = self.waiting.len() < MOST || self.waiting.contains_key(&command.task);
        if room {
            let until = Instant::now() + WITHIN;
            self.waiting.insert(command.task, Waiting { command, until });
        }
        room
    }

    /// Takes a task out that has its answer, or needs none any more.
    pub(super) fn take(&mut self, task: TaskId) -> Option<TaskCommand> {
        self.waiting.remove(&task).map(|waiting| waiting.command)
    }

    /// Waits until somebody has thought for too long; for ever when nobody is asked.
    pub(super) async fn overdue(&self) -> TaskId {
        match self.waiting.iter().min_by_key(|(_, waiting)| waiting.until) {
            Some((task, waiting)) => {
                tokio::time::sleep_until(waiting.until).await;
                *task
            }
            None => std::future::pending().await,
        }
    }
}
