//! A device's audit log, in one life of its daemon: slow to write, like everything on its disk.

use super::{disk::Disk, flaw::Flaw};
use d1_core::{
    AuditEntry, AuditError, AuditKey, AuditKind, AuditLine, AuditLog, AuditPublicKey, SignedHead,
    Timestamp, memory::MemoryAuditLog,
};
use std::sync::Arc;

/// A log that outlives its daemons, and the key that whoever looks at it knows it by.
#[derive(Clone, Debug)]
pub(super) struct KeptAudit {
    pub(super) log: Arc<dyn AuditLog>,
    pub(super) key: AuditPublicKey,
}

impl KeptAudit {
    pub(super) fn new(name: [u8; 16], flaw: Option<Flaw>) -> Self {
        let seed = [name, name].concat().try_into().unwrap();
        let (stream, key) = (format!("device:{name:?}"), AuditKey::from_seed(&seed));
        let public = key.public();
        let log = MemoryAuditLog::new(&stream, key);
        let log: Arc<dyn AuditLog> = match flaw {
            Some(flaw) => Arc::new(FlawedAudit(log, flaw)),
            None => Arc::new(log),
        };
        Self { log, key: public }
    }

    /// Every line there is.
    pub(super) async fn lines(&self) -> Vec<AuditLine> {
        self.log.lines(0, usize::MAX).await.unwrap()
    }
}

/// The log in one life of a daemon.
#[derive(Debug)]
pub(super) struct WatchedAudit {
    pub(super) log: Arc<dyn AuditLog>,
    pub(super) disk: Disk,
}

#[async_trait::async_trait]
impl AuditLog for WatchedAudit {
    async fn append(&self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        self.disk.write("write into the audit log", self.log.append(entry, at)).await
    }

    async fn head(&self, at: Timestamp) -> Result<SignedHead, AuditError> {
        self.disk.write("sign the audit log", self.log.head(at)).await
    }

    async fn lines(&self, skip: u64, limit: usize) -> Result<Vec<AuditLine>, AuditError> {
        self.disk.read(self.log.lines(skip, limit)).await
    }
}

/// A log with a flaw.
#[derive(Debug)]
struct FlawedAudit(MemoryAuditLog, Flaw);

#[async_trait::async_trait]
impl AuditLog for FlawedAudit {
    async fn append(&self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        let begins = entry.kind == AuditKind::TaskStarted;
        if begins && self.1 == Flaw::OmitsRecords {
            // It says that it is written down.
            return Ok(0);
        }
        if begins && self.1 == Flaw::RecordsTwice {
            self.0.append(entry.clone(), at).await?;
        }
        self.0.append(entry, at).await
    }

    async fn head(&self, at: Timestamp) -> Result<SignedHead, AuditError> {
        self.0.head(at).await
    }

    async fn lines(&self, skip: u64, limit: usize) -> Result<Vec<AuditLine>, AuditError> {
        let mut lines = self.0.lines(skip, limit).await?;
        if self.1 == Flaw::RewritesTheLog
            && let Some(AuditLine::Record(record)) = lines.get_mut(1)
        {
            record.record.at = Timestamp(0);
        }
        Ok(lines)
    }
}
