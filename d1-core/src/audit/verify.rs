//! Reading a chain as somebody who trusts nothing in it but keys and heads they had before.
//!
//! Line by line, in constant memory; the first break ends it.

use super::{
    chain::genesis,
    checkpoint::SignedHead,
    flaw::{AuditBreak, AuditFlaw},
    key::AuditPublicKey,
    line::{AuditLine, SealedRecord},
};
use crate::Digest;
use std::collections::BTreeMap;

/// What is believed before a log is read.
#[derive(Clone, Debug, Default)]
pub struct AuditTrust {
    /// Keys whose checkpoints are believed.
    pub keys: Vec<AuditPublicKey>,
    /// Heads that were signed before, and kept elsewhere; those of other logs do not matter.
    pub heads: Vec<SignedHead>,
}

/// A log that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Whose it is.
    pub stream: String,
    /// The record before its first one: 0 unless the oldest were taken away.
    pub before: u64,
    /// Its last record.
    pub last: u64,
    /// The hash of that.
    pub head: Digest,
    /// The last record under a checkpoint.
    pub signed: u64,
    /// Of how many records the words were taken away.
    pub redacted: u64,
    /// How many of the heads that were kept elsewhere are in it.
    pub anchors: u64,
}

/// Verifies a log, line by line.
#[derive(Debug)]
pub struct AuditVerifier {
    keys: Vec<AuditPublicKey>,
    /// Heads that are not reached yet, by their record; more than one may be of the same.
    heads: BTreeMap<u64, Vec<SignedHead>>,
    line: u64,
    at: Option<AuditVerdict>,
    pruned_is_told: bool,
}

/// What a break is made of.
type Wrong = (AuditFlaw, String, String);

impl AuditVerifier {
    /// A verifier that has read nothing.
    #[must_use]
    pub fn new(trust: AuditTrust) -> Self {
        let mut heads: BTreeMap<u64, Vec<SignedHead>> = BTreeMap::new();
        for head in trust.heads {
            heads.entry(head.checkpoint.seq).or_default().push(head);
        }
        Self { keys: trust.keys, heads, line: 0, at: None, pruned_is_told: false }
    }

    /// Reads the next line.
    pub fn read(&mut self, text: &str) -> Result<(), AuditBreak> {
        self.line += 1;
        let line: AuditLine = match text.parse() {
            Ok(line) => line,
            Err(error) => {
                let told = std::error::Error::source(&error).map(ToString::to_string);
                let found = told.map_or_else(|| error.to_string(), |why| format!("{error}: {why}"));
                let expected = "a record or a checkpoint, in canonical form".to_owned();
                return Err(self.broken((AuditFlaw::Line, expected, found)));
            }
        };
        let read = match line {
            AuditLine::Checkpoint(head) => self.checkpoint(&head),
            AuditLine::Record(record) => self.record(&record),
        };
        read.map_err(|wrong| self.broken(wrong))
    }

    /// What holds so far; none before the first line.
    #[must_use]
    pub const fn position(&self) -> Option<&AuditVerdict> {
        self.at.as_ref()
    }

    /// There is no line after those that were read.
    pub fn finish(mut self) -> Result<AuditVerdict, AuditBreak> {
        let Some(verdict) = self.at.take() else {
            let wrong = (AuditFlaw::Beginning, "a checkpoint".to_owned(), "nothing".to_owned());
            return Err(self.broken(wrong));
        };
        let ours = |head: &&SignedHead| head.checkpoint.stream == verdict.stream;
        let beyond = self.heads.range(verdict.last + 1..);
        if let Some(head) = beyond.flat_map(|(_, heads)| heads).rfind(ours) {
            let expected = format!("records up to {}, which were signed", head.checkpoint.seq);
            let found = format!("the last one is {}", verdict.last);
            return Err(self.broken((AuditFlaw::End, expected, found)));
        }
        if verdict.before > 0 && !self.pruned_is_told {
            let expected = "record 1, or a record that says that the oldest were taken away";
            let found = format!("the first one is {}", verdict.before + 1);
            return Err(self.broken((AuditFlaw::Pruned, expected.to_owned(), found)));
        }
        Ok(verdict)
    }

    fn broken(&self, (flaw, expected, found): Wrong) -> AuditBreak {
        let seq = self.at.as_ref().map(|at| at.last);
        AuditBreak { line: self.line, seq, flaw, expected, found }
    }

