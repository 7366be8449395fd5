//! `daemon`.

use clap::{Args, Subcommand};
use d1_core::Digest;
use std::path::PathBuf;

/// What to do with the daemon of this machine.
#[derive(Debug, Subcommand)]
pub enum Daemon {
    /// Enrol this device at a cloud, by a token that is good once
    #[command(
        after_help = "Examples:\n  d1-doctor daemon enroll --cloud wss://d1.example:7702 --authority <digest> --token-file token\n  d1-doctor daemon enroll --cloud wss://d1.example:7702 --authority <digest> < token\n\nThe address, the digest and the token are told together, where the token is made. The keys of this device are made here and never leave."
    )]
    Enroll(Enroll),
}

/// `daemon enroll`
#[derive(Debug, Args)]
pub struct Enroll {
    /// Where devices enrol and link, as wss://host:port
    #[arg(long, env = "D1_ENROLL_CLOUD", value_name = "URL")]
    pub cloud: String,
    /// The digest of the key of the cloud's authority: by it the cloud is known, before the
    /// token is sent
    #[arg(long, value_name = "DIGEST")]
    pub authority: Digest,
    /// A file with the token; one line of standard input without
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}
