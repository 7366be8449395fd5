//! What differs between managers: the words to say, and what their answers mean. Pure.

use crate::packages::{Captured, trouble::Trouble};
use d1_core::{CommandName, Manager, PackageOperation};
use std::fmt;

/// A command line.
pub(super) type Words = Vec<String>;

/// A command line of fixed words and names.
pub(super) fn words<S: AsRef<str>>(fixed: &[&str], names: &[S]) -> Words {
    let names = names.iter().map(AsRef::as_ref);
    fixed.iter().copied().chain(names).map(str::to_owned).collect()
}

/// A package that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Present {
    pub(super) name: String,
    pub(super) version: String,
    /// Whether only other packages wanted it.
    pub(super) automatic: bool,
}

/// A package in an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) summary: String,
}

/// What would happen to one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It comes, or goes to this version.
    Comes {
        /// Which.
        name: String,
        /// In which version; empty when the manager does not say.
        version: String,
    },
    /// It goes.
    Goes {
        /// Which.
        name: String,
    },
}

/// What a simulation tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simulated {
    pub(super) steps: Vec<Step>,
    pub(super) download_bytes: Option<u64>,
    pub(super) disk_bytes: Option<i64>,
}

/// The words of one manager.
///
/// Names are only ever given after [`Dialect::is_legal`] has said that they can be
/// nothing else, and after the index has shown exactly these packages.
pub(super) trait Dialect: fmt::Debug + Send + Sync {
    /// Which manager this is.
    fn kind(&self) -> Manager;

    /// The program to look for.
    fn program(&self) -> &'static str;

    /// What it finds in its environment: nobody is there to be asked.
    fn env(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Files and directories that change when the index is refreshed.
    fn index_places(&self) -> &'static [&'static str];

    /// Whether this can be a package's name, and nothing else.
    fn is_legal(&self, name: &str) -> bool {
        name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
    }

    /// Questions whose answers together tell what is installed.
    fn list(&self) -> Vec<Words>;

    /// A file that marks packages, when the manager keeps its marks in one.
    fn marks_file(&self) -> Option<&'static str> {
        None
    }

    /// What is installed, from the answers to [`Dialect::list`] and the marks.
    fn parse_list(&self, said: &[Captured], marks: &str) -> Vec<Present>;

    /// Questions about exactly these packages in the index.
    fn show(&self, names: &[String]) -> Vec<Words>;

    /// The packages in one answer to [`Dialect::show`].
    fn parse_show(&self, said: &Captured) -> Vec<Known>;

    /// A question for packages with this in their name.
    fn search(&self, part: &str) -> Words;

    /// The packages in the answer to [`Dialect::search`].
    fn parse_search(&self, said: &Captured) -> Vec<Known>;

    /// A question for the packages that bring a command.
    fn provides(&self, command: &CommandName) -> Words;

    /// The names in the answer to [`Dialect::provides`].
    fn parse_provides(&self, said: &Captured) -> Vec<String>;

    /// How to ask what would happen; `None` where the manager cannot tell.
    fn simulate(&self, operation: PackageOperation, names: &[String]) -> Option<Words>;

    /// What would happen, or the reason it would not.
    fn parse_simulation(
        &self,
        operation: PackageOperation,
        said: &Captured,
    ) -> Result<Simulated, Trouble>;

    /// The commands that do it.
    fn work(&self, operation: PackageOperation, names: &[String]) -> Vec<Words>;

    /// The command that refreshes the index; `None` where that cannot be done by itself.
    fn refresh(&self) -> Option<Words>;

    /// The command that marks packages; `None` where there is none.
    fn mark(&self, automatic: bool, names: &[String]) -> Option<Words>;

    /// What its words mean when it fails; `None` when they fit nothing known.
    fn classify(&self, text: &str) -> Option<Trouble>;
}

