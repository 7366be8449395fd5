//! `d1-doctor audit`: what was done here, whether that is what was written, and copies of it.

mod export;
mod redact;
mod show;
mod trust;
mod verify;

use crate::{
    args::Audit,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
};
use d1_core::{AuditError, Category, Problem};
use d1_executor::AuditReader;
use std::{error::Error as _, path::Path};

/// Does what is said with the log.
pub async fn run(terminal: &Terminal, home: &Home, what: &Audit) -> Result<ExitCode, Failure> {
    match what {
        Audit::Show(args) => show::run(terminal, home, args),
        Audit::Verify(args) => verify::run(terminal, home, args),
        Audit::Export(args) => export::run(terminal, home, args),
        Audit::Redact(args) => redact::run(terminal, home, args).await,
    }
}

/// A log that cannot be read through.
struct Unread(Failure);

impl From<AuditError> for Unread {
    fn from(error: AuditError) -> Self {
        Self(unread(&error))
    }
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// The log of this machine; a failure when there is none yet.
fn ours(home: &Home) -> Result<AuditReader, Failure> {
    let reader = AuditReader::open(&home.state.audit()).map_err(|error| unread(&error))?;
    reader.ok_or_else(|| {
        let path = home.state.audit();
        Problem::new("D1-AUDIT-003", Category::Usage, "there is no audit log here yet")
            .because(format!("nothing was done by way of `{}`", path.display()))
            .leaving("nothing was changed")
            .next("name another state directory with --state-dir, or do something first")
            .into()
    })
}

fn unread(error: &AuditError) -> Failure {
    let full = error.to_string();
    let (title, _) = full.split_once("; ").unwrap_or((&full, ""));
    Problem::new("D1-AUDIT-004", Category::Task, title)
        .because(error.source().map_or_else(String::new, ToString::to_string))
        .leaving("nothing was changed")
        .next("see that the state directory can be read: it belongs to whoever did the work")
        .into()
}

fn file_failure(path: &Path, doing: &str, error: &std::io::Error) -> Failure {
    let title = format!("`{}` cannot be {doing}", path.display());
    Problem::new("D1-AUDIT-005", Category::Usage, title)
        .because(error.to_string())
        .leaving("nothing was changed")
        .next("name another file")
        .into()
}
