//! Plans and news for the tests of what a person sees.
#![expect(clippy::unwrap_used, reason = "test support")]

use d1_core::{
    Action, Effect, Install, Intent, Manager, Outcome, PackageOperation, Packages, Plan, Progress,
    ProgressEvent, Step, StepId, Stream, Timestamp, Undo,
};
use d1_doctor::ui::model::Model;
use std::time::Duration;

/// A plan of these steps.
pub(crate) fn plan(titles: &[&str]) -> Plan {
    let steps = titles.iter().enumerate().map(|(at, title)| step(at, title)).collect();
    Plan {
        intent: Intent::Install(Install {
            things: vec!["docker".parse().unwrap()],
            from: None,
            hosts: Vec::new(),
        }),
        steps,
        sources: vec![],
        follow_up: vec![],
    }
}

pub(crate) fn step(at: usize, title: &str) -> Step {
    Step {
        id: id(at),
        title: title.to_owned(),
        action: Action::Packages(Packages {
            manager: Manager::Apt,
            operation: PackageOperation::Install,
            names: vec!["docker.io".parse().unwrap()],
        }),
        effect: Effect::Write,
        needs_root: true,
        touches: vec![],
        network: vec![],
        timeout: Duration::from_secs(60),
        interruptible: false,
        undo: Undo::Exact,
        depends_on: vec![],
        resource_keys: vec![],
        warning: String::new(),
    }
}

pub(crate) fn id(at: usize) -> StepId {
    format!("step-{}", at + 1).parse().unwrap()
}

/// A model that has heard these things, one a second from second zero.
pub(crate) fn model(titles: &[&str], news: &[ProgressEvent]) -> Model {
    let mut model = Model::of(&plan(titles));
    for progress in numbered(news) {
        model.hear(&progress);
    }
    model
}

pub(crate) fn numbered(news: &[ProgressEvent]) -> Vec<Progress> {
    let one = |(at, event): (u64, &ProgressEvent)| Progress {
        seq: at + 1,
        at: second(at),
        event: event.clone(),
    };
    (0..).zip(news).map(one).collect()
}

pub(crate) fn second(n: u64) -> Timestamp {
    Timestamp(n * 1000)
}

pub(crate) fn started(at: usize) -> ProgressEvent {
    ProgressEvent::StepStarted { step: id(at), attempt: 1 }
}

pub(crate) fn wrote(at: usize, text: &str) -> ProgressEvent {
    let (step, text) = (id(at), text.to_owned());
    ProgressEvent::Output { step, attempt: 1, chunk: 1, stream: Stream::Stdout, text }
}

pub(crate) fn ended(at: usize, outcome: Outcome) -> ProgressEvent {
    let step = id(at);
    ProgressEvent::StepFinished { step, attempt: 1, outcome, duration_ms: 1500, problem: None }
}
