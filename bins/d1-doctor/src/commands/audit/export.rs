//! `d1-doctor audit export`: a copy of the log, for others to verify.

use super::{Unread, file_failure, ours};
use crate::{
    args::AuditExport,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
};
use d1_core::{AuditLine, AuditPublicKey};
use serde::Serialize;
use std::{
    fs::OpenOptions,
    io::{self, BufWriter, Write},
    path::Path,
};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    file: &'a Path,
    lines: u64,
    key: AuditPublicKey,
}

/// Writes every line, as it stands in the log.
pub(super) fn run(
    terminal: &Terminal,
    home: &Home,
    args: &AuditExport,
) -> Result<ExitCode, Failure> {
    let reader = ours(home)?;
    let key = reader.key().map_err(|error| super::unread(&error))?;
    let path = args.file.as_path();
    let is_stream = path == Path::new("-");
    let mut to: Box<dyn Write> = if is_stream {
        Box::new(BufWriter::new(io::stdout()))
    } else {
        let mut open = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let file = open.write(true).create_new(true).open(path);
        Box::new(BufWriter::new(file.map_err(|error| file_failure(path, "made", &error))?))
    };
    let failed = |error: &io::Error| Unread(file_failure(path, "written", error));
    let mut lines = 0;
    let written = reader.lines::<Unread>(|line| {
        lines += 1;
        let line = if args.without_words { without_words(line) } else { line.to_owned() };
        writeln!(to, "{line}").map_err(|error| failed(&error))
    });
    written.map_err(|Unread(failure)| failure)?;
    to.flush().map_err(|error| file_failure(path, "written", &error))?;
    if is_stream {
        return Ok(ExitCode::Ok);
    }
    if terminal.is_text() {
        terminal.print(&format!(
            "{} {lines} lines of the audit log are in {}\n  key       {key}\n  verify    d1-doctor audit verify {} --key {key}\n",
            terminal.glyphs.done,
            path.display(),
            path.display(),
        ));
    } else {
        terminal.print_json(&Document { schema: "d1.audit.export.v1", file: path, lines, key });
    }
    Ok(ExitCode::Ok)
}

/// A line without what people wrote. What is no line stays what it is: whoever verifies sees it.
fn without_words(line: &str) -> String {
    match line.parse() {
        Ok(AuditLine::Record(record)) => {
            AuditLine::Record(Box::new(record.without_words())).to_text()
        }
        Ok(AuditLine::Checkpoint(_)) | Err(_) => line.to_owned(),
    }
}
