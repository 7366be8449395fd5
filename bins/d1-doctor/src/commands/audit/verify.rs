//! `d1-doctor audit verify`: whether a log is what was written.

use super::{Unread, file_failure, ours, trust};
use crate::{
    args::AuditVerify,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
    ui::text::inert,
};
use d1_core::{AuditBreak, AuditPublicKey, AuditVerdict, AuditVerifier, Category, Digest, Problem};
use d1_executor::AuditReader;
use serde::Serialize;
use std::{fs::File, io::BufReader};

/// Tells whether a log holds.
pub(super) fn run(
    terminal: &Terminal,
    home: &Home,
    args: &AuditVerify,
) -> Result<ExitCode, Failure> {
    let trust = trust::gather(home, &args.keys, &args.anchors)?;
    if trust.keys.is_empty() {
        return Err(Problem::new(
            "D1-AUDIT-006",
            Category::Usage,
            "no key is known to verify with",
        )
        .because("the key that a log names itself proves nothing")
        .leaving("nothing was verified")
        .next("give the key that you noted where the log was written: --key KEY")
        .into());
    }
    let keys = trust.keys.clone();
    let verifier = AuditVerifier::new(trust);
    let verified = match read(home, args, verifier) {
        Ok(verdict) => Ok(verdict),
        Err(Stopped::Unread(failure)) => return Err(failure),
        Err(Stopped::Broken(broken)) => Err(broken),
    };
    if !terminal.is_text() {
        terminal.print_json(&Document::of(&verified, &keys));
    }
    match verified {
        Ok(verdict) => {
            if terminal.is_text() {
                terminal.print(&text(terminal, &verdict));
            }
            Ok(ExitCode::Ok)
        }
        Err(broken) if terminal.is_text() => Err(problem(&broken).into()),
        Err(broken) => {
            // It is in the document; another one would be one too many.
            let failure = Failure::from(problem(&broken));
            terminal.talk(failure.text().trim_end());
            Ok(failure.exit)
        }
    }
}

/// Why a log was not read to its end.
enum Stopped {
    Unread(Failure),
    Broken(Box<AuditBreak>),
}

impl From<d1_core::AuditError> for Stopped {
    fn from(error: d1_core::AuditError) -> Self {
        let Unread(failure) = error.into();
        Self::Unread(failure)
    }
}

impl From<AuditBreak> for Stopped {
    fn from(broken: AuditBreak) -> Self {
        Self::Broken(Box::new(broken))
    }
}

fn read(
    home: &Home,
    args: &AuditVerify,
    mut verifier: AuditVerifier,
) -> Result<AuditVerdict, Stopped> {
    let each = |line: &str| -> Result<(), Stopped> { Ok(verifier.read(line)?) };
    match &args.file {
        Some(path) => {
            let file = File::open(path)
                .map_err(|error| Stopped::Unread(file_failure(path, "read", &error)))?;
            AuditReader::lines_of(BufReader::new(file), each)?;
        }
        None => ours(home).map_err(Stopped::Unread)?.lines(each)?,
    }
    Ok(verifier.finish()?)
}

fn problem(broken: &AuditBreak) -> Problem {
    let AuditBreak { line, flaw, expected, found, .. } = broken;
    let title = format!("the audit log does not hold: line {line}: {}", flaw.what());
    Problem::new("D1-AUDIT-002", Category::Task, title)
        .because(format!("expected {expected}\nfound {}", inert(found)))
        .leaving("what stands before that line holds; nothing was changed")
        .next(flaw.next())
}

fn text(terminal: &Terminal, verdict: &AuditVerdict) -> String {
    let AuditVerdict { stream, before, last, head, signed, redacted, anchors } = verdict;
    let count = last - before;
    let mut text = format!(
        "{} the audit log of {} holds: {count} record{}\n  head      record {last}, {head}\n",
        terminal.glyphs.done,
        inert(stream),
        if count == 1 { "" } else { "s" },
    );
    let mut note = |label: &str, words: String| text += &format!("  {label:<8}  {words}\n");
    note("signed", format!("up to record {signed}"));
    if signed < last {
        let what = "after it: nobody could tell if more had stood there";
        note("unsigned", format!("{} {what}", last - signed));
    }
    if *before > 0 {
        note("pruned", format!("records up to {before} were taken away to keep the log in bounds"));
    }
    if *redacted > 0 {
        note("redacted", format!("the words of {redacted} were taken away"));
    }
    note("anchors", format!("{anchors} signed heads that were kept elsewhere are in it"));
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    holds: bool,
    /// The keys that were believed.
    keys: &'a [AuditPublicKey],
    log: Option<Log<'a>>,
    broken: Option<Broken<'a>>,
}

#[derive(Serialize)]
struct Log<'a> {
    stream: &'a str,
    before: u64,
    last: u64,
    head: Digest,
    signed: u64,
    redacted: u64,
    anchors: u64,
}

#[derive(Serialize)]
struct Broken<'a> {
    line: u64,
    /// The last record that holds.
    after: Option<u64>,
    flaw: &'static str,
    what: &'static str,
    expected: &'a str,
    found: &'a str,
    next: &'static str,
}

impl<'a> Document<'a> {
    fn of(verified: &'a Result<AuditVerdict, Box<AuditBreak>>, keys: &'a [AuditPublicKey]) -> Self {
        let log = verified.as_ref().ok().map(|it| Log {
            stream: &it.stream,
            before: it.before,
            last: it.last,
            head: it.head,
            signed: it.signed,
            redacted: it.redacted,
            anchors: it.anchors,
        });
        let broken = verified.as_ref().err().map(|it| Broken {
            line: it.line,
            after: it.seq,
            flaw: it.flaw.name(),
            what: it.flaw.what(),
            expected: &it.expected,
            found: &it.found,
            next: it.flaw.next(),
        });
        Self { schema: "d1.audit.verify.v1", holds: verified.is_ok(), keys, log, broken }
    }
}
