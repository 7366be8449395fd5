//! What the doctor found, as people read it: what is wrong first, calm about the rest.
//!
//! ```text
//! ✖ apt.broken    an installation was cut off; apt refuses to work until it is finished
//!                 bad: half-configured
//!                 do   sudo dpkg --configure -a
//!                 fix  d1-doctor fix apt.broken
//! ! git.identity  no commit can be made: git does not know who you are
//!                 do   git config --global user.email "…"
//! ? ssh.perms     nobody says where the home is: HOME is not set
//!
//! 20 fine · 1 wrong · 1 to look at · 1 could not be determined · 9 do not apply
//! nothing was changed
//! ```

use super::text::{Glyphs, inert, when};
use d1_core::{Finding, Verdict};
use d1_executor::Difference;
use std::time::Duration;
use textwrap::{Options, WordSplitter};
use unicode_width::UnicodeWidthStr as _;

/// Below this width names and words do not fit side by side.
const NARROW: usize = 60;
/// Where words begin when they stand below their name.
const INDENT: &str = "    ";
/// The widest a line of words gets: longer ones are hard to read.
const WIDEST: usize = 100;

/// Findings on a terminal of some width.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The signs to use.
    pub glyphs: &'a Glyphs,
    /// How many columns there are.
    pub width: usize,
}

impl View<'_> {
    /// All of them, ending in a line end.
    #[must_use]
    pub fn all(&self, findings: &[Finding]) -> String {
        let mut text = String::new();
        let is = |verdict: Verdict| {
            move |finding: &&Finding| finding.verdict == verdict && finding.accepted.is_none()
        };
        let mut shown: Vec<&Finding> = Vec::new();
        for verdict in [Verdict::Fail, Verdict::Warn, Verdict::Unknown] {
            shown.extend(findings.iter().filter(is(verdict)));
        }
        shown.extend(findings.iter().filter(|finding| finding.accepted.is_some()));
        text += &self.blocks(&shown);
        if !shown.is_empty() {
            text.push('\n');
        }
        text += &self.words("", &summary(findings));
        if findings.iter().filter(|f| f.is_trouble() && !f.fix.is_empty()).count() > 1 {
            text += "mend what can be mended: d1-doctor fix --all\n";
        }
        text + "nothing was changed\n"
    }

    /// What is different from an earlier look, which was `age` ago; `None` when there was none.
    #[must_use]
    pub fn since(
        &self,
        findings: &[Finding],
        differences: &[Difference],
        age: Option<Duration>,
    ) -> String {
        let Some(age) = age.map(when) else {
            let first = "these checks have not looked before; nothing can be compared\n\n";
            return first.to_owned() + &self.all(findings);
        };
        let is_new = |finding: &&Finding| differences.iter().any(|d| d.check == finding.check);
        let (new, same): (Vec<_>, Vec<_>) = findings.iter().partition(is_new);
        let shown: Vec<Finding> = new.iter().map(|f| with_before(f, differences)).collect();
        let mut text = self.these(&shown);
        if !shown.is_empty() {
            text.push('\n');
        }
        let told = format!("since the last look ({age}): {} different", shown.len());
        text += &self.words("", &format!("{told} · {} as before", same.len()));
        text + &self.words("", &summary(findings)) + "nothing was changed\n"
    }

    /// Every finding, fine ones too, and the count.
    #[must_use]
    pub fn each(&self, findings: &[Finding]) -> String {
        format!("{}\n{}", self.these(findings), self.words("", &summary(findings)))
    }

    /// These, and nothing else.
    #[must_use]
    pub fn these(&self, findings: &[Finding]) -> String {
        self.blocks(&findings.iter().collect::<Vec<_>>())
    }

    /// What is wrong with these, and nothing of what to do about it.
    #[must_use]
    pub fn evidence(&self, findings: &[Finding]) -> String {
        let bare =
            |finding: &Finding| Finding { remedy: Vec::new(), fix: Vec::new(), ..finding.clone() };
        self.these(&findings.iter().map(bare).collect::<Vec<_>>())
    }

    /// What the same checks say after they were mended.
    #[must_use]
    pub fn again(&self, findings: &[Finding]) -> String {
        let (bad, fine): (Vec<_>, Vec<_>) = findings.iter().partition(|f| f.is_trouble());
        let mut text = String::new();
        if !fine.is_empty() {
            let names: Vec<&str> = fine.iter().map(|finding| finding.check.as_str()).collect();
            let words = format!("looked again: {} {}", names.join(", "), are_fine(names.len()));
            text += &self.words(&format!("{} ", self.glyphs.done), &words);
        }
        if !bad.is_empty() {
            text += "looked again, and it is not mended:\n";
            text += &self.blocks(&bad);
        }
        text
    }

    fn blocks(&self, findings: &[&Finding]) -> String {
        let name = |finding: &&Finding| finding.check.as_str().len();
        let column = findings.iter().map(name).max().unwrap_or(0);
        findings.iter().map(|finding| self.block(finding, column)).collect()
    }

    fn block(&self, finding: &Finding, column: usize) -> String {
        let mark = self.mark(finding);
        let (mut text, indent);
        let wide = mark.width() + 1 + column + 2;
        if self.width < NARROW {
            indent = INDENT.to_owned();
            text = format!("{mark} {}\n", finding.check);
            text += &self.words(&indent, &inert(&finding.summary));
        } else {
            indent = " ".repeat(wide);
            let head = format!("{mark} {:column$}  ", finding.check.as_str());
            let words = self.words(&indent, &inert(&finding.summary));
            text = format!("{head}{}", words.get(wide..).unwrap_or_default());
        }
        for line in &finding.details {
            text += &self.words(&indent, &inert(line));
        }
        if let Some(accepted) = &finding.accepted {
            let words = format!("accepted until {}: {}", accepted.until, accepted.reason);
            return text + &self.words(&indent, &inert(&words));
        }
        // A command is to be copied, so it is never broken.
        for line in &finding.remedy {
            text += &format!("{indent}do   {}\n", inert(line));
        }
        if finding.is_trouble() && !finding.fix.is_empty() {
            text += &format!("{indent}fix  d1-doctor fix {}\n", finding.check);
        }
        text
    }

    fn mark(&self, finding: &Finding) -> &'static str {
        if finding.accepted.is_some() {
            return self.glyphs.skipped;
        }
        match finding.verdict {
            Verdict::Ok => self.glyphs.done,
            Verdict::Skipped => self.glyphs.skipped,
            Verdict::Unknown => "?",
            Verdict::Warn => self.glyphs.warning,
            Verdict::Fail => self.glyphs.failed,
        }
    }

    /// Words, broken where the terminal ends, each line after `indent`.
    fn words(&self, indent: &str, words: &str) -> String {
        // A word is never broken: it may be a path.
        let options = Options::new(self.width.min(WIDEST))
            .initial_indent(indent)
            .subsequent_indent(indent)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        textwrap::wrap(words, options).iter().map(|line| format!("{line}\n")).collect()
    }
}

