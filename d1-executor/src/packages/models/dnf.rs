//! dnf: Fedora and its relatives.
//!
//! model: tested against recorded output and a fake program on PATH, not on a real machine.

use super::dialect::{
    Dialect, Known, Present, Simulated, Step, Words, classify_common, size, words,
};
use crate::packages::{Captured, trouble::Trouble};
use d1_core::{CommandName, Manager, PackageOperation};
use std::collections::{BTreeMap, BTreeSet};

/// dnf, versions 4 and 5.
#[derive(Debug)]
pub(super) struct Dnf;

const INDEX: &str = "%{name}\t%{evr}\t%{summary}\n";

impl Dialect for Dnf {
    fn kind(&self) -> Manager {
        Manager::Dnf
    }

    fn program(&self) -> &'static str {
        "dnf"
    }

    fn index_places(&self) -> &'static [&'static str] {
        &["/var/cache/dnf", "/var/cache/libdnf5"]
    }

    fn list(&self) -> Vec<Words> {
        let format = "%{NAME}\t%{EVR}\n";
        vec![
            words::<&str>(&["rpm", "-qa", "--qf", format], &[]),
            words::<&str>(
                &["dnf", "-q", "-C", "repoquery", "--userinstalled", "--qf", "%{name}\n"],
                &[],
            ),
        ]
    }

    fn parse_list(&self, said: &[Captured], _marks: &str) -> Vec<Present> {
        let [all, wanted, ..] = said else { return Vec::new() };
        let wanted: BTreeSet<&str> = wanted.stdout.lines().map(str::trim).collect();
        rpms(&all.stdout, |name| !wanted.contains(name))
    }

    fn show(&self, names: &[String]) -> Vec<Words> {
        vec![words(&["dnf", "-q", "-C", "repoquery", "--latest-limit=1", "--qf", INDEX], names)]
    }

    fn parse_show(&self, said: &Captured) -> Vec<Known> {
        let row = |line: &str| {
            let mut fields = line.splitn(3, '\t').map(str::to_owned);
            let (name, version) = (fields.next()?, fields.next()?);
            Some(Known { name, version, summary: fields.next().unwrap_or_default() })
        };
        let mut all: Vec<Known> = said.stdout.lines().filter_map(row).collect();
        // The same package for two architectures is one answer.
        all.dedup_by(|a, b| a.name == b.name);
        all
    }

    fn search(&self, part: &str) -> Words {
        let pattern = format!("*{part}*");
        words(&["dnf", "-q", "-C", "repoquery", "--latest-limit=1", "--qf", INDEX], &[pattern])
    }

    fn parse_search(&self, said: &Captured) -> Vec<Known> {
        self.parse_show(said)
    }

    fn provides(&self, command: &CommandName) -> Words {
        let file = format!("/usr/bin/{command}");
        words(&["dnf", "-q", "-C", "repoquery", "--qf", "%{name}\n", "--whatprovides"], &[file])
    }

    fn parse_provides(&self, said: &Captured) -> Vec<String> {
        let names: BTreeSet<&str> =
            said.stdout.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    fn simulate(&self, operation: PackageOperation, names: &[String]) -> Option<Words> {
        Some(match operation {
            PackageOperation::Install => {
                words(&["dnf", "-C", "install", "--assumeno", "--"], names)
            }
            PackageOperation::Remove => {
                words(&["dnf", "-C", "remove", "--noautoremove", "--assumeno", "--"], names)
            }
        })
    }

    /// dnf says "Operation aborted" after `--assumeno`, and ends with 1, when all was well.
    fn parse_simulation(
        &self,
        _operation: PackageOperation,
        said: &Captured,
    ) -> Result<Simulated, Trouble> {
        let text = said.text();
        let all_well = said.ok() || text.contains("Operation aborted");
        if !all_well {
            let tail = crate::packages::trouble::tail_of(&text);
            return Err(self.classify(&text).unwrap_or(Trouble::Failed { tail }));
        }
        Ok(table(&said.stdout))
    }

    fn work(&self, operation: PackageOperation, names: &[String]) -> Vec<Words> {
        vec![match operation {
            PackageOperation::Install => words(&["dnf", "install", "-y", "--"], names),
            PackageOperation::Remove => {
                words(&["dnf", "remove", "-y", "--noautoremove", "--"], names)
            }
        }]
    }

    fn refresh(&self) -> Option<Words> {
        Some(words::<&str>(&["dnf", "makecache", "--refresh"], &[]))
    }

    /// Versions 4 and 5 have different words for it, so marks are left alone.
    fn mark(&self, _automatic: bool, _names: &[String]) -> Option<Words> {
        None
    }

    fn classify(&self, text: &str) -> Option<Trouble> {
        let unknown = |line: &str| {
            let rest = line.split_once("No match for argument: ")?.1;
            Some(rest.trim().to_owned())
        };
        let names: Vec<String> = text.lines().filter_map(unknown).collect();
        if !names.is_empty() {
            return Some(Trouble::NotFound { names, similar: Vec::new() });
        }
        if text.contains("superuser privileges") {
            return Some(Trouble::NeedsRoot);
        }
        let problem = |line: &&str| {
            line.trim_start().starts_with("Problem") || line.contains("nothing provides")
        };
        let lines: Vec<String> =
            text.lines().filter(problem).map(|l| l.trim().to_owned()).collect();
        if !lines.is_empty() {
            return Some(Trouble::Unmet { lines });
        }
        if let Some((_, rest)) = text.split_once("Waiting for process with pid ") {
            let pid = rest.split_whitespace().next().unwrap_or_default();
            return Some(Trouble::LockHeld { holder: format!("process {pid}") });
        }
        if text.contains("protected packages") {
            return Some(Trouble::Essential);
        }
        classify_common(text)
    }
}

