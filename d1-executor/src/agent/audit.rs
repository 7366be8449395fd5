//! From what an agent does to what its audit log says of it: pure functions.

use crate::{audit::audited_argv, policy::Reckoning};
use d1_core::{
    Action, AuditEntry, AuditKind, Digest, OrderRefusal, Problem, Risk, SignedHead, TaskCommand,
    TaskResult, WaitingTask,
};

/// A task is about to have its first effect.
pub(super) fn started(command: &TaskCommand, by: &str) -> AuditEntry {
    let entry = about(AuditKind::TaskStarted, command).saying("by", by);
    let entry = entry.saying("title", &command.step.title);
    let step = &command.step;
    let needs = [("touches", texts(&step.touches)), ("network", texts(&step.network))];
    let entry = needs.into_iter().fold(entry, |entry, (name, text)| entry.saying(name, text));
    match &step.action {
        Action::Exec(exec) => entry.saying("argv", audited_argv(&exec.argv)),
        Action::Shell(shell) => {
            entry.saying("script_sha256", Digest::of(shell.script.as_bytes()).to_string())
        }
        Action::Packages(_)
        | Action::RefreshIndex(_)
        | Action::Service(_)
        | Action::GroupMember(_)
        | Action::File(_)
        | Action::Revert(_) => entry,
    }
}

/// A task has come to an end of this kind.
pub(super) fn ended(kind: AuditKind, command: &TaskCommand, result: &TaskResult) -> AuditEntry {
    let mut entry = about(kind, command).about("outcome", result.outcome.as_str());
    if let Some(code) = result.exit_code {
        entry = entry.about("exit_code", code);
    }
    if let Some(receipt) = &result.receipt {
        entry = entry.about("changes", receipt.changes.len());
        entry = entry.about("opaque", receipt.opaque).about("output", result.output_digest);
        if let Some(grant) = receipt.grant {
            entry = entry.about("grant", grant);
        }
    }
    if let Some(problem) = &result.problem {
        entry = entry.about("problem", &problem.code).saying("problem", &problem.title);
    }
    entry.saying("title", &command.step.title)
}

/// An orchestrator told the head of its own log.
pub(super) fn anchored(head: &SignedHead) -> AuditEntry {
    AuditEntry::new(AuditKind::PeerAnchored)
        .about("stream", &head.checkpoint.stream)
        .about("seq", head.checkpoint.seq)
        .about("head", head.to_text())
}

/// What came over a link was not heeded.
pub(super) fn order_refused(refusal: &OrderRefusal, by: &str) -> AuditEntry {
    let entry = AuditEntry::new(AuditKind::OrderRefused).about("code", refusal.code());
    entry.saying("by", by).saying("why", refusal.to_string())
}

/// A task is graver than whoever ordered it says.
pub(super) fn overruled(
    kind: AuditKind,
    command: &TaskCommand,
    claimed: Risk,
    reckoning: &Reckoning,
) -> AuditEntry {
    let entry = about(kind, command).about("claimed", claimed).about("risk", reckoning.risk);
    entry.saying("why", &reckoning.why).saying("title", &command.step.title)
}

/// Somebody at the machine, or nobody in time, answered whether a task may begin.
pub(super) fn decided(waiting: &WaitingTask, answer: &str, who: &str) -> AuditEntry {
    about(AuditKind::ApprovalDecided, &waiting.command)
        .about("answer", answer)
        .about("what", waiting.what())
        .about("risk", waiting.risk)
        .saying("by", who)
        .saying("ordered_by", &waiting.by)
        .saying("why", &waiting.why)
        .saying("title", &waiting.command.step.title)
}

/// Somebody tried to answer who may not.
pub(super) fn answer_refused(problem: &Problem, by: &str) -> AuditEntry {
    let entry = AuditEntry::new(AuditKind::OrderRefused).about("code", &problem.code);
    entry.saying("by", by).saying("why", &problem.title)
}

fn about(kind: AuditKind, command: &TaskCommand) -> AuditEntry {
    let entry = AuditEntry::new(kind)
        .about("setup", command.setup)
        .about("plan", command.plan)
        .about("step", &command.step.id)
        .about("task", command.task)
        .about("attempt", command.attempt)
        .about("epoch", command.epoch)
        .about("action", doing(&command.step.action));
    match command.hold {
        Some(hold) => entry.about("hold", hold),
        None => entry,
    }
}

fn texts<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

const fn doing(action: &Action) -> &'static str {
    match action {
        Action::Packages(_) => "packages",
        Action::RefreshIndex(_) => "refresh_index",
        Action::Service(_) => "service",
        Action::GroupMember(_) => "group_member",
        Action::File(_) => "file",
        Action::Exec(_) => "exec",
        Action::Shell(_) => "shell",
        Action::Revert(_) => "revert",
    }
}
