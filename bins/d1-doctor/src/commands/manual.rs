//! Completions, manual pages, and the list of exit codes, made from the command line itself; and
//! the schema of documents.

use crate::{
    args::Cli,
    failure::{EXIT_CODES, ExitCode, Failure},
    terminal::Terminal,
};
use clap::CommandFactory as _;
use d1_core::{Category, Problem};
use serde::Serialize;
use std::path::Path;

/// Prints a completion script.
pub fn completion(terminal: &Terminal, shell: clap_complete::Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "d1-doctor", &mut script);
    terminal.print(&String::from_utf8_lossy(&script));
    ExitCode::Ok
}

/// Prints the manual page, or writes one for every command into a directory.
pub fn man(terminal: &Terminal, dir: Option<&Path>) -> Result<ExitCode, Failure> {
    let written = match dir {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .map(|()| terminal.print(&String::from_utf8_lossy(&page)))
        }
        Some(dir) => std::fs::create_dir_all(dir)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), dir)),
    };
    written.map(|()| ExitCode::Ok).map_err(|error| {
        let place = dir.unwrap_or(Path::new("-")).display();
        Problem::new(
            "D1-MAN-001",
            Category::Usage,
            format!("cannot write manual pages to `{place}`"),
        )
        .because(error.to_string())
        .next("give a directory that you may write to with --dir")
        .into()
    })
}

/// The shape of what `diagnose` and `fix` print for programs.
const SCHEMA: &str = include_str!("../../schemas/doctor.v1.json");

/// Prints the JSON Schema; it is a document already, whatever the format.
pub fn schema(terminal: &Terminal) -> ExitCode {
    terminal.print(SCHEMA);
    ExitCode::Ok
}

#[derive(Serialize)]
struct Codes {
    schema: &'static str,
    exit_codes: Vec<Code>,
}

#[derive(Serialize)]
struct Code {
    code: u8,
    meaning: &'static str,
}

/// Lists the exit codes.
pub fn exit_codes(terminal: &Terminal) -> ExitCode {
    let codes = EXIT_CODES.map(|(code, meaning)| Code { code: code as u8, meaning });
    if terminal.is_text() {
        let lines: String =
            codes.iter().map(|code| format!("{:>4}  {}\n", code.code, code.meaning)).collect();
        terminal.print(&lines);
    } else {
        terminal.print_json(&Codes { schema: "d1.exit-codes.v1", exit_codes: codes.into() });
    }
    ExitCode::Ok
}
