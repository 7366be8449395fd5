//! The audit log of this server: who asked for what and who said yes, written before it is done,
//! and a copy of it for others to verify.

use crate::{compose::App, config::Config, refusal::Refusal, say, who::Who};
use d1_core::{
    AuditEntry, AuditError, AuditKind, AuditLog as _, Clock as _, DeviceId, SetupId, SystemClock,
    Timestamp,
};
use d1_orchestrator::{Draft, SqliteAuditLog};
use std::{error::Error as _, io::Write as _, path::PathBuf, process::ExitCode};

/// Where the log is in the state directory.
const FILE: &str = "audit.db";
/// Exit code of a log that cannot be read.
const UNREADABLE: u8 = 2;
/// How many lines are read at once.
const PAGE: usize = 500;

/// Opens the log, making it when it is not there.
pub(crate) fn open(config: &Config, now: Timestamp) -> Result<SqliteAuditLog, AuditError> {
    SqliteAuditLog::open(&path(config), now)
}

fn path(config: &Config) -> PathBuf {
    config.state_dir.join(FILE)
}

impl App {
    /// Writes down that somebody asks for a setup. What cannot be written is not done.
    pub(crate) async fn note_asked(
        &self,
        who: &Who,
        (setup, device): (SetupId, DeviceId),
        draft: &Draft,
    ) -> Result<(), Refusal> {
        let entry = by(AuditKind::SetupAsked, who, setup)
            .about("device", device)
            .about("plan", draft.plan.id())
            .saying("intent", draft.plan.intent.to_string());
        self.note(entry).await
    }

    /// Writes down what somebody decides about a setup.
    pub(crate) async fn note_decided(
        &self,
        who: &Who,
        setup: SetupId,
        decision: &str,
    ) -> Result<(), Refusal> {
        self.note(by(AuditKind::SetupDecided, who, setup).about("decision", decision)).await
    }

    async fn note(&self, entry: AuditEntry) -> Result<(), Refusal> {
        let noted = self.engine.hub().note(entry).await;
        noted.map_err(|error| error.problem().into())
    }
}

fn by(kind: AuditKind, who: &Who, setup: SetupId) -> AuditEntry {
    let entry = AuditEntry::new(kind).about("setup", setup).about("account", who.account);
    match who.person {
        Some((user, session)) => entry.about("user", user).about("session", session),
        None => entry.about("user", "the development token"),
    }
}

/// Prints every line of the log, for `d1-doctor audit verify`.
pub(crate) async fn export(config: &Config) -> ExitCode {
    let path = path(config);
    if !path.exists() {
        let path = path.display();
        say(&format!("error: there is no audit log at `{path}`; name its --state-dir"));
        return ExitCode::from(UNREADABLE);
    }
    match try_export(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error.source().map(|cause| format!("\n  cause  {cause}"));
            say(&format!("error: {error}{}", cause.unwrap_or_default()));
            ExitCode::from(UNREADABLE)
        }
    }
}

async fn try_export(config: &Config) -> Result<(), AuditError> {
    let now = SystemClock::new().now();
    let log = open(config, now)?;
    let key = log.head(now).await?.checkpoint.key;
    say(&format!("key: {key}"));
    let mut written = 0;
    loop {
        let lines = log.lines(written, PAGE).await?;
        if lines.is_empty() {
            return Ok(());
        }
        written += lines.len() as u64;
        let text: String = lines.iter().map(|line| line.to_text() + "\n").collect();
        if write!(std::io::stdout(), "{text}").is_err() {
            // The reader has enough.
            return Ok(());
        }
    }
}
