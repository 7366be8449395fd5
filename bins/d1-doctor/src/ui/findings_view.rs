//! What the doctor found, as people read it: what is wrong first, calm about the rest.
//!
//! ```text
//! ✖ apt.broken  an installation was cut off; apt refuses to work until it is finished
//!     bad: half-configured
//!     do  sudo dpkg --configure -a
//! ! git.identity  no commit can be made: git does not know who you are
//!     do  git config --global user.email "…"
//! 20 fine · 1 wrong · 1 to look at · 2 could not be determined
//! ```

use super::text::{Glyphs, inert};
use d1_core::{Finding, Verdict};

/// The findings, ending in a line end.
#[must_use]
pub fn text(findings: &[Finding], glyphs: &Glyphs) -> String {
    let mut text = String::new();
    for verdict in [Verdict::Fail, Verdict::Warn, Verdict::Unknown] {
        for finding in findings.iter().filter(|finding| finding.verdict == verdict) {
            text += &one(finding, glyphs);
        }
    }
    text += &summary(findings);
    text
}

fn one(finding: &Finding, glyphs: &Glyphs) -> String {
    let mark = match finding.verdict {
        Verdict::Ok => glyphs.done,
        Verdict::Skipped => glyphs.skipped,
        Verdict::Unknown => "?",
        Verdict::Warn => glyphs.warning,
        Verdict::Fail => glyphs.failed,
    };
    let mut text = format!("{mark} {}  {}\n", finding.check, inert(&finding.summary));
    for line in &finding.details {
        text += &format!("    {}\n", inert(line));
    }
    for line in &finding.remedy {
        text += &format!("    do  {}\n", inert(line));
    }
    text
}

fn summary(findings: &[Finding]) -> String {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let words = [
        (Verdict::Ok, "fine"),
        (Verdict::Fail, "wrong"),
        (Verdict::Warn, "to look at"),
        (Verdict::Unknown, "could not be determined"),
        (Verdict::Skipped, "do not apply"),
    ];
    let told: Vec<String> = words
        .iter()
        .map(|(verdict, words)| (count(*verdict), words))
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    format!("{}; nothing was changed\n", told.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn finding(check: &str, verdict: Verdict, summary: &str) -> Finding {
        Finding {
            check: check.parse().unwrap(),
            verdict,
            summary: summary.into(),
            details: vec![],
            remedy: vec![],
            fix: vec![],
            accepted: None,
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn the_worst_comes_first_and_what_is_fine_is_only_counted() {
        let mut broken = finding("apt.broken", Verdict::Fail, "cut off");
        broken.details = vec!["bad: half-configured".into()];
        broken.remedy = vec!["sudo dpkg --configure -a".into()];
        let findings = [
            finding("sys.disk.root", Verdict::Ok, "roomy"),
            finding("git.identity", Verdict::Warn, "who are you"),
            finding("ssh.perms", Verdict::Unknown, "no home"),
            broken,
        ];
        assert_eq!(
            text(&findings, &Glyphs::ASCII),
            "x apt.broken  cut off\n    bad: half-configured\n    do  sudo dpkg --configure -a\n\
             ! git.identity  who are you\n? ssh.perms  no home\n\
             1 fine · 1 wrong · 1 to look at · 1 could not be determined; nothing was changed\n"
        );
    }

    #[test]
    fn what_a_file_put_into_a_finding_cannot_steer_the_terminal() {
        let findings = [finding("path.dup", Verdict::Fail, "\u{1b}[2Jgone")];
        assert!(!text(&findings, &Glyphs::ASCII).contains('\u{1b}'));
    }
}
