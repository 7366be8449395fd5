//! What is known, in this process, of tasks that are on their way.

use d1_core::{Stop, TaskCommand, TaskResult};
use std::sync::Arc;
use tokio::sync::watch;

/// A task on its way.
#[derive(Clone, Debug)]
pub(super) struct Live {
    /// What was ordered.
    pub(super) command: Arc<TaskCommand>,
    /// Who ordered it; nobody knows any more after a crash.
    pub(super) by: Arc<str>,
    /// What it has to tell.
    pub(super) news: watch::Sender<News>,
    /// Asks it to stop.
    pub(super) stop: Stop,
    /// Whether it only has to be found out what became of it.
    pub(super) cut_off: bool,
}

/// What a task has to tell: a state, not a change, so that a late listener misses nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// Whether it has begun.
    pub(super) started: bool,
    /// The last output chunk that is kept.
    pub(super) last_chunk: u64,
    /// How it ended.
    pub(super) result: Option<Arc<TaskResult>>,
}

impl Live {
    /// A task that has just been written down.
    pub(super) fn received(command: TaskCommand, by: &Arc<str>) -> Self {
        Self {
            command: Arc::new(command),
            by: Arc::clone(by),
            news: watch::channel(News::default()).0,
            stop: Stop::new(),
            cut_off: false,
        }
    }

    /// A task whose process died under it.
    pub(super) fn cut_off(command: TaskCommand) -> Self {
        let started = News { started: true, ..News::default() };
        Self {
            cut_off: true,
            news: watch::channel(started).0,
            ..Self::received(command, &Arc::from(""))
        }
    }
}
