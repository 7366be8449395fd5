//! `credits`.

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use d1_core::{Amount, CapScope};
use std::path::PathBuf;

/// `credits`
#[derive(Debug, Args)]
pub struct Credits {
    /// What to show; how the account stands when nothing is said.
    #[command(subcommand)]
    pub what: Option<CreditsCommand>,
    /// Whose credits.
    #[command(flatten)]
    pub cloud: Cloud,
}

/// A cloud, and who we are there.
#[derive(Clone, Debug, Args)]
pub struct Cloud {
    /// The cloud that keeps the account, as http://host:port; the one that was signed in to
    /// last when nothing is said
    #[arg(long, global = true, env = "D1_CLOUD", value_name = "URL")]
    pub cloud: Option<String>,
    /// Who asks, where several are signed in
    #[arg(long, global = true, env = "D1_ACCOUNT", value_name = "NAME")]
    pub account: Option<String>,
    /// A file with a token to be known by, instead of a sign-in
    #[arg(long, global = true, env = "D1_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// What to show of credits.
#[derive(Debug, Subcommand)]
pub enum CreditsCommand {
    /// Show what was given, charged and given back, the oldest first
    #[command(
        after_help = "Examples:\n  d1-doctor credits history\n  d1-doctor credits history --since 2026-11-01 --csv > november.csv\n  d1-doctor credits history --all --json"
    )]
    History(CreditsHistory),
    /// Show what may be spent at most, or change that
    #[command(
        after_help = "Examples:\n  d1-doctor credits caps\n  d1-doctor credits caps set day 10\n  d1-doctor credits caps lift day"
    )]
    Caps {
        /// What to change.
        #[command(subcommand)]
        change: Option<CapChange>,
    },
}

/// `credits history`
#[derive(Clone, Copy, Debug, Args)]
pub struct CreditsHistory {
    /// The newest lines, at most this many
    #[arg(long, default_value_t = 20, value_name = "LINES", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub limit: u16,
    /// Everything since this day began in UTC
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "limit")]
    pub since: Option<NaiveDate>,
    /// Everything
    #[arg(long, conflicts_with_all = ["limit", "since"])]
    pub all: bool,
    /// Print a table for spreadsheets: times in UTC, amounts in millionths of a credit
    #[arg(long, conflicts_with_all = ["json", "output"])]
    pub csv: bool,
}

/// `credits caps …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum CapChange {
    /// Limit what may be spent
    Set {
        /// What is counted
        #[arg(value_enum)]
        scope: Scope,
        /// The most, in credits, like 10 or 2.5
        #[arg(value_name = "CREDITS")]
        most: Amount,
    },
    /// Lift a limit
    Lift {
        /// What is counted
        #[arg(value_enum)]
        scope: Scope,
    },
}

/// What a cap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// Each setup by itself
    Task,
    /// Each device, each day
    Device,
    /// Everything in a day; days change at midnight in UTC
    Day,
    /// Everything there ever is
    Account,
    /// Everything that the accounts of an organisation spend in a day
    Organisation,
}

impl From<Scope> for CapScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Task => Self::Task,
            Scope::Device => Self::Device,
            Scope::Day => Self::Day,
            Scope::Account => Self::Account,
            Scope::Organisation => Self::Organisation,
        }
    }
}
