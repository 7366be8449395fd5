//! From what happened to the record of it: pure functions.

use d1_core::Action;
use d1_core::{
    Category, Ended, ExecutorError, IsolationReport, JournalError, Manifest, Outcome, PROTOCOL,
    ProbeAnswer, Probed, Problem, Receipt, TaskCommand, TaskResult, Timestamp, Welcome,
};
use std::error::Error;

/// The record of a job that ran.
pub(super) fn of_ended(command: &TaskCommand, ended: Ended, at: Timestamp) -> TaskResult {
    let receipt = Receipt {
        changes: ended.changes,
        relies_on: ended.relies_on,
        opaque: ended.opaque,
        kept: ended.kept,
        manifest: ended.manifest,
        isolation: ended.isolation,
        grant: ended.grant,
        ..blank_receipt(command, at)
    };
    TaskResult {
        exit_code: ended.exit_code,
        stdout: ended.stdout,
        stderr: ended.stderr,
        duration: ended.duration,
        output_digest: ended.output_digest,
        dropped_bytes: ended.dropped_bytes,
        usage: ended.usage,
        receipt: Some(receipt),
        problem: ended.problem,
        ..blank(command, ended.outcome)
    }
}

/// The record of a job that was cut off, after it was probed.
///
/// Nothing done: it may be tried again. Done: it has succeeded, whoever saw it end; where nothing
/// is different from before it was so already, and nobody pays for that.
pub(super) fn of_probed(command: &TaskCommand, probed: Probed, at: Timestamp) -> TaskResult {
    let (outcome, problem) = match &probed.answer {
        ProbeAnswer::Done if probed.changes.is_empty() => (Outcome::NoChange, None),
        ProbeAnswer::Done => (Outcome::Succeeded, None),
        ProbeAnswer::NotDone => (Outcome::Interrupted, None),
        ProbeAnswer::Unknown(why) => (Outcome::Interrupted, Some(half_done(command, why))),
    };
    let opaque = matches!(probed.answer, ProbeAnswer::Unknown(_));
    let receipt = Receipt { changes: probed.changes, opaque, ..blank_receipt(command, at) };
    TaskResult {
        receipt: Some(receipt),
        probe: Some(probed.answer),
        problem,
        ..blank(command, outcome)
    }
}

/// The record of a job that never ran.
pub(super) fn of_error(command: &TaskCommand, error: &ExecutorError) -> TaskResult {
    let problem = problem_of(error);
    let outcome = match problem.category {
        Category::Denied => Outcome::DeniedByPolicy,
        Category::Usage
        | Category::Task
        | Category::Daemon
        | Category::Auth
        | Category::Credit
        | Category::Network
        | Category::Timeout
        | Category::Bug => Outcome::Failed,
    };
    TaskResult { problem: Some(problem), ..blank(command, outcome) }
}

/// The record of a task that ended before it began.
pub(super) fn not_begun(command: &TaskCommand, outcome: Outcome, why: Problem) -> TaskResult {
    TaskResult { problem: Some(why), ..blank(command, outcome) }
}

/// An executor's error, told so that a person can act on it.
pub(super) fn problem_of(error: &ExecutorError) -> Problem {
    if let ExecutorError::Refused(problem) = error {
        return (**problem).clone();
    }
    Problem::new("D1-DEVICE-005", Category::Task, error.to_string())
        .because(error.source().map_or_else(String::new, ToString::to_string))
        .leaving("nothing was changed by this step")
}

/// A journal's error, told so that a person can act on it.
pub(super) fn journal_problem(error: &JournalError) -> Problem {
    if matches!(error, JournalError::StaleEpoch { .. }) {
        return Problem::new("D1-DEVICE-003", Category::Denied, error.to_string())
            .because("another orchestrator has taken this setup over")
            .leaving("this message changed nothing");
    }
    Problem::new("D1-DEVICE-004", Category::Daemon, error.to_string())
        .because(error.source().map_or_else(String::new, ToString::to_string))
        .leaving("no task is started while the journal cannot be written")
        .next("make room on the disk that holds the state directory, then try again")
}

fn half_done(command: &TaskCommand, why: &str) -> Problem {
    let title = format!("`{}` was cut off and cannot be told from half done", command.step.title);
    Problem::new("D1-TASK-010", Category::Task, title)
        .because(why)
        .leaving("it was not started again")
        .next(format!("d1-doctor resume {} --force", command.setup.short()))
        .next(format!("d1-doctor undo {}", command.setup.short()))
}

fn blank(command: &TaskCommand, outcome: Outcome) -> TaskResult {
    TaskResult::not_started(command.task, command.attempt, command.epoch, outcome)
}

fn blank_receipt(command: &TaskCommand, at: Timestamp) -> Receipt {
    Receipt {
        task: command.task,
        setup: command.setup,
        attempt: command.attempt,
        at,
        changes: Vec::new(),
        relies_on: Vec::new(),
        opaque: false,
        kept: Vec::new(),
        reverts: match &command.step.action {
            Action::Revert(revert) => Some(revert.task),
            Action::Packages(_)
            | Action::RefreshIndex(_)
            | Action::Service(_)
            | Action::GroupMember(_)
            | Action::File(_)
            | Action::Exec(_)
            | Action::Shell(_) => None,
        },
        manifest: Manifest::default(),
        isolation: IsolationReport::none(),
        grant: None,
    }
}

/// What is told to an orchestrator that wants to speak as nobody does here.
pub(super) fn upgrade_required(welcome: &Welcome) -> Problem {
    let (min, max) = (PROTOCOL.start(), PROTOCOL.end());
    let how = if welcome.protocol < *min {
        "upgrade the orchestrator, then link the device again"
    } else {
        "upgrade the daemon of this device, then start it again"
    };
    let title = "UPGRADE_REQUIRED: the device and its orchestrator speak different protocols";
    Problem::new("D1-DEVICE-008", Category::Daemon, title)
        .because(format!(
            "min={min} max={max} are spoken here; the orchestrator (version {}) wants to speak {}",
            welcome.version, welcome.protocol
        ))
        .leaving("nothing was changed")
        .next(how)
}
