//! The progress block, as lines of text: a pure function of the model and the size.
//!
//! ```text
//! install docker  3/6  0:47
//!   ✔ check for conflicts 1s
//!   ✔ refresh the package index 3s
//!   ⠹ install docker.io 41s
//!   · enable docker
//!   +2 more
//!     │ Unpacking docker.io (20.10.24) ...
//!   Ctrl-C stops after this step
//! ```
//!
//! At most [`MAX_WIDTH`] columns and no padding: a line that is re-wrapped by a resize
//! would be drawn twice. Too small a terminal gets one line.

use super::{
    model::{Mark, Model, StepLine},
    text::{Glyphs, clip, clip_middle, duration},
};
use d1_core::{Outcome, StopMode, Timestamp};
use std::time::Duration;

/// The widest a progress line gets.
pub const MAX_WIDTH: usize = 48;
/// The most lines of the block.
pub const MAX_HEIGHT: usize = 9;
/// Below this many rows or columns there is one line only.
const MIN_ROWS: usize = 6;
const MIN_COLUMNS: usize = 40;
/// Without news for so long the spinner stands still and says so: no fake motion.
const STALLED: Duration = Duration::from_secs(10);
/// How many lines of the running step's output are shown.
const TAIL_LINES: usize = 2;

/// What the block looks like now.
#[must_use]
pub fn frame(
    model: &Model,
    now: Timestamp,
    (columns, rows): (usize, usize),
    glyphs: &Glyphs,
) -> Vec<String> {
    let width = columns.saturating_sub(1).min(MAX_WIDTH);
    if rows < MIN_ROWS || columns < MIN_COLUMNS {
        return vec![one_line(model, now, width, glyphs)];
    }
    let height = rows.saturating_sub(1).min(MAX_HEIGHT);
    let mut lines = vec![clip(&headline(model, now), width)];
    let tail = tail(model, now, glyphs);
    let room = height - 2 - tail.len();
    lines.extend(steps(model, now, room, width, glyphs));
    lines.extend(tail.iter().map(|line| clip(line, width)));
    lines.push(clip(&hint(model), width));
    lines
}

fn headline(model: &Model, now: Timestamp) -> String {
    let elapsed = model.began.map_or(Duration::ZERO, |began| now.since(began));
    let (at, of) = position(model);
    format!("{}  {at}/{of}  {}", clip_middle(&model.title, 30), clock(elapsed))
}

fn position(model: &Model) -> (usize, usize) {
    let of = model.steps.len();
    let at = model.current().map_or(model.over(), |(index, _)| index + 1);
    (at, of)
}

fn steps(model: &Model, now: Timestamp, room: usize, width: usize, glyphs: &Glyphs) -> Vec<String> {
    let total = model.steps.len();
    let current = model.current().map_or(model.over(), |(index, _)| index);
    // One line is kept for "+n more" when not everything fits.
    let shown = if total <= room { total } else { room.saturating_sub(1).max(1) };
    let first = current.saturating_sub(shown / 2).min(total - shown.min(total));
    let mut lines: Vec<String> = model.steps[first..(first + shown).min(total)]
        .iter()
        .map(|step| step_line(model, step, now, width, glyphs))
        .collect();
    if shown < total {
        lines.push(format!("  +{} more", total - shown));
    }
    lines
}

fn step_line(
    model: &Model,
    step: &StepLine,
    now: Timestamp,
    width: usize,
    glyphs: &Glyphs,
) -> String {
    let mark = match step.mark {
        Mark::Waiting | Mark::Sent => glyphs.waiting,
        Mark::Running if stalled_for(model, now).is_some() => glyphs.still,
        Mark::Running => glyphs.spinner(now),
        Mark::Ended(outcome) if outcome.is_success() => glyphs.done,
        Mark::Ended(_) => glyphs.failed,
        Mark::Skipped => glyphs.skipped,
    };
    let took = match (step.mark, step.took_ms, step.began) {
        (Mark::Ended(Outcome::NoChange), ..) => " already so".to_owned(),
        (_, Some(ms), _) => format!(" {}", duration(Duration::from_millis(ms))),
        (Mark::Running, None, Some(began)) => format!(" {}", duration(now.since(began))),
        (Mark::Skipped, ..) => " left out".to_owned(),
        (Mark::Waiting | Mark::Sent | Mark::Running | Mark::Ended(_), None, _) => String::new(),
    };
    let room = width.saturating_sub(4 + took.chars().count());
    format!("  {mark} {}{took}", clip_middle(&step.title, room))
}

fn tail(model: &Model, now: Timestamp, glyphs: &Glyphs) -> Vec<String> {
    let Some((_, step)) = model.current() else { return Vec::new() };
    if let Some(silence) = stalled_for(model, now) {
        return vec![format!("    {} no output for {}", glyphs.bar, duration(silence))];
    }
    let skip = step.tail.len().saturating_sub(TAIL_LINES);
    step.tail.iter().skip(skip).map(|line| format!("    {} {line}", glyphs.bar)).collect()
}

fn stalled_for(model: &Model, now: Timestamp) -> Option<Duration> {
    let silence = now.since(model.heard?);
    (silence >= STALLED).then_some(silence)
}

fn hint(model: &Model) -> String {
    if model.link_lost {
        return "  daemon gone; the work goes on, reconnecting".to_owned();
    }
    match model.stopping {
        None => "  Ctrl-C stops after this step".to_owned(),
        Some(StopMode::AfterStep) => "  stopping after this step; Ctrl-C again: now".to_owned(),
        Some(StopMode::Now) => "  stopping now; Ctrl-C again: kill".to_owned(),
        Some(StopMode::Kill) => "  killing".to_owned(),
    }
}

fn one_line(model: &Model, now: Timestamp, width: usize, glyphs: &Glyphs) -> String {
    let (at, of) = position(model);
    let line = match model.current() {
        Some((_, step)) => {
            let spent = step.began.map_or(Duration::ZERO, |began| now.since(began));
            let spent = duration(spent);
            let room = width.saturating_sub(8 + spent.len());
            let title = clip_middle(&step.title, room);
            format!("{} {at}/{of} {title} {spent}", glyphs.spinner(now))
        }
        None => format!("{at}/{of} {}", model.title),
    };
    clip(&line, width)
}

/// `0:47`, `1:02:03`.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}
