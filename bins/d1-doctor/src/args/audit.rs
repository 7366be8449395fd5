//! `audit`.

use super::Consent;
use clap::{Args, Subcommand};
use d1_core::AuditPublicKey;
use std::path::PathBuf;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Show what was done on this machine, by whose word, and how it ended
    #[command(
        after_help = "Examples:\n  d1-doctor audit show\n  d1-doctor audit show --limit 100 --json\n  d1-doctor audit show --setup 7c1e0d2a"
    )]
    Show(AuditShow),
    /// Tell whether a log is what was written; the first place where it is not, otherwise
    #[command(
        after_help = "Examples:\n  d1-doctor audit verify\n  d1-doctor audit verify --anchor cloud.jsonl\n  d1-doctor audit verify log.jsonl --key <key>\n\nIt asks no network. Nothing that stands in a log is believed but what is signed by a key that this machine knows, or that was given."
    )]
    Verify(AuditVerify),
    /// Write the log to a file, one line for each record, for others to verify
    #[command(
        after_help = "Examples:\n  d1-doctor audit export log.jsonl\n  d1-doctor audit export - --without-words | gzip > log.jsonl.gz"
    )]
    Export(AuditExport),
    /// Take the words of a record away for ever; the log still verifies
    #[command(after_help = "Examples:\n  d1-doctor audit redact 41")]
    Redact(AuditRedact),
}

/// `audit show`
#[derive(Debug, Args)]
pub struct AuditShow {
    /// The newest records, at most this many
    #[arg(long, default_value_t = 20, value_name = "RECORDS", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// Only those of this setup, by its id or the beginning of it
    #[arg(long, value_name = "SETUP")]
    pub setup: Option<String>,
}

/// `audit verify`
#[derive(Debug, Args)]
pub struct AuditVerify {
    /// A log that was exported, here or elsewhere; the log of this machine without
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// A key that is believed, besides those that this machine knows; may be given many times
    #[arg(long = "key", value_name = "KEY")]
    pub keys: Vec<AuditPublicKey>,
    /// A log that holds heads of this one: that of the other side, or an earlier export; may be
    /// given many times
    #[arg(long = "anchor", value_name = "FILE")]
    pub anchors: Vec<PathBuf>,
}

/// `audit export`
#[derive(Debug, Args)]
pub struct AuditExport {
    /// Where to, or `-` for standard output; a file that is there is not replaced
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Leave out what people and programs wrote; it verifies without
    #[arg(long)]
    pub without_words: bool,
}

/// `audit redact`
#[derive(Debug, Args)]
pub struct AuditRedact {
    /// The number of the record
    #[arg(value_name = "RECORD")]
    pub record: u64,
    /// Whether to ask.
    #[command(flatten)]
    pub consent: Consent,
}
