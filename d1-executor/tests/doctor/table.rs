//! The published table of what the doctor detects: `CHECKS.md`, made of what the tests saw.

use d1_core::{About, Finding, Undo, Verdict};
use d1_executor::all_checks;
use std::collections::BTreeMap;

/// The table as it was published. A difference is to be looked at: run this test with
/// `D1_PUBLISH=1`, and read what changed.
const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/CHECKS.md");

/// What became of one check while every fault was put in.
#[derive(Clone, Debug, Default)]
struct Row {
    faults: usize,
    found: usize,
    worst: Option<Verdict>,
    false_alarms: usize,
    fix: Option<String>,
}

/// The table while it is being made.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<String, Row>,
    machines: usize,
}

impl Table {
    /// Counts what the doctor said of a machine on which these checks have to find something.
    pub(crate) fn count(&mut self, findings: &BTreeMap<String, Finding>, to_find: &[&str]) {
        self.machines += 1;
        for (id, finding) in findings {
            let row = self.rows.entry(id.clone()).or_default();
            let (is_wrong, found) = (to_find.contains(&id.as_str()), finding.is_trouble());
            row.faults += usize::from(is_wrong);
            row.found += usize::from(is_wrong && found);
            row.worst = row.worst.max(found.then_some(finding.verdict));
            row.false_alarms += usize::from(!is_wrong && found);
            if row.fix.is_none() && !finding.fix.is_empty() {
                row.fix = Some(undo_of(finding).to_owned());
            }
        }
    }

    /// Every check finds what it says is the worst it can find, and nothing worse.
    pub(crate) fn assert_severities(&self) {
        let wrong: Vec<&str> = all_checks()
            .filter(|about| {
                self.rows.get(about.id).and_then(|row| row.worst) != Some(about.severity)
            })
            .map(|about| about.id)
            .collect();
        assert_eq!(wrong, [""; 0], "their severity is not the worst that was seen");
    }

    /// Compares it with what was published.
    pub(crate) fn assert_published(&self) {
        let text = self.text();
        if std::env::var_os("D1_PUBLISH").is_some() {
            std::fs::write(PUBLISHED, &text).unwrap();
        }
        let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
        let differ = text.lines().zip(published.lines()).find(|(seen, told)| seen != told);
        assert_eq!(differ, None, "CHECKS.md is not what was seen; see the top of table.rs");
        assert_eq!(text.len(), published.len(), "CHECKS.md has more or less than was seen");
    }

    fn text(&self) -> String {
        let rows: Vec<&Row> = self.rows.values().collect();
        let sum = |of: fn(&Row) -> usize| rows.iter().map(|row| of(row)).sum::<usize>();
        let (faults, found) = (sum(|row| row.faults), sum(|row| row.found));
        let fixes = rows.iter().filter(|row| row.fix.is_some()).count();
        let mut text = format!(
            "# What `d1-doctor diagnose` checks\n\n\
            Made by the test `doctor::faults`, which puts every fault into a machine that is \
            otherwise healthy, and lets all checks look at each of them.\n\n\
            - {} checks looked at {} machines: a healthy one, and one for each fault.\n\
            - {found} of {faults} times a fault was found by a check that has to find it.\n\
            - {} false alarms: a check that spoke up where nothing of its own was wrong.\n\
            - {fixes} checks offer a fix (`d1-doctor fix`); what each finds is proven to be found \
            no more when it is mended, and to be found again when that is taken back, where it \
            can be.\n\n\
            | check | sees to it that | reads | at worst | faults found | false alarms | \
            fix, undo |\n|---|---|---|---|---|---|---|\n",
            rows.len(),
            self.machines,
            sum(|row| row.false_alarms),
        );
        for about in all_checks() {
            let row = self.rows.get(about.id).cloned().unwrap_or_default();
            let fix = row.fix.as_deref().unwrap_or("–");
            text += &format!(
                "| `{}` | {}{} | {} | {} | {} of {} | {} | {fix} |\n",
                about.id,
                about.title,
                how(&about),
                about.reads,
                about.severity,
                row.found,
                row.faults,
                row.false_alarms
            );
        }
        text
    }
}

fn undo_of(finding: &Finding) -> &'static str {
    let worst = finding.fix.iter().map(|step| match step.undo {
        Undo::Exact => 0,
        Undo::Partial(_) => 1,
        Undo::None(_) => 2,
    });
    ["yes, exact", "yes, but for what the plan names", "yes, not undone"][worst.max().unwrap_or(0)]
}

fn how(about: &About) -> &'static str {
    if about.network { " (asks the network)" } else { "" }
}
