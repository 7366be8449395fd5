//! What an agent does is on record before it is done, and not done when it cannot be.

use crate::rig::{Rig, an_audit_log, rest};
use d1_core::{
    AuditChain, AuditEntry, AuditError, AuditKey, AuditLine, AuditLog, Outcome, SealedRecord,
    SignedHead, Stage, TaskCommand, Timestamp, ToDevice, conformance, memory::MemoryAuditLog,
    memory::MemoryJournal,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

pub(crate) async fn records(rig: &Rig) -> Vec<SealedRecord> {
    let record = |line| match line {
        AuditLine::Record(record) => Some(*record),
        AuditLine::Checkpoint(_) => None,
    };
    let lines = rig.audit.lines(0, usize::MAX).await.unwrap();
    lines.into_iter().filter_map(record).collect()
}

async fn kinds(rig: &Rig) -> Vec<String> {
    records(rig).await.into_iter().map(|sealed| sealed.record.kind).collect()
}

/// A log that can be out of order.
#[derive(Debug)]
struct Frail {
    log: MemoryAuditLog,
    broken: AtomicBool,
}

#[async_trait::async_trait]
impl AuditLog for Frail {
    async fn append(&self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        if self.broken.load(Ordering::SeqCst) {
            let source = "the disk is full".into();
            return Err(AuditError::Backend { doing: "write a record down", source });
        }
        self.log.append(entry, at).await
    }

    async fn head(&self, at: Timestamp) -> Result<SignedHead, AuditError> {
        self.log.head(at).await
    }

    async fn lines(&self, skip: u64, limit: usize) -> Result<Vec<AuditLine>, AuditError> {
        self.log.lines(skip, limit).await
    }
}

fn frail() -> (Arc<Frail>, Rig) {
    let log = Arc::new(Frail { log: an_audit_log(), broken: AtomicBool::new(true) });
    let audit: Arc<dyn AuditLog> = log.clone();
    (log, Rig::with(Arc::new(MemoryJournal::new()), audit))
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_one_record_before_its_effect_and_one_of_its_end() {
    let rig = Rig::holding();
    let mut desk = rig.link();
    let order = conformance::an_order();
    desk.order(&order).await;
    rest().await;
    assert_eq!(rig.puppet.acts().begun.len(), 1);
    assert_eq!(kinds(&rig).await, ["task.started"]);
    desk.order(&order).await;
    rig.puppet.release(order.task);
    desk.result().await;
    assert_eq!(kinds(&rig).await, ["task.started", "task.ended"]);
    let records = records(&rig).await;
    let about = &records[1].record.about;
    assert_eq!(about["task"], order.task.to_string());
    assert_eq!(about["plan"], order.plan.to_string());
    assert_eq!(about["outcome"], "succeeded");
    assert_eq!(records[0].words.as_ref().unwrap().text["by"], "a test");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_does_not_happen_and_later_orders_do() {
    let (log, rig) = frail();
    let mut desk = rig.link();
    let order = conformance::an_order();
    desk.order(&order).await;
    let refused = desk.result().await;
    assert_eq!(refused.outcome, Outcome::Failed);
    let problem = refused.problem.unwrap();
    assert_eq!(
        (problem.code.as_str(), problem.cause.as_str()),
        ("D1-AUDIT-001", "the disk is full")
    );
    assert_eq!(rig.puppet.acts().begun, [], "nothing was done");
    log.broken.store(false, Ordering::SeqCst);
    let again = TaskCommand { attempt: order.attempt + 1, ..order };
    desk.order(&again).await;
    assert_eq!(desk.result().await.outcome, Outcome::Succeeded);
    assert_eq!(kinds(&rig).await, ["task.started", "task.ended"]);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_written_down_is_not_told_until_it_can() {
    let (log, rig) = frail();
    log.broken.store(false, Ordering::SeqCst);
    rig.puppet.script().holds = true;
    let mut desk = rig.link();
    let order = conformance::an_order();
    desk.order(&order).await;
    rest().await;
    log.broken.store(true, Ordering::SeqCst);
    rig.puppet.release(order.task);
    rest().await;
    assert!(matches!(rig.stage(&order).await, Some(Stage::Started(_))));
    log.broken.store(false, Ordering::SeqCst);
    assert_eq!(desk.result().await.outcome, Outcome::Succeeded);
    assert_eq!(kinds(&rig).await, ["task.started", "task.ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_no_and_a_probe_are_on_record_as_what_they_are() {
    let rig = Rig::new();
    let mut desk = rig.link();
    let order = TaskCommand { require_confirmation: true, ..conformance::an_order() };
    desk.order(&order).await;
    rest().await;
    desk.say(ToDevice::Confirmed { task: order.task, yes: false }).await;
    desk.result().await;
    assert_eq!(kinds(&rig).await, ["task.refused"]);
    assert_eq!(records(&rig).await[0].record.about["problem"], "D1-TASK-003");
}

#[tokio::test(start_paused = true)]
async fn heads_are_exchanged_and_the_other_sides_is_kept_once() {
    let rig = Rig::new();
    let desk = rig.link();
    rest().await;
    let head = AuditChain::begin("cloud:test", AuditKey::from_seed(&[9; 32])).sign(Timestamp(5));
    for _ in 0..3 {
        desk.say(ToDevice::Anchor(Box::new(head.clone()))).await;
    }
    let mut forged = head.clone();
    forged.checkpoint.seq = 7;
    desk.say(ToDevice::Anchor(Box::new(forged))).await;
    rest().await;
    let records = records(&rig).await;
    assert_eq!(records.len(), 1, "{records:?}");
    let kept = SignedHead::from_text(&records[0].record.about["head"]).unwrap();
    assert_eq!((records[0].record.kind.as_str(), kept), ("peer.anchored", head));
}