    fn checkpoint(&mut self, head: &SignedHead) -> Result<(), Wrong> {
        let SignedHead { checkpoint, .. } = head;
        let key = checkpoint.key;
        if !self.keys.contains(&key) {
            let known: Vec<_> = self.keys.iter().map(ToString::to_string).collect();
            let known = if known.is_empty() { "no key is".to_owned() } else { known.join(", ") };
            return Err((AuditFlaw::Key, format!("a trusted key ({known})"), key.to_string()));
        }
        if !head.is_signed() {
            let expected = format!("a signature of {key}");
            return Err((AuditFlaw::Signature, expected, "another signature".to_owned()));
        }
        let Some(at) = &mut self.at else { return self.begin(head) };
        is_same(AuditFlaw::Stream, "the log of ", &at.stream, &checkpoint.stream)?;
        let (there, signed) = ((at.last, at.head), (checkpoint.seq, checkpoint.hash));
        if there != signed {
            let told = |(seq, hash)| format!("record {seq} with hash {hash}");
            return Err((AuditFlaw::Checkpoint, told(signed), told(there)));
        }
        at.signed = checkpoint.seq;
        Ok(())
    }

    fn begin(&mut self, head: &SignedHead) -> Result<(), Wrong> {
        let checkpoint = &head.checkpoint;
        let (stream, seq) = (checkpoint.stream.clone(), checkpoint.seq);
        if seq == 0 {
            let first = genesis(&stream, &checkpoint.key);
            is_same(AuditFlaw::Beginning, "a first checkpoint of ", &first, &checkpoint.hash)?;
        }
        self.at = Some(AuditVerdict {
            stream,
            before: seq,
            last: seq,
            head: checkpoint.hash,
            signed: seq,
            redacted: 0,
            anchors: 0,
        });
        self.meet_heads()
    }

    fn record(&mut self, sealed: &SealedRecord) -> Result<(), Wrong> {
        let SealedRecord { record, hash, words } = sealed;
        let Some(at) = &mut self.at else {
            let found = format!("record {}", record.seq);
            return Err((AuditFlaw::Beginning, "a checkpoint".to_owned(), found));
        };
        is_same(AuditFlaw::Stream, "the log of ", &at.stream, &record.stream)?;
        is_same(AuditFlaw::Order, "record ", &(at.last + 1), &record.seq)?;
        is_same(AuditFlaw::Link, "the hash before it to be ", &at.head, &record.prev)?;
        is_same(AuditFlaw::Record, "the hash ", hash, &record.hash())?;
        match (&record.words, words) {
            (Some(hash), Some(words)) => {
                is_same(AuditFlaw::Words, "words with the hash ", hash, &words.hash())?;
            }
            (None, Some(_)) => {
                return Err((AuditFlaw::Words, "no words".to_owned(), "some".to_owned()));
            }
            (Some(_), None) => at.redacted += 1,
            (None, None) => {}
        }
        (at.last, at.head) = (record.seq, *hash);
        let pruned = record.about.get("through").and_then(|through| through.parse().ok());
        if record.kind == super::AuditKind::LogPruned.name() && pruned >= Some(at.before) {
            self.pruned_is_told = true;
        }
        self.meet_heads()
    }

    /// Compares the place that was reached with the heads that were kept of it.
    fn meet_heads(&mut self) -> Result<(), Wrong> {
        let Some(at) = &mut self.at else { return Ok(()) };
        for head in self.heads.remove(&at.last).into_iter().flatten() {
            let checkpoint = &head.checkpoint;
            if checkpoint.stream != at.stream {
                continue;
            }
            if !self.keys.contains(&checkpoint.key) || !head.is_signed() {
                let expected = "a head that was signed by a trusted key".to_owned();
                return Err((AuditFlaw::Key, expected, checkpoint.key.to_string()));
            }
            is_same(AuditFlaw::Anchor, "the hash ", &checkpoint.hash, &at.head)?;
            at.anchors += 1;
        }
        Ok(())
    }
}

fn is_same<T: PartialEq + ToString>(
    flaw: AuditFlaw,
    what: &str,
    expected: &T,
    found: &T,
) -> Result<(), Wrong> {
    if expected == found {
        return Ok(());
    }
    Err((flaw, format!("{what}{}", expected.to_string()), found.to_string()))
}
