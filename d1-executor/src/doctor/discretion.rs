//! What leaves the machine says nothing about who uses it: no home, no names, no secrets.

use super::sight::Sight;
use regex::{Regex, RegexSet};
use serde_json::Value;

/// What a secret looks like, and what is shown instead. `$1` is kept.
const SECRETS: [(&str, &str); 6] = [
    // https://user:password@host
    (r"([A-Za-z][A-Za-z0-9+.-]*://)[^/\s@]+@", "${1}<hidden>@"),
    (r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{6,}", "${1}<hidden>"),
    (
        r"(?i)(\b[\w-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)[\w-]*\s*[=:]\s*)\S+",
        "${1}<hidden>",
    ),
    // The beginnings by which the best-known services mark their tokens.
    (
        r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|npm_|pypi-|sk-|AKIA|AIza|eyJ)[A-Za-z0-9_.-]{12,}",
        "<hidden>",
    ),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<address>"),
    // Nobody's words are this long.
    (r"\b[A-Za-z0-9_=-]{40,}", "<hidden>"),
];

/// Names that say nothing about anybody.
const COMMON: [&str; 6] = ["root", "localhost", "user", "debian", "ubuntu", "nobody"];

/// The shortest name that is looked for: a shorter one is part of too many words.
const SHORTEST_NAME: usize = 2;

/// Hides what is personal.
#[derive(Debug)]
pub struct Discretion {
    rules: Vec<(Regex, String)>,
    any: RegexSet,
}

impl Discretion {
    /// What is personal on this machine: the home, the user's name, the machine's name, and
    /// whatever looks like a secret or an address.
    #[must_use]
    pub fn new(sight: &Sight) -> Self {
        let mut names: Vec<(String, &str)> = Vec::new();
        if let Some(home) = sight.home.as_deref().and_then(|home| home.to_str()) {
            names.push((format!("{}\\b", regex::escape(home.trim_end_matches('/'))), "~"));
        }
        let mut word = |name: String, shown| {
            let fits = name.len() >= SHORTEST_NAME && !COMMON.contains(&name.as_str());
            if fits {
                names.push((format!(r"\b{}\b", regex::escape(&name)), shown));
            }
        };
        for user in user_names(sight) {
            word(user, "<user>");
        }
        if let Ok(Some(host)) = sight.text("/proc/sys/kernel/hostname") {
            let host = host.trim().to_owned();
            let short = host.split('.').next().unwrap_or_default().to_owned();
            word(host, "<host>");
            word(short, "<host>");
        }
        let secrets = SECRETS.iter().map(|(pattern, shown)| ((*pattern).to_owned(), *shown));
        let all: Vec<(String, &str)> = secrets.chain(names).collect();
        let compiled = all.iter().filter_map(|(pattern, shown)| {
            // Our own patterns are sound, and names are escaped.
            Some((Regex::new(pattern).ok()?, (*shown).to_owned()))
        });
        let any = RegexSet::new(all.iter().map(|(pattern, _)| pattern)).unwrap_or_default();
        Self { rules: compiled.collect(), any }
    }

    /// The text without what is personal.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        if !self.any.is_match(text) {
            return text.to_owned();
        }
        self.rules.iter().fold(text.to_owned(), |text, (pattern, shown)| {
            pattern.replace_all(&text, shown.as_str()).into_owned()
        })
    }

    /// A document without what is personal: every text in it, however deep.
    #[must_use]
    pub fn hide_in(&self, document: Value) -> Value {
        match document {
            Value::String(text) => Value::String(self.hide(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.hide_in(item)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.into_iter().map(|(k, v)| (k, self.hide_in(v))).collect())
            }
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
        }
    }
}

/// What the user is called, as far as anybody says.
fn user_names(sight: &Sight) -> Vec<String> {
    let own = sight.uid.to_string();
    let users = sight.text("/etc/passwd").ok().flatten().unwrap_or_default();
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut names: Vec<String> = fields
        .filter(|fields| fields.get(2) == Some(&own.as_str()))
        .flat_map(|fields| {
            // The comment field begins with the full name.
            let full = fields.get(4).and_then(|gecos| gecos.split(',').next());
            [fields.first().copied(), full]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    names.extend(["USER", "LOGNAME", "SUDO_USER"].iter().filter_map(|name| sight.var(name)));
    names.sort();
    names.dedup();
    names
}
