//! What the audit log has of a command behind walls: that it begins, before it does, and how it
//! ended.

use crate::{audit, failure::Failure, home::Home};
use d1_core::{AuditEntry, AuditKind, AuditLog as _, Clock as _, Digest, SystemClock};
use d1_executor::{Confinement, FileAuditLog, Grant, How, SandboxError, audited_argv};

/// The log, and what names the command in it.
pub(super) struct Book {
    log: FileAuditLog,
    clock: SystemClock,
    grant: Digest,
}

impl Book {
    /// Opens the log: where that fails, nothing runs.
    pub(super) fn open(home: &Home, grant: &Grant) -> Result<Self, Failure> {
        let clock = SystemClock::new();
        let log = audit::open(home, clock.now())?;
        Ok(Self { log, clock, grant: grant.digest() })
    }

    /// Writes down that the command is about to begin.
    pub(super) async fn begin(&self, grant: &Grant) -> Result<(), Failure> {
        let entry = AuditEntry::new(AuditKind::CommandStarted)
            .about("grant", self.grant)
            .saying("argv", audited_argv(&grant.argv))
            .saying("by", audit::me());
        self.note(entry).await
    }

    /// Writes down how it ended, or that it never began.
    pub(super) async fn end(
        &self,
        ended: Result<&Confinement, &SandboxError>,
    ) -> Result<(), Failure> {
        let entry = AuditEntry::new(AuditKind::CommandEnded).about("grant", self.grant);
        let entry = match ended {
            Ok(Confinement { report, .. }) => {
                let (outcome, code) = told(report.how);
                let entry = entry.about("outcome", outcome);
                code.map_or(entry.clone(), |code| entry.about("exit_code", code))
            }
            Err(error) => {
                let problem = error.problem();
                let entry = entry.about("outcome", "not_begun").about("problem", problem.code);
                entry.saying("problem", problem.title)
            }
        };
        self.note(entry).await
    }

    async fn note(&self, entry: AuditEntry) -> Result<(), Failure> {
        let noted = self.log.append(entry, self.clock.now()).await;
        noted.map(drop).map_err(|error| error.problem().into())
    }
}

const fn told(how: How) -> (&'static str, Option<i32>) {
    match how {
        How::Exited(code) => ("exited", Some(code)),
        How::Signalled(signal) => ("signalled", Some(signal)),
        How::TimedOut => ("timed_out", None),
        How::Cancelled => ("cancelled", None),
        How::Killed => ("killed", None),
        How::OutOfMemory => ("out_of_memory", None),
        How::TooManyProcesses => ("too_many_processes", None),
        How::CpuTime => ("cpu_time", None),
        How::FileSize => ("file_size", None),
        How::DiskFull => ("disk_full", None),
        How::OutputLimit => ("output_limit", None),
    }
}
