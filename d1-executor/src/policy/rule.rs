//! One rule of the owner: which commands it means, why, and the examples that prove it.
//!
//! What forbids or asks is read widely: an option may be abbreviated or stand in a cluster, words
//! may stand anywhere among the arguments, letters may be large or small. What allows is read
//! narrowly: exactly this program, exactly these first words.

use super::sheet::{Example, RawRule};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// The most rules of one kind in one file.
pub(super) const MOST_RULES: usize = 256;
/// The most words of each list in a rule, and the most examples.
const MOST_IN_LIST: usize = 64;
/// The longest pattern, word or option, in bytes.
const LONGEST_WORD: usize = 256;
/// The longest name of a rule, in bytes.
const LONGEST_NAME: usize = 64;
/// The longest explanation, in bytes.
const LONGEST_TEXT: usize = 500;
/// What an example must not hold when it is given as one line: it means something to a shell.
const NEEDS_A_LIST: &str = "'\"\\$`;|&<>()\n";

/// What is said of a command, from mild to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may run.
    Allow,
    /// It may run after a yes at this machine.
    Ask,
    /// It may not run.
    Deny,
}

/// One rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// What it is called in explanations.
    pub(super) name: String,
    /// Why the owner wants it.
    pub(super) why: String,
    /// What to do in place of what is forbidden.
    pub(super) instead: String,
    /// The line of the file on which it begins.
    pub(super) line: usize,
    programs: Vec<Regex>,
    words: Vec<String>,
    options: Vec<String>,
}

/// A command as rules see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called<'a> {
    /// Every name of its program: as it was called, and what that leads to.
    pub(super) names: &'a [String],
    /// What the program is given.
    pub(super) arguments: &'a [String],
}

impl Rule {
    /// The rule that `raw` tells, once its examples hold; else what is wrong with it.
    pub(super) fn new(raw: RawRule, line: usize, verdict: Verdict) -> Result<Self, String> {
        check(&raw, verdict)?;
        let pattern = |pattern: &String| {
            let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
            let whole = format!("(?s)^{}$", parts.join(".*"));
            // Programs are found by any case on some file systems.
            RegexBuilder::new(&whole)
                .case_insensitive(verdict != Verdict::Allow)
                .build()
                .map_err(|error| format!("`{pattern}` cannot be used: {error}"))
        };
        let programs = raw.program.0.iter().map(pattern).collect::<Result<_, _>>()?;
        let rule = Self {
            name: raw.name,
            why: raw.why,
            instead: raw.instead,
            line,
            programs,
            words: raw.words,
            options: raw.options,
        };
        for (examples, expected) in [(&raw.matches, true), (&raw.no_match, false)] {
            for example in examples {
                rule.prove(example, expected, verdict)?;
            }
        }
        Ok(rule)
    }

    /// Whether it means a command, read as widely as its verdict asks for.
    pub(super) fn means(&self, called: Called<'_>, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Allow => self.means_exactly(called),
            Verdict::Ask | Verdict::Deny => self.means_widely(called),
        }
    }

    fn names_one_of(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.programs.iter().any(|program| program.is_match(name)))
    }

    fn means_widely(&self, Called { names, arguments }: Called<'_>) -> bool {
        let mut rest = arguments.iter();
        let words = self.words.iter().all(|word| rest.any(|argument| argument == word));
        let given = |option: &String| arguments.iter().any(|argument| may_be(argument, option));
        words
            && self.names_one_of(names)
            && (self.options.is_empty() || self.options.iter().any(given))
    }

    fn means_exactly(&self, Called { names, arguments }: Called<'_>) -> bool {
        let known = |argument: &&String| {
            let name = argument.split_once('=').map_or(argument.as_str(), |(name, _)| name);
            self.options.iter().any(|option| option == name)
        };
        let mut options = arguments.iter().filter(|argument| argument.starts_with('-'));
        self.names_one_of(names)
            && arguments.starts_with(&self.words)
            && (self.options.is_empty() || options.all(|argument| known(&argument)))
    }

    /// Whether it says what every argument has to be: nothing may follow its words.
    pub(super) fn is_word_for_word(&self, arguments: &[String]) -> bool {
        !self.words.is_empty() && self.words == arguments
    }

    fn prove(&self, example: &Example, expected: bool, verdict: Verdict) -> Result<(), String> {
        let (text, words) = example.words()?;
        let Some((program, arguments)) = words.split_first() else {
            return Err("an example is empty; give a command".to_owned());
        };
        let name = program.rsplit('/').next().unwrap_or(program).to_owned();
        match (self.means(Called { names: &[name], arguments }, verdict), expected) {
            (true, true) | (false, false) => Ok(()),
            (false, true) => Err(format!(
                "its example `{text}` stands in `match`, and the rule does not mean it"
            )),
            (true, false) => {
                Err(format!("its example `{text}` stands in `no_match`, and the rule means it"))
            }
        }
    }
}

/// Whether an argument may be read as an option: abbreviated, in a cluster, with a value.
fn may_be(argument: &str, option: &str) -> bool {
    let name = argument.split_once('=').map_or(argument, |(name, _)| name);
    if option.starts_with("--") {
        return name.len() > "--".len() && name.starts_with("--") && option.starts_with(name);
    }
    let Some(letters) = option.strip_prefix('-') else { return argument == option };
    if letters.chars().count() == 1 {
        return name
            .strip_prefix('-')
            .is_some_and(|rest| !rest.starts_with('-') && rest.contains(letters));
    }
    name == option || name.strip_prefix('-') == Some(option)
}

