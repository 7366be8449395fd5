//! From what an engine does to what its audit log says of it: pure functions.

use d1_core::{
    AuditEntry, AuditKind, DeviceId, Setup, SignedHead, TaskCommand, TaskResult, TaskState,
};

/// A task is about to be sent to its device.
pub(crate) fn dispatched(device: DeviceId, command: &TaskCommand) -> AuditEntry {
    AuditEntry::new(AuditKind::TaskDispatched)
        .about("device", device)
        .about("setup", command.setup)
        .about("plan", command.plan)
        .about("step", &command.step.id)
        .about("task", command.task)
        .about("attempt", command.attempt)
        .about("epoch", command.epoch)
        .saying("title", &command.step.title)
}

/// A device told how a task ended.
pub(crate) fn reported(device: DeviceId, result: &TaskResult) -> AuditEntry {
    let entry = AuditEntry::new(AuditKind::TaskReported)
        .about("device", device)
        .about("task", result.task)
        .about("attempt", result.attempt)
        .about("epoch", result.epoch)
        .about("outcome", result.outcome.as_str());
    let receipt = result.receipt.as_ref();
    let entry = match receipt.and_then(|receipt| receipt.grant) {
        Some(grant) => entry.about("grant", grant),
        None => entry,
    };
    let entry = match receipt {
        Some(receipt) => entry
            .about("setup", receipt.setup)
            .about("changes", receipt.changes.len())
            .about("output", result.output_digest),
        None => entry,
    };
    match &result.problem {
        Some(problem) => entry.about("problem", &problem.code).saying("problem", &problem.title),
        None => entry,
    }
}

/// What was not sent has waited for its device for too long.
pub(crate) fn expired(setup: &Setup) -> AuditEntry {
    let queued = setup.tasks.iter().filter(|task| task.state == TaskState::Queued);
    AuditEntry::new(AuditKind::SetupExpired)
        .about("device", setup.device)
        .about("setup", setup.id)
        .about("plan", setup.plan.id())
        .about("steps", queued.count())
}

/// A device told the head of its own log.
pub(crate) fn anchored(device: DeviceId, head: &SignedHead) -> AuditEntry {
    AuditEntry::new(AuditKind::PeerAnchored)
        .about("device", device)
        .about("stream", &head.checkpoint.stream)
        .about("seq", head.checkpoint.seq)
        .about("head", head.to_text())
}
