//! How a confined command ended: one document, or its exit code and a word where it needs one.

use super::refused;
use crate::{args::Run, failure::Failure, terminal::Terminal, ui::network_view};
use d1_core::{Category, Digest, IsolationReport, Problem};
use d1_executor::{Asked, Confinement, How};
use serde::Serialize;
use std::process::ExitCode;

/// What a shell adds to the number of the signal that ended a command.
const BY_SIGNAL: i32 = 128;

/// Tells it, and how we exit.
pub(super) fn tell(
    terminal: &Terminal,
    ended: &Confinement,
    args: &Run,
) -> Result<ExitCode, Failure> {
    let exit = exit(ended, args);
    if terminal.is_text() {
        let network = &ended.isolation.network;
        if let Some(hosts) = network_view::listed(network.reached().into_iter()) {
            terminal.talk(&format!("d1-doctor: it reached {hosts}"));
        }
        for line in refused::lines(network) {
            terminal.talk(&line);
        }
        if let Some(asked) = ended.asked.as_ref().filter(|asked| !asked.waited) {
            terminal.talk(&format!("d1-doctor: {}", asked.note()));
        }
        return exit.map_err(Failure::from);
    }
    terminal.print_json(&Document::of(ended, exit.as_ref().err()));
    exit.or_else(|problem| {
        // It is in the document; another one would be one too many.
        let failure = Failure::from(problem);
        terminal.talk(failure.text().trim_end());
        Ok(failure.exit.into())
    })
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    outcome: &'static str,
    exit_code: Option<i32>,
    signal: Option<i32>,
    duration_ms: u128,
    stdout: &'a str,
    stderr: &'a str,
    dropped_bytes: u64,
    asked: Option<&'a Asked>,
    grant: Digest,
    isolation: &'a IsolationReport,
    network: Hosts<'a>,
    /// Why we do not pass on its own exit code.
    problem: Option<&'a Problem>,
}

/// Whom it called, in short; every decision is in `isolation.network`.
#[derive(Serialize)]
struct Hosts<'a> {
    reached: Vec<&'a str>,
    refused: Vec<&'a str>,
}

impl<'a> Document<'a> {
    fn of(ended: &'a Confinement, problem: Option<&'a Problem>) -> Self {
        let Confinement { report, isolation, grant, asked } = ended;
        let (outcome, exit_code, signal) = match report.how {
            How::Exited(code) => ("exited", Some(code), None),
            How::Signalled(signal) => ("signalled", None, Some(signal)),
            How::TimedOut => ("timed_out", None, None),
            How::Cancelled => ("cancelled", None, None),
            How::Killed => ("killed", None, None),
            How::OutOfMemory => ("out_of_memory", None, None),
            How::TooManyProcesses => ("too_many_processes", None, None),
            How::CpuTime => ("cpu_time", None, None),
            How::FileSize => ("file_size", None, None),
            How::DiskFull => ("disk_full", None, None),
            How::OutputLimit => ("output_limit", None, None),
        };
        Self {
            schema: "d1.run.v1",
            outcome,
            exit_code,
            signal,
            duration_ms: report.duration.as_millis(),
            stdout: &report.stdout,
            stderr: &report.stderr,
            dropped_bytes: report.dropped,
            asked: asked.as_ref(),
            grant: *grant,
            isolation,
            network: Hosts {
                reached: isolation.network.reached(),
                refused: isolation.network.turned_away(),
            },
            problem,
        }
    }
}

/// Its own exit code, or why it has none.
fn exit(ended: &Confinement, args: &Run) -> Result<ExitCode, Problem> {
    let code = |code: i32| Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)));
    let too_much = |code, what: &str| {
        let title = format!("`{}` {what}, and was ended", args.command.join(" "));
        Problem::new(code, Category::Task, title).leaving("nothing of it runs any more")
    };
    let problem = match ended.report.how {
        How::Exited(number) => return code(number),
        How::Signalled(signal) => return code(BY_SIGNAL + signal),
        How::Cancelled | How::Killed => return Ok(crate::failure::ExitCode::Interrupted.into()),
        How::TimedOut => {
            let title = format!("`{}` took longer than {} s", args.command.join(" "), args.timeout);
            Problem::new("D1-EXEC-004", Category::Timeout, title)
                .because(ended.asked.as_ref().map_or_else(String::new, Asked::note))
                .leaving("nothing of it runs any more")
                .next("give it more time with --timeout")
        }
        How::OutOfMemory => too_much("D1-EXEC-013", "took more memory than it may"),
        How::TooManyProcesses => too_much("D1-EXEC-009", "had more processes than it may"),
        How::CpuTime => too_much("D1-EXEC-011", "took more processor time than it may"),
        How::FileSize => too_much("D1-EXEC-012", "wrote a larger file than it may"),
        How::DiskFull => too_much("D1-EXEC-014", "left hardly any room on the disk"),
        How::OutputLimit => too_much("D1-EXEC-010", "printed more than it may"),
    };
    Err(problem)
}
