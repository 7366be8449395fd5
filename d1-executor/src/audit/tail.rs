//! The end of a log, read back: where it goes on, and what a crash left half written.

use super::folder::{Folder, failed};
use d1_core::{AuditChain, AuditError, AuditKey, AuditTrust, AuditVerifier, Digest, SignedHead};
use std::fs;

/// Where a log goes on.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) chain: AuditChain,
    /// The file that it goes on in.
    pub(super) segment: u64,
    /// The bytes of the whole lines in there.
    pub(super) len: u64,
    /// What stands after them, when a write was cut off.
    pub(super) torn: Option<Torn>,
}

/// A line that was not written to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Torn {
    pub(super) bytes: u64,
    pub(super) digest: Digest,
}

/// Reads the end of the log from its last checkpoint on, in its newest file. What does not hold
/// there is an error: nobody goes on with a log that was changed.
pub(super) fn read(
    folder: &Folder,
    segment: u64,
    (stream, key): (&str, &AuditKey),
) -> Result<Tail, AuditError> {
    let bytes = fs::read(folder.segment(segment)).map_err(failed("read its newest file"))?;
    let len = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (whole, rest) = bytes.split_at(len);
    let torn =
        (!rest.is_empty()).then(|| Torn { bytes: rest.len() as u64, digest: Digest::of(rest) });
    let text = std::str::from_utf8(whole).map_err(failed("read its newest file"))?;
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.iter().rposition(|line| line.starts_with("{\"checkpoint\""));
    let trust = AuditTrust { keys: vec![key.public()], heads: Vec::new() };
    let mut verifier = AuditVerifier::new(trust);
    for line in lines.iter().skip(from.unwrap_or_default()) {
        verifier.read(line).map_err(|broken| changed(&broken.to_string()))?;
    }
    let found = verifier.position().ok_or_else(|| changed("its newest file is empty"))?;
    if found.stream != stream {
        return Err(changed(&format!("it belongs to {}, and this is {stream}", found.stream)));
    }
    let head = folder.head()?;
    reaches(head.as_ref(), found.last)?;
    let chain = AuditChain::resume(stream, key.clone(), (found.last, found.head), found.signed);
    Ok(Tail { chain, segment, len: len as u64, torn })
}

/// Whether the log reaches as far as its newest signed head.
fn reaches(head: Option<&SignedHead>, last: u64) -> Result<(), AuditError> {
    match head.map(|head| head.checkpoint.seq) {
        Some(signed) if signed > last => {
            Err(changed(&format!("record {signed} was signed, and the last one is {last}")))
        }
        Some(_) | None => Ok(()),
    }
}

pub(super) fn changed(what: &str) -> AuditError {
    AuditError::Changed { what: what.to_owned() }
}
