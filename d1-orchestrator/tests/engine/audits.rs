//! What a server does is on record before it is done, and its log holds the heads of others.

use crate::{device::Device, stage::Stage};
use d1_core::{
    AuditChain, AuditEntry, AuditError, AuditKey, AuditLine, AuditLog, AuditRecord, FromDevice,
    Link, SetupOutcome, SetupState, SignedHead, Supervisor, SystemClock, Timestamp, ToDevice,
    memory::MemoryAuditLog,
};
use d1_orchestrator::Hub;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A log that can be out of order.
#[derive(Debug)]
pub(crate) struct Frail {
    log: MemoryAuditLog,
    broken: AtomicBool,
}

impl Frail {
    pub(crate) fn new() -> Self {
        let log = MemoryAuditLog::new("cloud:test", AuditKey::from_seed(&[3; 32]));
        Self { log, broken: AtomicBool::new(false) }
    }

    async fn records(&self) -> Vec<AuditRecord> {
        let record = |line| match line {
            AuditLine::Record(sealed) => Some(sealed.record),
            AuditLine::Checkpoint(_) => None,
        };
        let lines = self.log.lines(0, usize::MAX).await.unwrap();
        lines.into_iter().filter_map(record).collect()
    }

    pub(crate) async fn kinds(&self) -> Vec<String> {
        self.records().await.into_iter().map(|record| record.kind).collect()
    }
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

#[tokio::test(start_paused = true)]
async fn every_task_has_a_record_before_it_is_sent_and_one_of_what_was_told() {
    let stage = Stage::new().await;
    let setup = stage.run(&["jq", "rg"]).await;
    let expected = ["task.dispatched", "task.reported"].repeat(2);
    assert_eq!(stage.audit.kinds().await, expected);
    let records = stage.audit.records().await;
    assert_eq!(records[0].about["setup"], setup.id.to_string());
    assert_eq!(records[0].about["device"], stage.device.id.to_string());
    assert_eq!(records[1].about["outcome"], "succeeded");
}

#[tokio::test(start_paused = true)]
async fn what_a_server_cannot_write_down_it_does_not_send_until_it_can() {
    let stage = Stage::new().await;
    let id = stage.create(&["jq"]).await;
    stage.audit.broken.store(true, Ordering::SeqCst);
    stage.engine.approve(id).await.unwrap();
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(stage.device.starts(), [], "nothing was sent");
    stage.audit.broken.store(false, Ordering::SeqCst);
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.audit.kinds().await, ["task.dispatched", "task.reported"]);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_tells_its_head_is_told_ours_with_its_own_in_it() {
    let audit = Arc::new(Frail::new());
    let clock = Arc::new(SystemClock::starting_at(Timestamp(1_000)));
    let hub = Hub::audited(Supervisor::default(), clock, audit.clone());
    let (ours, mut theirs) = Link::pair();
    let hello = Device::new(Supervisor::default()).hello();
    theirs.tx.send(FromDevice::Hello(Box::new(hello.clone()))).await.unwrap();
    hub.attach(ours).await.unwrap();
    let head = AuditChain::begin("device:test", AuditKey::from_seed(&[9; 32])).sign(Timestamp(5));
    let mut forged = head.clone();
    forged.checkpoint.seq = 7;
    for told in [forged, head.clone(), head.clone()] {
        theirs.tx.send(FromDevice::Anchor(Box::new(told))).await.unwrap();
    }
    let answer = loop {
        if let ToDevice::Anchor(head) = theirs.rx.recv().await.unwrap() {
            break head;
        }
    };
    assert!(answer.is_signed());
    assert_eq!((answer.checkpoint.stream.as_str(), answer.checkpoint.seq), ("cloud:test", 1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let records = audit.records().await;
    assert_eq!(records.len(), 1, "what is forged is not kept, and what is known is kept once");
    assert_eq!(records[0].about["device"], hello.device.to_string());
    assert_eq!(SignedHead::from_text(&records[0].about["head"]), Some(head));
}
