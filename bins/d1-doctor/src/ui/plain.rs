//! Progress for everything that is not a terminal: one line for one thing that happened.
//!
//! ```text
//! 09:16:40 [1/2] start  install ripgrep with apt
//! 09:16:44 [1/2] ok     install ripgrep with apt  4s
//! ```

use super::{
    model::{Mark, Model},
    text::duration,
};
use d1_core::{Outcome, Progress, ProgressEvent, Timestamp};
use std::time::Duration;

/// Without anything to say for so long, a line says that it is still running.
pub const HEARTBEAT: Duration = Duration::from_secs(30);

/// The line for one piece of news that the model has just taken in; most need none.
#[must_use]
pub fn line(model: &Model, news: &Progress) -> Option<String> {
    let at = clock(news.at);
    let place = |step: &d1_core::StepId| {
        let index = model.steps.iter().position(|line| line.id == *step)?;
        let title = &model.steps[index].title;
        Some((format!("[{}/{}]", index + 1, model.steps.len()), title))
    };
    match &news.event {
        ProgressEvent::StepStarted { step, .. } => {
            let (place, title) = place(step)?;
            Some(format!("{at} {place} start  {title}"))
        }
        ProgressEvent::StepFinished { step, outcome, duration_ms, .. } => {
            let (place, title) = place(step)?;
            let word = if outcome.is_success() { "ok" } else { "failed" };
            let took = if *outcome == Outcome::NoChange {
                "already so".to_owned()
            } else if matches!(outcome, Outcome::Succeeded | Outcome::Failed) {
                duration(Duration::from_millis(*duration_ms))
            } else {
                outcome.to_string()
            };
            Some(format!("{at} {place} {word:<6} {title}  {took}"))
        }
        ProgressEvent::StepSkipped { step } => {
            let (place, title) = place(step)?;
            Some(format!("{at} {place} left   {title}"))
        }
        ProgressEvent::Output { stream: d1_core::Stream::Note, step, text, .. } => {
            let (place, _) = place(step)?;
            Some(format!("{at} {place} note   {}", super::inert(text.trim_end())))
        }
        ProgressEvent::LinkLost => {
            Some(format!("{at} the link to the daemon is lost; the work goes on"))
        }
        ProgressEvent::LinkBack => Some(format!("{at} the link to the daemon is back")),
        ProgressEvent::Stopping { .. } => Some(format!("{at} stopping")),
        ProgressEvent::Asked { problem } => {
            Some(format!("{at} it waits: {}", super::inert(&problem.title)))
        }
        ProgressEvent::Planned
        | ProgressEvent::Approved
        | ProgressEvent::Declined
        | ProgressEvent::StepSent { .. }
        | ProgressEvent::Output { .. }
        | ProgressEvent::Resumed
        | ProgressEvent::Finished { .. } => None,
    }
}

/// The line that says that it is still running.
#[must_use]
pub fn heartbeat(model: &Model, now: Timestamp) -> Option<String> {
    let (index, step) = model.current()?;
    if step.mark != Mark::Running {
        return None;
    }
    let spent = duration(now.since(step.began?));
    let last = step.last_line().map(|line| format!(", last: {line}")).unwrap_or_default();
    let (at, of) = (index + 1, model.steps.len());
    Some(format!("{} [{at}/{of}] still  {}  {spent}{last}", clock(now), step.title))
}

/// The time of day in UTC: `09:16:40`.
fn clock(at: Timestamp) -> String {
    let seconds = at.0 / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
