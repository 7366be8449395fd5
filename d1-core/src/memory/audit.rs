//! An [`AuditLog`] in memory: gone with its process, and otherwise the same chain.

use crate::{
    AuditChain, AuditEntry, AuditError, AuditKey, AuditLine, AuditLog, SignedHead, Timestamp,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An [`AuditLog`] in memory, for programs that keep their log elsewhere or for none at all.
#[derive(Debug)]
pub struct MemoryAuditLog(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    chain: AuditChain,
    lines: Vec<AuditLine>,
}

impl MemoryAuditLog {
    /// An empty log of `stream`, signed by `key`.
    #[must_use]
    pub fn new(stream: &str, key: AuditKey) -> Self {
        let mut chain = AuditChain::begin(stream, key);
        let first = chain.sign(Timestamp(0));
        Self(Mutex::new(Kept { chain, lines: vec![AuditLine::Checkpoint(first)] }))
    }

    /// No method leaves it half changed, so that of a thread that panicked is fine.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl AuditLog for MemoryAuditLog {
    async fn append(&self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        let mut kept = self.kept();
        let (record, head) = kept.chain.seal(entry, at)?;
        let seq = record.record.seq;
        kept.lines.push(AuditLine::Record(Box::new(record)));
        kept.lines.extend(head.map(AuditLine::Checkpoint));
        Ok(seq)
    }

    async fn head(&self, at: Timestamp) -> Result<SignedHead, AuditError> {
        let mut kept = self.kept();
        if kept.chain.unsigned() == 0
            && let Some(AuditLine::Checkpoint(head)) = kept.lines.last()
        {
            return Ok(head.clone());
        }
        let head = kept.chain.sign(at);
        kept.lines.push(AuditLine::Checkpoint(head.clone()));
        Ok(head)
    }

    async fn lines(&self, skip: u64, limit: usize) -> Result<Vec<AuditLine>, AuditError> {
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        Ok(self.kept().lines.iter().skip(skip).take(limit).cloned().collect())
    }
}
