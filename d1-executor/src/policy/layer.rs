//! One file of the policy, read and proven: its rules, its protected paths, its caps.

use super::{
    demands::RawOrders,
    error::PolicyError,
    rule::{MOST_RULES, Rule, Verdict},
    sheet::{May, RawLimits, RawProfile, RawProtect, RawRule, Sheet},
};
use crate::sandbox::{HostRule, Inside, Limits};
use d1_core::Digest;
use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
};
use toml::Spanned;

/// The most protected paths of one file: each is a mount of the sandbox.
const MOST_PROTECTED: usize = 64;

/// One file of the policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    /// Which file it is.
    pub(super) path: PathBuf,
    pub(super) allow_shell: Option<bool>,
    pub(super) default: Option<Verdict>,
    pub(super) opaque: Option<Verdict>,
    pub(super) profiles: Option<Vec<RawProfile>>,
    pub(super) best_effort: Option<bool>,
    pub(super) touch: Option<Vec<PathBuf>>,
    /// The hosts that a command may be given; none said: those that are asked for.
    pub(super) hosts: Option<Vec<HostRule>>,
    /// The networks of the owner's own that names may lead into.
    pub(super) inside: Option<Vec<Inside>>,
    pub(super) forbid: Vec<Rule>,
    pub(super) ask: Vec<Rule>,
    pub(super) allow: Vec<Rule>,
    pub(super) protect: Vec<Protected>,
    /// What was said yes to.
    pub(super) approved: BTreeSet<Digest>,
    pub(super) limits: RawLimits,
    /// What is wanted of orders of a cloud.
    pub(super) orders: RawOrders,
}

/// A path that the owner keeps from every command.
#[derive(Clone, Debug)]
pub(super) struct Protected {
    /// Which one: absolute, or `~/…`.
    pub(super) path: PathBuf,
    pub(super) may: May,
    pub(super) why: String,
    /// The line of the file on which it begins; 0 when it is in none.
    pub(super) line: usize,
}

impl Layer {
    /// What `text` says, which is the content of `path`.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, PolicyError> {
        let at = |position: usize| {
            text.as_bytes().iter().take(position).filter(|byte| **byte == b'\n').count() + 1
        };
        let syntax = |line, why| PolicyError::Syntax { path: path.to_path_buf(), line, why };
        let sheet: Sheet = toml::from_str(text).map_err(|error| {
            let line = at(error.span().map_or(0, |span| span.start));
            syntax(line, error.message().replace('\n', " "))
        })?;
        if sheet.opaque == Some(Verdict::Allow) {
            let why = "what cannot be understood is never allowed without a yes; \
                       `opaque` is \"ask\" or \"deny\"";
            return Err(syntax(1, why.to_owned()));
        }
        let rules = |raw, verdict| rules(path, raw, verdict, &at);
        let protect = sheet.protect.into_iter().map(|raw| protected(path, raw, &at));
        let layer = Self {
            path: path.to_path_buf(),
            allow_shell: sheet.allow_shell,
            default: sheet.default,
            opaque: sheet.opaque,
            profiles: sheet.profiles,
            best_effort: sheet.best_effort,
            touch: sheet.touch,
            hosts: sheet.hosts,
            inside: sheet.inside,
            limits: sheet.limits,
            orders: sheet.orders,
            forbid: rules(sheet.forbid, Verdict::Deny)?,
            ask: rules(sheet.ask, Verdict::Ask)?,
            allow: rules(sheet.allow, Verdict::Allow)?,
            protect: protect.collect::<Result<_, _>>()?,
            approved: BTreeSet::new(),
        };
        layer.check().map_err(|(line, why)| syntax(line, why))?;
        Ok(layer)
    }

    fn check(&self) -> Result<(), (usize, String)> {
        let rules = || self.forbid.iter().chain(&self.ask).chain(&self.allow);
        for (at, rule) in rules().enumerate() {
            if at == MOST_RULES {
                return Err((rule.line, format!("a file has at most {MOST_RULES} rules")));
            }
            if rules().take(at).any(|earlier| earlier.name == rule.name) {
                return Err((rule.line, format!("a rule is called `{}` already", rule.name)));
            }
        }
        if let Some(protected) = self.protect.get(MOST_PROTECTED) {
            let why = format!("a file protects at most {MOST_PROTECTED} paths");
            return Err((protected.line, why));
        }
        let mut touch = self.touch.iter().flatten();
        match touch.find(|path| !is_place(path)) {
            Some(path) => Err((1, format!("`{}` in `touch` {PLACE}", path.display()))),
            None => Ok(()),
        }
    }

    /// Whether it says that commands may run without walls.
    pub(super) fn lists_unconfined(&self) -> bool {
        self.profiles.as_ref().is_some_and(|listed| listed.contains(&RawProfile::Unconfined))
    }

    /// Its own folder: what is written there is the owner's word.
    pub(super) fn own(&self) -> Option<Protected> {
        let path = self.path.parent().filter(|folder| folder.is_absolute())?.to_path_buf();
        let why = "what is in it is the owner's word".to_owned();
        Some(Protected { path, may: May::Read, why, line: 0 })
    }

    /// Whether it says nothing that a command could break: then nothing has to be understood.
    pub(super) fn is_silent(&self) -> bool {
        self.forbid.is_empty()
            && self.ask.is_empty()
            && self.protect.is_empty()
            && self.default.is_none_or(|default| default == Verdict::Allow)
            && self.opaque.is_none()
    }

    /// `limits`, and no more than this file lets anything use.
    pub(super) fn cap(&self, limits: Limits) -> Limits {
        let least = |asked: u64, cap: Option<u64>| cap.map_or(asked, |cap| asked.min(cap));
        let cap = &self.limits;
        Limits {
            memory: least(limits.memory, cap.memory),
            processes: least(limits.processes, cap.processes),
            cpu_seconds: least(limits.cpu_seconds, cap.cpu_seconds),
            file_bytes: least(limits.file_bytes, cap.file_bytes),
            scratch_bytes: least(limits.scratch_bytes, cap.scratch_bytes),
            output_bytes: least(limits.output_bytes, cap.output_bytes),
        }
    }
}

