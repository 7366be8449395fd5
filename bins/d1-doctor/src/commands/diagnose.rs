//! `d1-doctor diagnose`: looks at this machine, and changes nothing. It needs no account, no
//! daemon, no rights and no network.

use crate::{
    args::{self, Output},
    failure::{ExitCode, Failure},
    home::Places,
    terminal::Terminal,
    ui::findings_view::View,
};
use d1_core::{Category, Finding, Problem, SystemClock, Verdict};
use d1_executor::{Doctor, Host, Pace, Selection, Sight, all_checks};
use futures_util::StreamExt as _;
use serde::Serialize;
use std::sync::Arc;

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
    let doctor = doctor(global, args.offline, &selection)?;
    let mut findings = Vec::new();
    let mut coming = std::pin::pin!(doctor.examine(&selection));
    while let Some(finding) = coming.next().await {
        if terminal.format == Output::Ndjson {
            terminal.print_json(&Told { schema: "d1.finding.v1", finding: &finding });
        }
        findings.push(finding);
    }
    sort(&mut findings);
    tell(terminal, &findings);
    let trouble = findings.iter().any(Finding::is_trouble);
    Ok(if trouble && args.exit_code { ExitCode::Findings } else { ExitCode::Ok })
}

/// The doctor of this machine; an error when a name of the selection means nothing.
pub fn doctor(
    global: &args::Global,
    offline: bool,
    selection: &Selection,
) -> Result<Doctor, Failure> {
    let state_dir = global.state_dir.clone().or_else(|| Places::present().state_dir());
    let host = Host::this(Arc::new(SystemClock::new()));
    let sight = Sight { offline, ..Sight::this(host, &state_dir.unwrap_or_default()) };
    let doctor = Doctor::new(sight);
    match doctor.unknown(selection) {
        Some(name) => Err(unknown(name).into()),
        None => Ok(doctor),
    }
}

/// Findings as this terminal shows them.
pub fn view(terminal: &Terminal) -> View<'_> {
    View { glyphs: &terminal.glyphs, width: terminal.width }
}

/// As they are listed, whatever the order in which they came.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|f| all_checks().position(|about| about.id == f.check.as_str()));
}

fn tell(terminal: &Terminal, findings: &[Finding]) {
    match terminal.format {
        Output::Text => terminal.print_text(&view(terminal).all(findings)),
        Output::Json => terminal.print_json(&Diagnosis {
            schema: "d1.diagnosis.v1",
            version: env!("CARGO_PKG_VERSION"),
            count: Count::of(findings),
            findings,
        }),
        Output::Ndjson => terminal.print_json(&Summary {
            schema: "d1.diagnosis.v1",
            version: env!("CARGO_PKG_VERSION"),
            count: Count::of(findings),
        }),
    }
}

#[derive(Serialize)]
struct Told<'a> {
    schema: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
}

#[derive(Serialize)]
struct Diagnosis<'a> {
    schema: &'static str,
    version: &'static str,
    count: Count,
    findings: &'a [Finding],
}

#[derive(Serialize)]
struct Summary {
    schema: &'static str,
    version: &'static str,
    count: Count,
}

/// How many checks ended how.
#[derive(Serialize)]
struct Count {
    ok: usize,
    warn: usize,
    fail: usize,
    unknown: usize,
    skipped: usize,
}

impl Count {
    fn of(findings: &[Finding]) -> Self {
        let of = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
        Self {
            ok: of(Verdict::Ok),
            warn: of(Verdict::Warn),
            fail: of(Verdict::Fail),
            unknown: of(Verdict::Unknown),
            skipped: of(Verdict::Skipped),
        }
    }
}

fn list(terminal: &Terminal) {
    #[derive(Serialize)]
    struct Row {
        id: &'static str,
        area: &'static str,
        title: &'static str,
        deep: bool,
        network: bool,
    }
    #[derive(Serialize)]
    struct List {
        schema: &'static str,
        checks: Vec<Row>,
    }
    let rows = all_checks().map(|about| Row {
        id: about.id,
        area: about.area(),
        title: about.title,
        deep: about.pace == Pace::Deep,
        network: about.network,
    });
    let rows: Vec<Row> = rows.collect();
    if !terminal.is_text() {
        terminal.print_json(&List { schema: "d1.checks.v1", checks: rows });
        return;
    }
    let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
    let lines = rows.iter().map(|row| format!("{:width$}  {}\n", row.id, row.title));
    terminal.print(&lines.collect::<String>());
}

fn unknown(name: &str) -> Problem {
    let mut areas: Vec<&str> = all_checks().map(|about| about.area()).collect();
    areas.dedup();
    let title = format!("there is no check and no area `{name}`");
    Problem::new("D1-CHECK-001", Category::Usage, title)
        .because(format!("the areas are {}", areas.join(", ")))
        .leaving("nothing was changed")
        .next("d1-doctor diagnose --list")
}
