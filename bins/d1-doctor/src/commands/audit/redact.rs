//! `d1-doctor audit redact`: takes the words of a record away.

use crate::{
    args::AuditRedact,
    audit,
    commands::consent::agree,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
};
use d1_core::{Category, Clock as _, Problem, SystemClock};
use serde::Serialize;

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    redacted: u64,
}

/// Takes them away, after a yes: nobody brings them back.
pub(super) async fn run(
    terminal: &Terminal,
    home: &Home,
    args: &AuditRedact,
) -> Result<ExitCode, Failure> {
    super::ours(home)?;
    let record = args.record;
    if args.consent.dry_run {
        terminal.talk(&format!("a dry run: the words of record {record} would be gone for ever"));
        return Ok(ExitCode::Ok);
    }
    let question = format!("Take the words of record {record} away for ever? [y/N]");
    agree(terminal, args.consent, &question)?;
    let now = SystemClock::new().now();
    let log = audit::open(home, now)?;
    let redacted = log.redact(record, &audit::me(), now).await;
    if !redacted.map_err(|error| Failure::from(error.problem()))? {
        let title = format!("record {record} has no words that could be taken away");
        return Err(Problem::new("D1-AUDIT-007", Category::Usage, title)
            .because("it is not there, it never had any, or they are gone already")
            .leaving("nothing was changed")
            .next("d1-doctor audit show")
            .into());
    }
    if terminal.is_text() {
        let done = terminal.glyphs.done;
        terminal.print(&format!("{done} the words of record {record} are gone; its hash stays\n"));
    } else {
        terminal.print_json(&Document { schema: "d1.audit.redact.v1", redacted: record });
    }
    Ok(ExitCode::Ok)
}