/// The words that mean the same for several managers.
pub(super) fn classify_common(text: &str) -> Option<Trouble> {
    let line = |needles: &[&str]| {
        let has = |line: &&str| needles.iter().any(|needle| line.contains(needle));
        text.lines().map(str::trim).find(has).map(str::to_owned)
    };
    if line(&["No space left on device", "not enough free disk space", "Not enough disk space"])
        .is_some()
    {
        return Some(Trouble::DiskFull { room: String::new() });
    }
    let offline = [
        "Could not resolve host",
        "Couldn't resolve host",
        "Temporary failure in name resolution",
        "temporary error (try again later)",
        "Connection refused",
        "Failed to connect to",
        "Connection timed out",
        "Network is unreachable",
        "network error",
        "Curl error",
    ];
    let signature = [
        "GPG check FAILED",
        "Signature verification failed",
        "UNTRUSTED signature",
        "invalid or corrupted package (PGP signature)",
        "signature from",
        "is unknown trust",
    ];
    if let Some(said) = line(&signature) {
        return Some(Trouble::Signature { said });
    }
    line(&offline).map(|said| Trouble::Unreachable { host: host_in(&said), said })
}

/// The host in a message, when one is named.
fn host_in(said: &str) -> String {
    let named = |before: &str| {
        let rest = said.split_once(before)?.1;
        let word = rest.split_whitespace().next()?;
        Some(word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned())
    };
    let url = || said.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    named("resolve host: ")
        .or_else(|| url().map(str::to_owned))
        .or_else(|| named("onnect to "))
        .unwrap_or_default()
}

/// `1.2 MiB`, `391.3 KiB`, `512 B`, `1.6 M` in bytes.
pub(super) fn size(number: &str, unit: &str) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let tenth: u64 = part.get(..1).unwrap_or("0").parse().ok()?;
    let tenths = whole.replace(',', "").parse::<u64>().ok()?.checked_mul(10)?.checked_add(tenth)?;
    let factor: u64 = match unit.chars().next()?.to_ascii_lowercase() {
        'b' => 1,
        'k' => 1 << 10,
        'm' => 1 << 20,
        'g' => 1 << 30,
        _ => return None,
    };
    tenths.checked_mul(factor).map(|tenths| tenths / 10)
}

/// `Name : value` lines, one stanza for each package, as pacman, zypper and dnf write them.
pub(super) fn stanzas(text: &str, name: &str, version: &str, summary: &str) -> Vec<Known> {
    let mut all: Vec<Known> = Vec::new();
    for line in text.lines() {
        let Some((field, value)) = line.split_once(':') else { continue };
        let (field, value) = (field.trim(), value.trim().to_owned());
        if field == name {
            all.push(Known { name: value, ..Known::default() });
        } else if let Some(current) = all.last_mut() {
            if field == version {
                current.version = value;
            } else if field == summary {
                current.summary = value;
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_every_unit() {
        assert_eq!(size("512", "B"), Some(512));
        assert_eq!(size("391.3", "KiB"), Some(391 * 1024 + 307));
        assert_eq!(size("1.5", "M"), Some(1_572_864));
        assert_eq!(size("x", "M"), None);
        assert_eq!(size("1", "parsec"), None);
    }

    #[test]
    fn an_unreachable_host_is_named_where_the_words_name_it() {
        for (said, host) in [
            (
                "error: failed retrieving file 'core.db' from geo.mirror.example : Could not resolve host: geo.mirror.example",
                "geo.mirror.example",
            ),
            (
                "Curl error (7): Couldn't connect to server for https://m.example/repo [Failed to connect to m.example port 443]",
                "m.example",
            ),
            (
                "fetch https://dl.example/v3.20/main: temporary error (try again later)",
                "dl.example",
            ),
        ] {
            let trouble = classify_common(said);
            assert!(
                matches!(&trouble, Some(Trouble::Unreachable { host: found, .. }) if found == host),
                "{trouble:?}"
            );
        }
    }
}
