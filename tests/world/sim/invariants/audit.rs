//! The audit log of every device holds, and has one record of every effect.

use super::{super::history::Event, AtRest, Invariant};
use d1_core::{AuditKind, AuditLine, AuditTrust, AuditVerifier};
use std::collections::BTreeMap;

/// For whoever knows its key, the chain of every device verifies; of every attempt that a machine
/// began it has one record, and of none it has two.
pub(super) const EVERY_EFFECT_IS_ON_RECORD: Invariant =
    Invariant { promise: "the audit log holds and has one record of every effect", check };

fn check(world: &AtRest) -> Result<(), String> {
    let mut records: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (device, (lines, key)) in world.audits.iter().enumerate() {
        let mut verifier = AuditVerifier::new(AuditTrust { keys: vec![*key], heads: Vec::new() });
        for line in lines {
            verifier
                .read(&line.to_text())
                .map_err(|broken| format!("device {device}: {broken}"))?;
            if let AuditLine::Record(sealed) = line
                && sealed.record.kind == AuditKind::TaskStarted.name()
            {
                let named = |name: &str| sealed.record.about.get(name).cloned().unwrap_or_default();
                *records.entry((named("task"), named("attempt"))).or_default() += 1;
            }
        }
        verifier.finish().map_err(|broken| format!("device {device}: {broken}"))?;
    }
    if let Some(((task, attempt), times)) = records.iter().find(|(_, times)| **times > 1) {
        return Err(format!("attempt {attempt} of task {task} has {times} records"));
    }
    for event in world.events() {
        if let Event::Began { task, attempt } = event
            && !records.contains_key(&(task.to_string(), attempt.to_string()))
        {
            return Err(format!("attempt {attempt} of task {task} has no record"));
        }
    }
    Ok(())
}