/// `name<tab>version` lines of `rpm`; of a package that is there twice, the last.
pub(super) fn rpms(text: &str, automatic: impl Fn(&str) -> bool) -> Vec<Present> {
    let row = |line: &str| {
        let (name, version) = line.trim().split_once('\t')?;
        // Keys are kept as packages, and are none.
        (name != "gpg-pubkey").then(|| (name.to_owned(), version.to_owned()))
    };
    let all: BTreeMap<String, String> = text.lines().filter_map(row).collect();
    let present =
        |(name, version): (String, String)| Present { automatic: automatic(&name), name, version };
    all.into_iter().map(present).collect()
}

/// The table that dnf shows before it asks.
fn table(text: &str) -> Simulated {
    let mut told = Simulated::default();
    let mut comes: Option<bool> = None;
    for line in text.lines() {
        let lower = line.trim().to_lowercase();
        if lower.starts_with("transaction summary") {
            comes = None;
        }
        if lower.ends_with(':') && !line.starts_with(' ') {
            comes = section(&lower);
        } else if let Some(bytes) =
            total(line, &["Total download size:", "Total size of inbound packages is "])
        {
            told.download_bytes = Some(bytes);
        } else if let Some(bytes) = total(line, &["Installed size:"]) {
            told.disk_bytes = i64::try_from(bytes).ok();
        } else if let Some(comes) = comes.filter(|_| line.starts_with(' ')) {
            told.steps.extend(row(line, comes));
        }
    }
    told
}

/// Whether the packages of a section come or go.
fn section(title: &str) -> Option<bool> {
    match title.split_whitespace().next()?.trim_end_matches(':') {
        "installing" | "upgrading" | "downgrading" | "reinstalling" => Some(true),
        "removing" => Some(false),
        _ => None,
    }
}

/// ` jq   x86_64   1.7.1-7.fc40   fedora   190 k`
fn row(line: &str, comes: bool) -> Option<Step> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    // Fewer words are a continuation: `replacing  jq x86_64 …`.
    let [name, _arch, version, ..] = fields.as_slice() else { return None };
    if *name == "replacing" {
        return None;
    }
    let (name, version) = ((*name).to_owned(), (*version).to_owned());
    Some(if comes { Step::Comes { name, version } } else { Step::Goes { name } })
}

fn total(line: &str, titles: &[&str]) -> Option<u64> {
    let rest = titles.iter().find_map(|title| line.trim().strip_prefix(title))?;
    let mut fields = rest.split_whitespace();
    size(fields.next()?, fields.next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str) -> Captured {
        Captured { code: Some(1), stdout: stdout.into(), stderr: String::new() }
    }

    #[test]
    fn the_table_of_an_installation_is_read() {
        let text = include_str!("../../../tests/fixtures/dnf/install-assumeno.txt");
        let told = Dnf.parse_simulation(PackageOperation::Install, &said(text)).unwrap();
        let comes =
            |name: &str, version: &str| Step::Comes { name: name.into(), version: version.into() };
        assert_eq!(told.steps, [comes("jq", "1.7.1-7.fc40"), comes("oniguruma", "6.9.9-3.fc40")]);
        assert_eq!(told.download_bytes, size("409", "k"));
        assert_eq!(told.disk_bytes, Some(1_153_433));
    }

    #[test]
    fn what_goes_along_with_a_removal_is_read_too() {
        let text = include_str!("../../../tests/fixtures/dnf/remove-assumeno.txt");
        let told = Dnf.parse_simulation(PackageOperation::Remove, &said(text)).unwrap();
        let goes = |name: &str| Step::Goes { name: name.into() };
        assert_eq!(told.steps, [goes("oniguruma"), goes("jq")]);
    }

    #[test]
    fn what_nobody_asked_for_is_automatic_and_keys_are_no_packages() {
        let all = said("jq\t1.7.1-7.fc40\ngpg-pubkey\tx-1\noniguruma\t6.9.9-3.fc40\n");
        let list = Dnf.parse_list(&[all, said("jq\n")], "");
        let told: Vec<_> = list.iter().map(|p| (p.name.as_str(), p.automatic)).collect();
        assert_eq!(told, [("jq", false), ("oniguruma", true)]);
    }

    #[test]
    fn its_words_are_understood() {
        let unknown = "No match for argument: jqq\nError: Unable to find a match: jqq";
        assert_eq!(
            Dnf.classify(unknown),
            Some(Trouble::NotFound { names: vec!["jqq".into()], similar: vec![] })
        );
        let root = "Error: This command has to be run with superuser privileges (under the root user on most systems).";
        assert_eq!(Dnf.classify(root), Some(Trouble::NeedsRoot));
        assert!(
            matches!(Dnf.classify("Error: \n Problem: conflicting requests\n  - nothing provides x needed by y"), Some(Trouble::Unmet { lines }) if lines.len() == 2)
        );
    }
}
