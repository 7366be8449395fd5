//! The command itself.
//!
//! 1. Look, and tell of each finding as it comes where somebody listens for that.
//! 2. Compare with what was found earlier, and remember what was found now.
//! 3. Tell it all, or what is different; write a report when one is wanted.

use super::{
    diagnosis::{Diagnosis, Since, Told},
    examine::{Examination, Looked, view},
    list::list,
    memory::{Memory, compared},
    report,
};
use crate::{
    args::{self, Output},
    failure::{ExitCode, Failure},
    terminal::Terminal,
};
use d1_core::Finding;
use d1_executor::Selection;

/// Examines the machine.
pub async fn run(
    terminal: &Terminal,
    global: &args::Global,
    args: &args::Diagnose,
) -> Result<ExitCode, Failure> {
    if args.list {
        list(terminal);
        return Ok(ExitCode::Ok);
    }
    let selection = Selection { names: args.names.clone(), deep: args.deep };
    let examination = Examination::new(global, args.offline, &selection)?;
    let mut memory = Memory::open(examination.state_dir());
    let before = match args.since {
        Some(args::Since::Last) => Some(memory.last()?),
        None => None,
    };
    let tell_each = |finding: &Finding| {
        if terminal.format == Output::Ndjson {
            terminal.print_json(&Told { schema: "d1.finding.v1", finding });
        }
    };
    let Looked::AtAll(findings) = examination.look(terminal, &selection, tell_each).await else {
        terminal.talk("stopped; nothing was changed");
        return Ok(ExitCode::Interrupted);
    };
    let now = examination.sight.host.clock.now();
    let since = before.map(|before| compared(&before, &findings));
    memory.keep(terminal, now, &findings);
    let diagnosis = Diagnosis::of(now, &findings, since.as_ref());
    match args.report.as_deref() {
        Some(file) => {
            report::write(terminal, file, &examination, &diagnosis)?;
            if !report::is_stdout(file) {
                tell(terminal, &diagnosis);
                terminal.talk(&format!("report: {}; {}", file.display(), report::HIDDEN));
            }
        }
        None => tell(terminal, &diagnosis),
    }
    let trouble = findings.iter().any(Finding::is_trouble);
    Ok(if trouble && args.exit_code { ExitCode::Findings } else { ExitCode::Ok })
}

fn tell(terminal: &Terminal, diagnosis: &Diagnosis<'_>) {
    match terminal.format {
        Output::Text => {
            let (view, findings) = (view(terminal), diagnosis.findings());
            terminal.print_text(&match diagnosis.since {
                Some(Since { at, differences }) => {
                    let age = at.map(|at| diagnosis.at.since(at));
                    view.since(findings, differences, age)
                }
                None => view.all(findings),
            });
        }
        Output::Json => terminal.print_json(diagnosis),
        // The findings were told one by one.
        Output::Ndjson => terminal.print_json(&diagnosis.without_findings()),
    }
}
