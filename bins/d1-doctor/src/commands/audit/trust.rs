//! What is believed of a log before it is read: keys and heads from elsewhere, never its own.

use super::{Unread, file_failure, ours};
use crate::{failure::Failure, home::Home};
use d1_core::{AuditKind, AuditLine, AuditPublicKey, AuditTrust, SignedHead};
use d1_executor::AuditReader;
use std::{
    collections::VecDeque,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

/// The most heads that are taken from one place, the newest.
const MOST_HEADS: usize = 100_000;

/// What this machine knows, and what was given: the machine's own key and head, the keys and
/// heads that its log has of others, the keys and logs that were named.
pub(super) fn gather(
    home: &Home,
    keys: &[AuditPublicKey],
    anchors: &[PathBuf],
) -> Result<AuditTrust, Failure> {
    let mut trust = AuditTrust { keys: keys.to_vec(), heads: Vec::new() };
    if let Ok(reader) = ours(home) {
        trust.keys.extend(reader.key().ok());
        trust.heads.extend(reader.head().ok().flatten());
        let told = of_others(&reader).map_err(|Unread(failure)| failure)?;
        trust.keys.extend(told.iter().map(|head| head.checkpoint.key));
        trust.heads.extend(told);
    }
    for path in anchors {
        let heads = in_file(path)?;
        if heads.is_empty() {
            let nothing = std::io::Error::other("there is no head of any log in it");
            return Err(file_failure(path, "used as an anchor", &nothing));
        }
        trust.heads.extend(heads);
    }
    trust.keys.sort_by_key(|key| *key.as_bytes());
    trust.keys.dedup();
    Ok(trust)
}

/// The heads that others told us.
fn of_others(reader: &AuditReader) -> Result<VecDeque<SignedHead>, Unread> {
    let mut heads = VecDeque::new();
    reader.lines::<Unread>(|line| {
        keep(&mut heads, told(line));
        Ok(())
    })?;
    Ok(heads)
}

/// The heads in a file: its own checkpoints, and what it was told by others.
fn in_file(path: &Path) -> Result<VecDeque<SignedHead>, Failure> {
    let file = File::open(path).map_err(|error| file_failure(path, "read", &error))?;
    let mut heads = VecDeque::new();
    let read = AuditReader::lines_of::<Unread>(BufReader::new(file), |line| {
        keep(&mut heads, SignedHead::from_text(line).or_else(|| told(line)));
        Ok(())
    });
    read.map_err(|Unread(failure)| failure)?;
    Ok(heads)
}

fn keep(heads: &mut VecDeque<SignedHead>, head: Option<SignedHead>) {
    heads.extend(head.filter(SignedHead::is_signed));
    if heads.len() > MOST_HEADS {
        heads.pop_front();
    }
}

/// The head that a record has of another log.
fn told(line: &str) -> Option<SignedHead> {
    // Most lines are something else, and need not be read.
    if !line.contains(AuditKind::PeerAnchored.name()) {
        return None;
    }
    match line.parse().ok()? {
        AuditLine::Record(sealed) if sealed.record.kind == AuditKind::PeerAnchored.name() => {
            SignedHead::from_text(sealed.record.about.get("head")?)
        }
        AuditLine::Record(_) | AuditLine::Checkpoint(_) => None,
    }
}
