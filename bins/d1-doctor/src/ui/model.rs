//! What a person sees of a running setup: a model built from its progress stream.
//!
//! Replaying any part of the stream and then the rest gives the same model as
//! following it live, so a terminal that attaches late shows the same picture.

use d1_core::{
    Outcome, Plan, Problem, Progress, ProgressEvent, SetupOutcome, StepId, StopMode, Stream,
    Timestamp,
};
use std::collections::VecDeque;

/// How many lines of output are kept for the failure report.
pub const TAIL: usize = 20;
/// The most characters of one kept line.
const MAX_LINE: usize = 500;

/// A running setup as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What the whole is called: `install ripgrep`.
    pub title: String,
    /// Its steps, in order.
    pub steps: Vec<StepLine>,
    /// When it began.
    pub began: Option<Timestamp>,
    /// When something was last heard.
    pub heard: Option<Timestamp>,
    /// Whether the link to the device is down.
    pub link_lost: bool,
    /// How it was asked to stop.
    pub stopping: Option<StopMode>,
    /// How it ended.
    pub ended: Option<SetupOutcome>,
}

/// One step as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepLine {
    /// Its name.
    pub id: StepId,
    /// What it is called.
    pub title: String,
    /// How it stands.
    pub mark: Mark,
    /// When it began.
    pub began: Option<Timestamp>,
    /// How long it took, in milliseconds, once it has ended.
    pub took_ms: Option<u64>,
    /// The last lines it wrote.
    pub tail: VecDeque<String>,
    /// Why it did not succeed.
    pub problem: Option<Problem>,
    /// A line that has not ended yet.
    partial: String,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It has not been sent.
    Waiting,
    /// It was sent, and has not begun.
    Sent,
    /// It runs.
    Running,
    /// It ended.
    Ended(Outcome),
    /// It is left out.
    Skipped,
}

impl Model {
    /// A setup of which nothing has happened yet.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let step = |step: &d1_core::Step| StepLine {
            id: step.id.clone(),
            title: step.title.clone(),
            mark: Mark::Waiting,
            began: None,
            took_ms: None,
            tail: VecDeque::new(),
            problem: None,
            partial: String::new(),
        };
        Self {
            title: plan.intent.to_string(),
            steps: plan.steps.iter().map(step).collect(),
            began: None,
            heard: None,
            link_lost: false,
            stopping: None,
            ended: None,
        }
    }

    /// Takes in one piece of news.
    pub fn hear(&mut self, progress: &Progress) {
        self.heard = Some(progress.at);
        match &progress.event {
            ProgressEvent::Planned | ProgressEvent::Asked { .. } | ProgressEvent::Declined => {}
            ProgressEvent::Approved => self.began = Some(progress.at),
            ProgressEvent::Resumed => self.resume(progress.at),
            ProgressEvent::StepSent { step, .. } => self.with(step, |s| s.mark = Mark::Sent),
            ProgressEvent::StepStarted { step, .. } => self.with(step, |s| {
                s.mark = Mark::Running;
                s.began = s.began.or(Some(progress.at));
            }),
            ProgressEvent::Output { step, stream, text, .. } => {
                self.with(step, |s| s.write(*stream, text));
            }
            ProgressEvent::StepFinished { step, outcome, duration_ms, problem, .. } => {
                self.with(step, |s| {
                    s.mark = Mark::Ended(*outcome);
                    s.took_ms = Some(*duration_ms);
                    s.problem.clone_from(problem);
                });
            }
            ProgressEvent::StepSkipped { step } => self.with(step, |s| s.mark = Mark::Skipped),
            ProgressEvent::LinkLost => self.link_lost = true,
            ProgressEvent::LinkBack => self.link_lost = false,
            ProgressEvent::Stopping { mode } => self.stopping = Some(*mode),
            ProgressEvent::Finished { outcome, .. } => self.ended = Some(*outcome),
        }
    }

    /// The step that runs, or was sent.
    #[must_use]
    pub fn current(&self) -> Option<(usize, &StepLine)> {
        let is_current = |step: &StepLine| matches!(step.mark, Mark::Running | Mark::Sent);
        self.steps.iter().enumerate().find(|(_, step)| is_current(step))
    }

    /// How many steps are over.
    #[must_use]
    pub fn over(&self) -> usize {
        let over = |step: &&StepLine| matches!(step.mark, Mark::Ended(_) | Mark::Skipped);
        self.steps.iter().filter(over).count()
    }

    fn with(&mut self, id: &StepId, change: impl FnOnce(&mut StepLine)) {
        if let Some(step) = self.steps.iter_mut().find(|step| step.id == *id) {
            change(step);
        }
    }

    fn resume(&mut self, at: Timestamp) {
        self.began = Some(at);
        (self.ended, self.stopping) = (None, None);
        for step in &mut self.steps {
            let again = match step.mark {
                Mark::Ended(outcome) => !outcome.is_success(),
                Mark::Waiting | Mark::Sent | Mark::Running | Mark::Skipped => true,
            };
            if again {
                step.mark = Mark::Waiting;
                (step.began, step.took_ms, step.problem) = (None, None, None);
                step.tail.clear();
            }
        }
    }
}

impl StepLine {
    fn write(&mut self, stream: Stream, text: &str) {
        if stream == Stream::Note {
            self.keep(text.trim_end().to_owned());
            return;
        }
        self.partial.push_str(text);
        while let Some(end) = self.partial.find(['\n', '\r']) {
            let line: String = self.partial.drain(..=end).collect();
            let line = line.trim_end();
            if !line.is_empty() {
                self.keep(line.to_owned());
            }
        }
        if self.partial.len() > 4 * MAX_LINE {
            let line = std::mem::take(&mut self.partial);
            self.keep(line);
        }
    }

    fn keep(&mut self, line: String) {
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(super::inert(&line).chars().take(MAX_LINE).collect());
    }

    /// The last line, also when it has not ended.
    #[must_use]
    pub fn last_line(&self) -> Option<String> {
        if self.partial.trim().is_empty() {
            self.tail.back().cloned()
        } else {
            Some(super::inert(&self.partial))
        }
    }
}
