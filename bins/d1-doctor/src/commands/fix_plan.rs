//! One plan for everything that is mended.
//!
//! - What two checks would both do is done once.
//! - Steps at the same path are made one after the other, in the order of the checks.
//! - A file that is written anew was read before the plan began. After another step at the same
//!   path it would bring the old content back, so its check waits for the next fix.

use d1_core::{Action, CheckId, FileChange, Finding, Fix, Intent, Plan, Step, StepId};
use std::collections::BTreeMap;

/// The plan that mends these, and says what is left to people.
pub(super) fn plan(mendable: &[Finding], others: &[Finding]) -> Plan {
    let mut making = Making::default();
    let (now, later): (Vec<&Finding>, Vec<&Finding>) =
        mendable.iter().partition(|finding| making.take(finding));
    let checks: Vec<CheckId> = now.iter().map(|finding| finding.check.clone()).collect();
    let left = |finding: &Finding| {
        let remedy = finding.remedy.first().map_or("", String::as_str);
        format!("{} is left to you: {remedy}", finding.check)
    };
    let again = |finding: &&Finding| {
        let check = &finding.check;
        format!("{check} changes the same file, and comes next: d1-doctor fix {check}")
    };
    Plan {
        sources: checks.iter().map(|check| format!("check {check}")).collect(),
        intent: Intent::Fix(Fix { checks }),
        steps: making.steps,
        follow_up: later.iter().map(again).chain(others.iter().map(left)).collect(),
    }
}

/// The steps so far, and who was last at which path.
#[derive(Default)]
struct Making {
    steps: Vec<Step>,
    last_at: BTreeMap<String, StepId>,
}

impl Making {
    /// Takes the steps of a finding, unless one of them would bring an old content back.
    fn take(&mut self, finding: &Finding) -> bool {
        let is_new = |step: &&Step| !self.steps.iter().any(|known| known.action == step.action);
        if finding.fix.iter().filter(is_new).any(|step| self.brings_back(step)) {
            return false;
        }
        // A step after another one of its check depends on it.
        let mut before: Option<StepId> = None;
        for step in &finding.fix {
            let known = self.steps.iter().find(|known| known.action == step.action);
            before = Some(match known {
                Some(known) => known.id.clone(),
                None => self.add(step.clone(), before),
            });
        }
        true
    }

    fn brings_back(&self, step: &Step) -> bool {
        let Action::File(file) = &step.action else { return false };
        let anew = matches!(file.change, FileChange::Write { .. } | FileChange::Remove);
        anew && self.last_at.contains_key(file.path.as_str())
    }

    fn add(&mut self, mut step: Step, before: Option<StepId>) -> StepId {
        step.depends_on = before.into_iter().collect();
        for path in &step.touches {
            let earlier = self.last_at.insert(path.to_string(), step.id.clone());
            step.depends_on.extend(earlier.filter(|id| !step.depends_on.contains(id)));
        }
        let id = step.id.clone();
        self.steps.push(step);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::{File, Verdict};
    use std::time::Duration;

    fn finding(check: &str, changes: &[(&str, FileChange)]) -> Finding {
        let step = |(number, (path, change)): (usize, &(&str, FileChange))| {
            let path: d1_core::AbsolutePath = path.parse().unwrap();
            let file = File { path: path.clone(), change: change.clone() };
            let id = format!("{check}.{}", number + 1).parse().unwrap();
            Step { touches: vec![path], ..Step::new(id, "a step", Action::File(file)) }
        };
        Finding {
            check: check.parse().unwrap(),
            verdict: Verdict::Fail,
            summary: "so it is".into(),
            details: vec![],
            remedy: vec!["by hand".into()],
            fix: changes.iter().enumerate().map(step).collect(),
            accepted: None,
            duration: Duration::ZERO,
        }
    }

    fn line(text: &str) -> FileChange {
        FileChange::EnsureLine { line: text.into() }
    }

    fn write(text: &str) -> FileChange {
        FileChange::Write { content: text.into(), mode: None }
    }

    fn shape(plan: &Plan) -> Vec<(String, Vec<String>)> {
        let names = |ids: &[StepId]| ids.iter().map(ToString::to_string).collect();
        plan.steps.iter().map(|step| (step.id.to_string(), names(&step.depends_on))).collect()
    }

    #[test]
    fn steps_at_one_path_come_one_after_the_other() {
        let findings = [
            finding("a.x", &[("/etc/hosts", write("new"))]),
            finding("b.x", &[("/etc/hosts", line("one")), ("/etc/other", line("two"))]),
            finding("c.x", &[("/etc/shells", line("three"))]),
        ];
        let plan = plan(&findings, &[]);
        plan.validate().unwrap();
        let expected = [
            ("a.x.1", vec![]),
            ("b.x.1", vec!["a.x.1"]),
            ("b.x.2", vec!["b.x.1"]),
            ("c.x.1", vec![]),
        ];
        let expected = expected.map(|(id, on): (&str, Vec<&str>)| {
            (id.to_owned(), on.into_iter().map(str::to_owned).collect::<Vec<_>>())
        });
        assert_eq!(shape(&plan), expected);
        assert_eq!(plan.follow_up, [""; 0]);
    }

    #[test]
    fn what_two_checks_would_do_is_done_once() {
        let same = [("/etc/hosts", line("one"))];
        let plan = plan(&[finding("a.x", &same), finding("b.x", &same)], &[]);
        assert_eq!(shape(&plan), [("a.x.1".to_owned(), vec![])]);
        assert_eq!(plan.sources, ["check a.x", "check b.x"]);
    }

    #[test]
    fn nothing_that_was_just_changed_is_written_over() {
        let findings = [
            finding("a.x", &[("/etc/hosts", line("one"))]),
            finding("b.x", &[("/etc/hosts", write("as it was, but better"))]),
        ];
        let plan = plan(&findings, &[finding("c.x", &[])]);
        assert_eq!(shape(&plan), [("a.x.1".to_owned(), vec![])]);
        let told = [
            "b.x changes the same file, and comes next: d1-doctor fix b.x",
            "c.x is left to you: by hand",
        ];
        assert_eq!(plan.follow_up, told);
    }
}
