//! What `apt-cache` tells of packages: versions and one line about each.

use super::names::canonical;
use std::collections::BTreeMap;

/// The versions of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Versions {
    /// What is installed.
    pub(super) installed: Option<String>,
    /// What would be installed.
    pub(super) candidate: Option<String>,
    /// Everything that can be had, the installed one too.
    pub(super) known: Vec<String>,
}

/// What `apt-cache policy` prints, by package.
pub(super) fn parse_policy(text: &str, native: &str) -> BTreeMap<String, Versions> {
    let mut all: BTreeMap<String, Versions> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        match line.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
            Some(name) => {
                let name = canonical(name, None, native);
                all.insert(name.clone(), Versions::default());
                current = Some(name);
            }
            None => {
                if let Some(versions) = current.as_ref().and_then(|name| all.get_mut(name)) {
                    read_line(versions, line);
                }
            }
        }
    }
    all
}

fn read_line(versions: &mut Versions, line: &str) {
    let version = |text: &str| Some(text.trim().to_owned()).filter(|v| v != "(none)");
    let trimmed = line.trim_start();
    if let Some(rest) = trimmed.strip_prefix("Installed: ") {
        versions.installed = version(rest);
    } else if let Some(rest) = trimmed.strip_prefix("Candidate: ") {
        versions.candidate = version(rest);
    } else if let Some(row) = version_row(line) {
        versions.known.push(row.to_owned());
    }
}

/// ` *** 1.6-2 500` and `     1.5-1 500`, but not the sources below them, which
/// are indented further.
fn version_row(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(" *** ").or_else(|| line.strip_prefix("     "))?;
    let is_version = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    is_version.then(|| rest.split_whitespace().next()).flatten()
}

/// What `apt-cache show` says of one version of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Its one spelling.
    pub(super) name: String,
    /// Which version.
    pub(super) version: String,
    /// One line about it.
    pub(super) summary: String,
    /// Its size on disk, in bytes.
    pub(super) bytes: u64,
}

/// The most characters of a summary: it is data of others.
const MAX_SUMMARY: usize = 160;

/// What `apt-cache show` prints.
pub(super) fn parse_show(text: &str, native: &str) -> Vec<Record> {
    text.split("\n\n").filter_map(|stanza| parse_stanza(stanza, native)).collect()
}

fn parse_stanza(stanza: &str, native: &str) -> Option<Record> {
    let field = |wanted: &str| {
        let found = stanza.lines().filter_map(|line| line.split_once(": "));
        found.into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.trim())
    };
    let description = stanza.lines().find_map(|line| {
        let rest = line.strip_prefix("Description")?;
        let (language, text) = rest.split_once(": ")?;
        (!language.contains("md5")).then_some(text)
    });
    let kib: u64 = field("Installed-Size").and_then(|kib| kib.parse().ok()).unwrap_or_default();
    Some(Record {
        name: canonical(field("Package")?, field("Architecture"), native),
        version: field("Version").unwrap_or_default().to_owned(),
        summary: clean(description.unwrap_or_default()),
        bytes: kib.saturating_mul(1024),
    })
}

/// Data of others, fit for one line on a terminal.
pub(super) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_SUMMARY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = include_str!("../../../tests/fixtures/apt/policy.txt");
    const SHOW: &str = include_str!("../../../tests/fixtures/apt/show.txt");

    #[test]
    fn installed_candidate_and_every_version_are_read() {
        let all = parse_policy(POLICY, "amd64");
        assert_eq!(all.keys().collect::<Vec<_>>(), ["awk", "libssl3", "libssl3:i386"]);
        let ssl = &all["libssl3"];
        assert_eq!(ssl.installed.as_deref(), Some("3.0.19-1~deb12u2"));
        assert_eq!(ssl.candidate.as_deref(), Some("3.0.20-1~deb12u1"));
        assert_eq!(ssl.known, ["3.0.20-1~deb12u1", "3.0.19-1~deb12u2"]);
        assert_eq!(all["awk"], Versions::default());
    }

    #[test]
    fn a_record_gives_its_summary_in_any_language_and_its_size() {
        let records = parse_show(SHOW, "amd64");
        assert_eq!(
            records,
            [
                Record {
                    name: "hello".into(),
                    version: "2.10-3".into(),
                    summary: "example package based on GNU hello".into(),
                    bytes: 277 * 1024
                },
                Record {
                    name: "jq".into(),
                    version: "1.6-2.1".into(),
                    summary: "lightweight and flexible command-line JSON processor".into(),
                    bytes: 99 * 1024
                },
            ]
        );
    }

    #[test]
    fn a_summary_cannot_move_the_cursor() {
        assert_eq!(clean("nice\u{1b}[2J tool\r"), "nice[2J tool");
        assert_eq!(clean(&"x".repeat(1000)).len(), MAX_SUMMARY);
    }
}
