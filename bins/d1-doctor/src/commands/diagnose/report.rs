//! `diagnose --report`: everything that was found, to be passed on: without the home, without
//! names, without secrets.

use super::{diagnosis::Diagnosis, examine::Examination};
use crate::{
    failure::Failure,
    terminal::Terminal,
    ui::{Glyphs, findings_view::View},
};
use d1_core::{Category, Problem};
use d1_executor::Discretion;
use serde_json::Value;
use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// What a report leaves out, for the people who pass it on.
pub(super) const HIDDEN: &str = "the home, names, addresses and secrets are hidden in it";
/// How wide a text report is.
const WIDTH: usize = 80;

/// Whether a report goes to standard output, in the place of what is told otherwise.
pub(super) fn is_stdout(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Writes a report: JSON into a file that is called so, or with `--json`; else text.
pub(super) fn write(
    terminal: &Terminal,
    file: &Path,
    examination: &Examination,
    diagnosis: &Diagnosis<'_>,
) -> Result<(), Failure> {
    let by_name = file.extension().is_some_and(|ending| ending == "json");
    let text = if by_name || (is_stdout(file) && !terminal.is_text()) {
        json(examination, diagnosis)?
    } else {
        plain(examination, diagnosis)
    };
    if is_stdout(file) {
        terminal.print(&text);
        return Ok(());
    }
    save(file, &text).map_err(|error| {
        let title = format!("the report cannot be written to {}", file.display());
        Problem::new("D1-CHECK-003", Category::Task, title)
            .because(error.to_string())
            .leaving("nothing was changed")
            .next("give another file, or `-` for standard output")
            .into()
    })
}

fn json(examination: &Examination, diagnosis: &Diagnosis<'_>) -> Result<String, Failure> {
    let document = serde_json::to_value(diagnosis).map_err(|error| {
        Problem::new("D1-BUG-003", Category::Bug, "the report cannot be made")
            .because(error.to_string())
    })?;
    let hidden = Discretion::new(&examination.sight).hide_in(without_contents(document));
    Ok(format!("{hidden:#}\n"))
}

/// What a fix would write is a whole file of somebody's, and none of it is for others.
fn without_contents(document: Value) -> Value {
    match document {
        Value::Array(items) => items.into_iter().map(without_contents).collect(),
        Value::Object(fields) => {
            let shown = |(name, value): (String, Value)| match name.as_str() {
                "content" | "line" => (name, Value::from("<hidden>")),
                _ => (name, without_contents(value)),
            };
            Value::Object(fields.into_iter().map(shown).collect())
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

fn plain(examination: &Examination, diagnosis: &Diagnosis<'_>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let system = examination.sight.system();
    let head = format!("d1-doctor {version} on {system}\n\n");
    let view = View { glyphs: &Glyphs::ASCII, width: WIDTH };
    Discretion::new(&examination.sight).hide(&(head + &view.each(diagnosis.findings())))
}

/// Replaces the file as a whole, so that a reader never sees half a report; what is no file, a
/// device or a pipe, is written into.
fn save(file: &Path, text: &str) -> io::Result<()> {
    if file.metadata().is_ok_and(|there| !there.is_file()) {
        return OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes());
    }
    let mut name = file.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_os_string();
    name.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(name);
    let saved = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut out| out.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&beside, file));
    if saved.is_err() {
        // What was begun is of no use to anybody.
        let _not_there = std::fs::remove_file(&beside);
    }
    saved
}
