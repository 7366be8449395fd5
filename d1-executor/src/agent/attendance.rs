//! Who of those who ordered a task is on the link: what becomes of work that is left alone.
//!
//! A task is attended while a conversation tells of it to whoever ordered it. Left alone, it
//! does what was agreed on ([`OnDisconnect`]); what was begun by an earlier process is looked at
//! in any case, as that changes nothing.

use super::{core::Agent, live::Live, work};
use d1_core::{Category, OnDisconnect, Problem, StopMode, TaskId};
use std::{collections::HashMap, time::Duration};

/// How long nobody may be on the link before what is to end without it does: a link that breaks
/// is back after a few seconds, mostly.
const ALONE_FOR: Duration = d1_core::Hello::LEASE;

/// Who attends which task.
#[derive(Debug, Default)]
pub(super) struct Attendance(HashMap<TaskId, Attended>);

#[derive(Clone, Copy, Debug, Default)]
struct Attended {
    /// How many are there now.
    now: u32,
    /// How many have come so far.
    ever: u64,
}

impl Attendance {
    /// Somebody attends it from now on.
    pub(super) fn come(&mut self, task: TaskId) {
        let attended = self.0.entry(task).or_default();
        attended.now += 1;
        attended.ever += 1;
    }

    /// Somebody attends it no more. Tells how many had come so far.
    pub(super) fn go(&mut self, task: TaskId) -> u64 {
        let Some(attended) = self.0.get_mut(&task) else { return 0 };
        attended.now = attended.now.saturating_sub(1);
        attended.ever
    }

    /// It has ended.
    pub(super) fn forget(&mut self, task: TaskId) {
        self.0.remove(&task);
    }

    /// Whether it may begin, as far as it goes by who is there.
    pub(super) fn lets_begin(&self, live: &Live) -> bool {
        live.cut_off
            || live.command.on_disconnect == OnDisconnect::Continue
            || self.0.get(&live.command.task).is_some_and(|attended| attended.now > 0)
    }

    /// Whether nobody is there, and nobody has come since there had been so many.
    fn is_alone_since(&self, task: TaskId, ever: u64) -> bool {
        self.0.get(&task).is_some_and(|attended| attended.now == 0 && attended.ever == ever)
    }
}

impl Agent {
    /// Whoever ordered it is on the link.
    pub(super) fn attend(&self, task: TaskId) {
        self.attendance(|attendance| attendance.come(task));
        self.start_what_can();
    }

    /// Whoever ordered it has heard how it ended, or is on the link no more. Returns when nothing
    /// is left to do about that.
    pub(super) async fn leave(&self, task: TaskId) {
        let ever = self.attendance(|attendance| attendance.go(task));
        let Some(live) = self.live(task) else {
            // It came to its end before.
            return self.attendance(|attendance| attendance.forget(task));
        };
        if live.command.on_disconnect != OnDisconnect::Cancel || live.cut_off {
            return;
        }
        let (mut news, stopping) = (live.news.subscribe(), self.0.parts.supervisor.stopping());
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            ended = news.wait_for(|news| news.result.is_some()) => return drop(ended),
            () = tokio::time::sleep(ALONE_FOR) => {}
        }
        if !self.attendance(|attendance| attendance.is_alone_since(task, ever)) {
            return;
        }
        tracing::info!(%task, "called off: nobody who ordered it is on the link");
        match self.withdraw(task) {
            Some(live) => work::call_off(self, live, left_alone()).await,
            None => live.stop.ask(StopMode::Now),
        }
    }
}

fn left_alone() -> Problem {
    let seconds = ALONE_FOR.as_secs();
    let title = format!("nobody who ordered it was on the link for {seconds} s");
    Problem::new("D1-TASK-006", Category::Task, title)
        .because("it was agreed that it ends then")
        .leaving("nothing was changed by this step")
        .next("when the link is back, let the setup go on")
}