impl Example {
    /// As it was written, and its words.
    fn words(&self) -> Result<(String, Vec<String>), String> {
        match self {
            Self::Words(words) => Ok((words.join(" "), words.clone())),
            Self::Line(line) if line.contains(|c| NEEDS_A_LIST.contains(c)) => Err(format!(
                "its example `{line}` has a sign in it that a shell would read; give a list of words"
            )),
            Self::Line(line) => {
                Ok((line.clone(), line.split_whitespace().map(str::to_owned).collect()))
            }
        }
    }
}

fn check(raw: &RawRule, verdict: Verdict) -> Result<(), String> {
    let name = raw.name.as_bytes();
    let usual = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(b);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.iter().all(usual) {
        return Err(format!("a name has 1 to {LONGEST_NAME} of a-z, 0-9, `-`, `_` and `.`"));
    }
    if raw.why.trim().is_empty() {
        return Err("it does not say why; people are told".to_owned());
    }
    if raw.why.len().max(raw.instead.len()) > LONGEST_TEXT {
        return Err(format!("`why` and `instead` have at most {LONGEST_TEXT} bytes each"));
    }
    if raw.program.0.is_empty() || raw.matches.is_empty() {
        return Err("it needs a `program`, and in `match` an example that it means".to_owned());
    }
    let lists = [raw.program.0.len(), raw.words.len(), raw.options.len()];
    let examples = [raw.matches.len(), raw.no_match.len()];
    if lists.iter().chain(&examples).any(|length| *length > MOST_IN_LIST) {
        return Err(format!("each list has at most {MOST_IN_LIST} entries"));
    }
    let mut words = raw.program.0.iter().chain(&raw.words).chain(&raw.options);
    if let Some(word) = words.find(|word| word.is_empty() || word.len() > LONGEST_WORD) {
        return Err(format!("`{word}` does not have 1 to {LONGEST_WORD} bytes"));
    }
    if let Some(program) = raw.program.0.iter().find(|program| program.contains('/')) {
        return Err(format!("`{program}` is a path; name the program alone"));
    }
    if let Some(option) = raw.options.iter().find(|option| !option.starts_with('-')) {
        return Err(format!("`{option}` is no option; options begin with `-`"));
    }
    match raw.program.0.iter().find(|program| program.contains('*')) {
        Some(program) if verdict == Verdict::Allow => {
            Err(format!("`{program}` could be anything; what is allowed is named whole"))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(verdict: Verdict, text: &str) -> Result<Rule, String> {
        let raw: RawRule = toml::from_str(text).unwrap();
        Rule::new(raw, 1, verdict)
    }

    fn means(rule: &Rule, verdict: Verdict, line: &str) -> bool {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        rule.means(Called { names: &words[..1], arguments: &words[1..] }, verdict)
    }

    const PUSH: &str = r#"
        name = "push"
        why = "people push"
        program = "git"
        words = ["push"]
        options = ["--force", "-f"]
        match = ["git push --force"]
    "#;

    #[test]
    fn what_is_forbidden_is_meant_in_every_spelling() {
        let rule = rule(Verdict::Deny, PUSH).unwrap();
        for line in [
            "git push -f",
            "git push --forc origin",
            "git push --force=yes",
            "git -C /x push -uf",
            "GIT push -f",
        ] {
            assert!(means(&rule, Verdict::Deny, line), "{line}");
        }
        for line in ["git push", "git pull -f", "got push -f", "git push --forced", "git push --"] {
            assert!(!means(&rule, Verdict::Deny, line), "{line}");
        }
    }

    #[test]
    fn what_is_allowed_is_meant_in_one_spelling_only() {
        let text = r#"
            name = "log"
            why = "it looks"
            program = "git"
            words = ["log"]
            options = ["--oneline", "-n"]
            match = ["git log", "git log --oneline main"]
            no_match = ["git log --output=x", "git -c core.pager=x log"]
        "#;
        let rule = rule(Verdict::Allow, text).unwrap();
        for line in ["Git log", "git --oneline log", "git log --onelin", "git log -n5"] {
            assert!(!means(&rule, Verdict::Allow, line), "{line}");
        }
    }

    #[test]
    fn an_example_that_does_not_hold_is_named() {
        let wrong = |extra: &str, verdict| rule(verdict, &format!("{PUSH}\n{extra}")).unwrap_err();
        assert_eq!(
            wrong(r#"no_match = ["git log", "git push -vf"]"#, Verdict::Deny),
            "its example `git push -vf` stands in `no_match`, and the rule means it"
        );
        let text = PUSH.replace("git push --force\"", "git push\"");
        assert_eq!(
            rule(Verdict::Ask, &text).unwrap_err(),
            "its example `git push` stands in `match`, and the rule does not mean it"
        );
        let quoted = wrong("no_match = [\"git log 'x y'\"]", Verdict::Deny);
        assert!(quoted.ends_with("give a list of words"), "{quoted}");
    }

    #[test]
    fn a_rule_that_nobody_could_understand_is_refused() {
        for (from, to, said) in [
            ("name = \"push\"", "name = \"Push it\"", "a name has"),
            ("why = \"people push\"", "why = \" \"", "does not say why"),
            ("program = \"git\"", "program = []", "needs a `program`"),
            ("program = \"git\"", "program = \"/usr/bin/git\"", "is a path"),
            ("[\"git push --force\"]", "[]", "an example that it means"),
            ("\"-f\"", "\"f\"", "is no option"),
            ("words = [\"push\"]", "words = [\"\"]", "does not have 1 to"),
        ] {
            assert!(PUSH.contains(from), "{from}");
            let error = rule(Verdict::Deny, &PUSH.replace(from, to)).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        let any = PUSH.replace("\"git\"", "\"g*\"");
        assert!(rule(Verdict::Deny, &any).is_ok());
        assert!(rule(Verdict::Allow, &any).unwrap_err().contains("could be anything"));
    }
}
