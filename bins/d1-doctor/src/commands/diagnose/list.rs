//! `diagnose --list`: every check there is.

use crate::terminal::Terminal;
use d1_core::{Pace, Verdict};
use d1_executor::all_checks;
use serde::Serialize;

#[derive(Serialize)]
struct List {
    schema: &'static str,
    checks: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: &'static str,
    area: &'static str,
    title: &'static str,
    reads: &'static str,
    severity: Verdict,
    deadline_ms: u128,
    deep: bool,
    network: bool,
}

/// Lists the checks.
pub(super) fn list(terminal: &Terminal) {
    let rows = all_checks().map(|about| Row {
        id: about.id,
        area: about.area(),
        title: about.title,
        reads: about.reads,
        severity: about.severity,
        deadline_ms: about.deadline().as_millis(),
        deep: about.pace == Pace::Deep,
        network: about.network,
    });
    let rows: Vec<Row> = rows.collect();
    if !terminal.is_text() {
        terminal.print_json(&List { schema: "d1.checks.v1", checks: rows });
        return;
    }
    let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
    let line = |row: &Row| {
        let how = match (row.deep, row.network) {
            (true, _) => "  (with --deep)",
            (false, true) => "  (asks the network)",
            (false, false) => "",
        };
        format!("{:width$}  {}{how}\n", row.id, row.title)
    };
    terminal.print(&rows.iter().map(line).collect::<String>());
}