const fn are_fine(count: usize) -> &'static str {
    if count == 1 { "is fine" } else { "are fine" }
}

/// The finding with what was said before among its evidence.
fn with_before(finding: &Finding, differences: &[Difference]) -> Finding {
    let mut shown = finding.clone();
    let before = differences.iter().find(|difference| difference.check == finding.check);
    shown.details.push(match before.and_then(|difference| difference.before) {
        Some(before) if before == finding.verdict => "with other evidence than before".to_owned(),
        Some(before) => format!("before: {}", in_words(before)),
        None => "not looked at before".to_owned(),
    });
    shown
}

const fn in_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "fine",
        Verdict::Skipped => "did not apply",
        Verdict::Unknown => "could not be determined",
        Verdict::Warn => "to look at",
        Verdict::Fail => "wrong",
    }
}

fn summary(findings: &[Finding]) -> String {
    let count = |verdict| {
        let is = |f: &&Finding| f.verdict == verdict && f.accepted.is_none();
        findings.iter().filter(is).count()
    };
    let accepted = findings.iter().filter(|finding| finding.accepted.is_some()).count();
    let counts = [
        (count(Verdict::Ok), "fine"),
        (count(Verdict::Fail), "wrong"),
        (count(Verdict::Warn), "to look at"),
        (accepted, "accepted"),
        (count(Verdict::Unknown), "could not be determined"),
        (count(Verdict::Skipped), "do not apply"),
    ];
    let told: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    told.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::{Acceptance, Action, FileChange, Step};

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

    fn mendable(mut finding: Finding) -> Finding {
        let file = d1_core::File { path: "/etc/x".parse().unwrap(), change: FileChange::Remove };
        finding.fix.push(Step::new("step".parse().unwrap(), "a step", Action::File(file)));
        finding
    }

    fn view(width: usize) -> View<'static> {
        View { glyphs: &Glyphs::ASCII, width }
    }

    #[test]
    fn the_worst_comes_first_and_what_is_fine_is_only_counted() {
        let mut broken = mendable(finding("apt.broken", Verdict::Fail, "cut off"));
        broken.details = vec!["bad: half-configured".into()];
        broken.remedy = vec!["sudo dpkg --configure -a".into()];
        let mut known = finding("sys.umask", Verdict::Warn, "open to all");
        known.accepted = Some(Acceptance { reason: "a lab".into(), until: "2027-01-31".into() });
        let findings = [
            finding("sys.disk.root", Verdict::Ok, "roomy"),
            known,
            finding("git.identity", Verdict::Warn, "who are you"),
            finding("ssh.perms", Verdict::Unknown, "no home"),
            broken,
        ];
        let expected = "\
x apt.broken    cut off
                bad: half-configured
                do   sudo dpkg --configure -a
                fix  d1-doctor fix apt.broken
! git.identity  who are you
? ssh.perms     no home
- sys.umask     open to all
                accepted until 2027-01-31: a lab

1 fine · 1 wrong · 1 to look at · 1 accepted · 1 could not be determined
nothing was changed
";
        assert_eq!(view(80).all(&findings), expected);
    }

    #[test]
    fn on_a_narrow_terminal_words_stand_below_their_name_and_commands_stay_whole() {
        let mut wrong = finding("net.localhost", Verdict::Fail, "local servers are not found here");
        wrong.remedy = vec!["echo 127.0.0.1 localhost | sudo tee -a /etc/hosts".into()];
        let expected = "\
x net.localhost
    local servers are not found
    here
    do   echo 127.0.0.1 localhost | sudo tee -a /etc/hosts

1 wrong
nothing was changed
";
        assert_eq!(view(32).all(&[wrong]), expected);
    }

    fn difference(check: &str, before: Option<Verdict>, now: Verdict) -> Difference {
        Difference { check: check.parse().unwrap(), at: None, before, now }
    }

    #[test]
    fn what_is_different_is_told_with_what_was_said_before() {
        let findings = [
            finding("apt.broken", Verdict::Ok, "38 packages are whole"),
            finding("git.present", Verdict::Warn, "there is no git"),
            finding("sys.umask", Verdict::Warn, "open to all"),
        ];
        let differences = [
            difference("apt.broken", Some(Verdict::Fail), Verdict::Ok),
            difference("git.present", None, Verdict::Warn),
        ];
        let expected = "\
ok apt.broken   38 packages are whole
                before: wrong
! git.present  there is no git
               not looked at before

since the last look (5 min ago): 2 different · 1 as before
1 fine · 2 to look at
nothing was changed
";
        let age = Some(Duration::from_secs(300));
        assert_eq!(view(80).since(&findings, &differences, age), expected);
        let first = view(80).since(&findings, &[], None);
        assert!(first.starts_with("these checks have not looked before; nothing can be compared"));
    }

    #[test]
    fn what_was_mended_is_told_and_what_was_not_is_shown() {
        let again = [
            finding("ssh.perms", Verdict::Ok, "nobody can"),
            finding("git.present", Verdict::Warn, "there is no git"),
        ];
        let expected = "ok looked again: ssh.perms is fine\n\
            looked again, and it is not mended:\n! git.present  there is no git\n";
        assert_eq!(view(80).again(&again), expected);
    }

    #[test]
    fn what_a_file_put_into_a_finding_cannot_steer_the_terminal() {
        let findings = [finding("path.dup", Verdict::Fail, "\u{1b}[2Jgone")];
        assert!(!view(80).all(&findings).contains('\u{1b}'));
    }
}