fn rules(
    path: &Path,
    raw: Vec<Spanned<RawRule>>,
    verdict: Verdict,
    at: &dyn Fn(usize) -> usize,
) -> Result<Vec<Rule>, PolicyError> {
    let one = |raw: Spanned<RawRule>| {
        let line = at(raw.span().start);
        let raw = raw.into_inner();
        let rule = raw.name.clone();
        Rule::new(raw, line, verdict).map_err(|why| PolicyError::Rule {
            path: path.to_path_buf(),
            line,
            rule,
            why,
        })
    };
    raw.into_iter().map(one).collect()
}

/// What a path has to be that a policy names.
const PLACE: &str = "is not an absolute path, or one below `~/`, without `..`";

fn protected(
    path: &Path,
    raw: Spanned<RawProtect>,
    at: &dyn Fn(usize) -> usize,
) -> Result<Protected, PolicyError> {
    let line = at(raw.span().start);
    let RawProtect { path: place, may, why } = raw.into_inner();
    let wrong =
        |why| PolicyError::Rule { path: path.to_path_buf(), line, rule: place.clone(), why };
    if !is_place(Path::new(&place)) {
        return Err(wrong(format!("it {PLACE}")));
    }
    if why.trim().is_empty() {
        return Err(wrong("it does not say why; people are told".to_owned()));
    }
    Ok(Protected { path: PathBuf::from(&place), may, why, line })
}

fn is_place(path: &Path) -> bool {
    let mut parts = path.components();
    let first = matches!(parts.next(), Some(Component::RootDir))
        || path.to_str().is_some_and(|text| text.starts_with("~/"));
    first && parts.clone().count() > 0 && parts.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Layer, String> {
        Layer::parse(Path::new("/p"), text).map_err(|error| error.to_string())
    }

    const GOOD: &str = "\
allow_shell = false
default = \"ask\"
profiles = [\"diagnose\"]

[limits]
memory = 1000

[[forbid]]
name = \"rm\"
why = \"nothing is deleted here\"
program = \"rm\"
match = [\"rm x\"]

[[protect]]
path = \"~/.ssh\"
why = \"keys\"
";

    #[test]
    fn a_file_says_where_it_is_wrong() {
        assert!(parse(GOOD).is_ok());
        for (from, to, said) in [
            ("profiles", "profile", "`/p`, line 3: unknown field `profile`"),
            ("\"ask\"", "\"maybe\"", "`/p`, line 2: unknown variant `maybe`"),
            ("memory = 1000", "memory = ", "`/p`, line 6: "),
            (
                "rm x",
                "mv x",
                "`/p`, line 8: the rule `rm` cannot be used: its example `mv x` stands in \
                 `match`, and the rule does not mean it; mend the rule or the example",
            ),
            ("~/.ssh", ".ssh", "`/p`, line 14: the rule `.ssh` cannot be used: it is not an"),
            ("~/.ssh", "/a/../b", "`/p`, line 14: the rule `/a/../b` cannot be used: it is not"),
            ("~/.ssh", "/", "`/p`, line 14: the rule `/` cannot be used: it is not"),
            ("\"keys\"", "\"\"", "`/p`, line 14: the rule `~/.ssh` cannot be used: it does not"),
            ("default = \"ask\"", "opaque = \"allow\"", "`/p`, line 1: what cannot be understood"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = parse(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn two_rules_of_one_name_and_too_many_are_refused() {
        let rule = |n: usize| format!("[[ask]]\nname='r{n}'\nwhy='w'\nprogram='p'\nmatch=['p']\n");
        let twice = parse(&format!("{}{}", rule(1), rule(1))).unwrap_err();
        assert!(twice.contains("line 6: a rule is called `r1` already"), "{twice}");
        let many: String = (0..=MOST_RULES).map(rule).collect();
        assert!(parse(&many).unwrap_err().contains("at most 256 rules"));
    }

    #[test]
    fn caps_only_ever_lower() {
        let capped = parse(GOOD).unwrap().cap(Limits::USUAL);
        assert_eq!(capped, Limits { memory: 1000, ..Limits::USUAL });
        let little = Limits { memory: 10, ..Limits::USUAL };
        assert_eq!(parse(GOOD).unwrap().cap(little), little);
    }

    #[test]
    fn only_a_file_without_rules_is_silent() {
        for text in ["", "allow_shell = true", "default = \"allow\"", "[limits]\nmemory = 1"] {
            assert!(parse(text).unwrap().is_silent(), "{text}");
        }
        for text in ["default = \"ask\"", "opaque = \"deny\"", GOOD] {
            assert!(!parse(text).unwrap().is_silent(), "{text}");
        }
    }
}
