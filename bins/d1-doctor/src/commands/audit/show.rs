//! `d1-doctor audit show`: what was done here.

use super::{Unread, ours};
use crate::{
    args::AuditShow,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
    ui::text::{clip, inert, minute},
};
use d1_core::{AuditLine, SealedRecord};
use serde::Serialize;
use std::collections::VecDeque;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    records: &'a VecDeque<SealedRecord>,
}

/// Shows the newest records.
pub(super) fn run(terminal: &Terminal, home: &Home, args: &AuditShow) -> Result<ExitCode, Failure> {
    let (mut records, mut line_number, mut unreadable) = (VecDeque::new(), 0_u64, None);
    let read = ours(home)?.lines::<Unread>(|line| {
        line_number += 1;
        match line.parse() {
            Ok(AuditLine::Record(record)) if is_wanted(&record, args) => {
                if records.len() == usize::from(args.limit) {
                    records.pop_front();
                }
                records.push_back(*record);
            }
            Ok(AuditLine::Record(_) | AuditLine::Checkpoint(_)) => {}
            Err(_) => unreadable = unreadable.or(Some(line_number)),
        }
        Ok(())
    });
    read.map_err(|Unread(failure)| failure)?;
    if let Some(line) = unreadable {
        terminal.talk(&format!("line {line} cannot be read; look: d1-doctor audit verify"));
    }
    if terminal.is_text() {
        terminal.print(&text(&records, terminal.width));
    } else {
        terminal.print_json(&Document { schema: "d1.audit.show.v1", records: &records });
    }
    Ok(ExitCode::Ok)
}

fn is_wanted(record: &SealedRecord, args: &AuditShow) -> bool {
    let setup = record.record.about.get("setup");
    args.setup.as_ref().is_none_or(|wanted| {
        setup.is_some_and(|setup| setup.starts_with(&wanted.to_ascii_lowercase()))
    })
}

fn text(records: &VecDeque<SealedRecord>, width: usize) -> String {
    if records.is_empty() {
        return "nothing of that kind was done here\n".to_owned();
    }
    let mut text = format!("{:>6}  {:<16}  {:<16}  {}\n", "RECORD", "WHEN (UTC)", "WHAT", "HOW");
    for sealed in records {
        let record = &sealed.record;
        let (when, what) = (minute(record.at.0), inert(&record.kind));
        let line = format!("{:>6}  {when:<16}  {what:<16}  {}", record.seq, inert(&how(sealed)));
        text += &clip(line.trim_end(), width);
        text.push('\n');
    }
    text
}

/// What a person wants to know of it first: how it went, what it was, and by whose word.
fn how(sealed: &SealedRecord) -> String {
    let about = |name: &str| sealed.record.about.get(name).cloned();
    let said = |name: &str| sealed.words.as_ref().and_then(|words| words.text.get(name).cloned());
    let by = said("by").map(|by| format!("by {by}"));
    let what = said("argv").or_else(|| said("title"));
    let exit = about("exit_code").map(|code| format!("exit code {code}"));
    let gone = sealed.is_redacted().then(|| "(its words were taken away)".to_owned());
    let peer = about("stream")
        .map(|stream| format!("record {} of {stream}", about("seq").unwrap_or_default()));
    let parts = [about("outcome"), exit, what, said("problem"), by, peer, gone];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
