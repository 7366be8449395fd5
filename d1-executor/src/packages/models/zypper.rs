//! zypper: openSUSE.
//!
//! model: tested against recorded output and a fake program on PATH, not on a real machine.

use super::{
    dialect::{
        Dialect, Known, Present, Simulated, Step, Words, classify_common, size, stanzas, words,
    },
    dnf::rpms,
};
use crate::packages::{Captured, trouble::Trouble};
use d1_core::{CommandName, Manager, PackageOperation};
use std::collections::BTreeSet;

/// zypper.
#[derive(Debug)]
pub(super) struct Zypper;

/// It asks nothing, and does not go to the network by itself.
const QUIET: [&str; 3] = ["zypper", "--non-interactive", "--no-refresh"];

fn zypper<S: AsRef<str>>(more: &[&str], names: &[S]) -> Words {
    words(&[&QUIET, more].concat(), names)
}

impl Dialect for Zypper {
    fn kind(&self) -> Manager {
        Manager::Zypper
    }

    fn program(&self) -> &'static str {
        "zypper"
    }

    fn index_places(&self) -> &'static [&'static str] {
        &["/var/cache/zypp/raw"]
    }

    fn list(&self) -> Vec<Words> {
        vec![words::<&str>(&["rpm", "-qa", "--qf", "%{NAME}\t%{EVR}\n"], &[])]
    }

    fn marks_file(&self) -> Option<&'static str> {
        Some("/var/lib/zypp/AutoInstalled")
    }

    fn parse_list(&self, said: &[Captured], marks: &str) -> Vec<Present> {
        let automatic: BTreeSet<&str> =
            marks.lines().map(str::trim).filter(|line| !line.starts_with('#')).collect();
        said.first()
            .map(|all| rpms(&all.stdout, |name| automatic.contains(name)))
            .unwrap_or_default()
    }

    fn show(&self, names: &[String]) -> Vec<Words> {
        vec![zypper(&["info", "--"], names)]
    }

    fn parse_show(&self, said: &Captured) -> Vec<Known> {
        stanzas(&said.stdout, "Name", "Version", "Summary")
    }

    fn search(&self, part: &str) -> Words {
        zypper(&["search", "--type", "package", "--"], &[part])
    }

    fn parse_search(&self, said: &Captured) -> Vec<Known> {
        let row =
            |(name, summary): (String, String)| Known { name, version: String::new(), summary };
        table(&said.stdout).into_iter().map(row).collect()
    }

    fn provides(&self, command: &CommandName) -> Words {
        let file = format!("/usr/bin/{command}");
        zypper(&["search", "--provides", "--match-exact", "--type", "package", "--"], &[file])
    }

    fn parse_provides(&self, said: &Captured) -> Vec<String> {
        table(&said.stdout).into_iter().map(|(name, _)| name).collect()
    }

    fn simulate(&self, operation: PackageOperation, names: &[String]) -> Option<Words> {
        Some(match operation {
            PackageOperation::Install => {
                zypper(&["install", "--no-force-resolution", "--dry-run", "--details", "--"], names)
            }
            PackageOperation::Remove => {
                zypper(&["remove", "--no-clean-deps", "--dry-run", "--details", "--"], names)
            }
        })
    }

    fn parse_simulation(
        &self,
        _operation: PackageOperation,
        said: &Captured,
    ) -> Result<Simulated, Trouble> {
        if said.ok() {
            return Ok(summary(&said.stdout));
        }
        let text = said.text();
        let tail = crate::packages::trouble::tail_of(&text);
        Err(self.classify(&text).unwrap_or(Trouble::Failed { tail }))
    }

    fn work(&self, operation: PackageOperation, names: &[String]) -> Vec<Words> {
        vec![match operation {
            PackageOperation::Install => zypper(&["install", "--no-force-resolution", "--"], names),
            PackageOperation::Remove => zypper(&["remove", "--no-clean-deps", "--"], names),
        }]
    }

    fn refresh(&self) -> Option<Words> {
        Some(words::<&str>(&["zypper", "--non-interactive", "refresh"], &[]))
    }

    fn mark(&self, _automatic: bool, _names: &[String]) -> Option<Words> {
        None
    }

    fn classify(&self, text: &str) -> Option<Trouble> {
        // `System management is locked by the application with pid 1234 (zypper).`
        if let Some((_, rest)) = text.split_once("locked by the application with pid ") {
            let (pid, rest) = rest.split_once(' ')?;
            let name = rest.split(['(', ')']).nth(1).unwrap_or("a process");
            return Some(Trouble::LockHeld { holder: format!("{name} (pid {pid})") });
        }
        if text.contains("Root privileges are required") {
            return Some(Trouble::NeedsRoot);
        }
        let unknown = |line: &str| {
            let rest = line.split_once("No provider of '").map(|(_, rest)| rest);
            let rest = rest.or_else(|| {
                line.split_once("package '")
                    .filter(|(_, r)| r.contains("not found"))
                    .map(|(_, r)| r)
            });
            rest?.split('\'').next().map(str::to_owned)
        };
        let names: Vec<String> = text.lines().filter_map(unknown).collect();
        if !names.is_empty() {
            return Some(Trouble::NotFound { names, similar: Vec::new() });
        }
        let problem =
            |line: &&str| line.starts_with("Problem:") || line.contains("nothing provides");
        let lines: Vec<String> =
            text.lines().filter(problem).map(|l| l.trim().to_owned()).collect();
        if !lines.is_empty() {
            return Some(Trouble::Unmet { lines });
        }
        classify_common(text)
    }
}

/// Name and summary in the rows of `S | Name | Summary | Type`.
fn table(text: &str) -> Vec<(String, String)> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_status, name, summary, ..] = cells.as_slice() else { return None };
        (*name != "Name" && !name.is_empty()).then(|| ((*name).to_owned(), (*summary).to_owned()))
    };
    text.lines().filter_map(row).collect()
}

/// What zypper says it is going to do.
fn summary(text: &str) -> Simulated {
    let mut told = Simulated::default();
    let mut comes: Option<bool> = None;
    for line in text.lines() {
        if line.starts_with("The following ") {
            let is_own = !line.contains("recommended") && !line.contains("suggested");
            comes = is_own.then(|| section(line)).flatten();
        } else if let Some(rest) = line.strip_prefix("Overall download size: ") {
            told.download_bytes = leading(rest);
            told.disk_bytes = after_operation(line);
        } else if line.starts_with("After the operation") {
            told.disk_bytes = after_operation(line);
        } else if line.trim().is_empty() {
            comes = None;
        } else if let Some(comes) = comes.filter(|_| line.starts_with("  ")) {
            told.steps.extend(row(line, comes));
        }
    }
    told
}

fn section(line: &str) -> Option<bool> {
    let ends = |words: &[&str]| words.iter().any(|word| line.contains(word));
    if ends(&["going to be REMOVED"]) {
        Some(false)
    } else if ends(&[
        "going to be installed",
        "going to be upgraded",
        "going to be downgraded",
        "going to be reinstalled",
    ]) {
        Some(true)
    } else {
        None
    }
}

/// `  jq  1.6-3.3  x86_64  Main  openSUSE`, `  libfoo  1.0-1 -> 1.1-1  x86_64 …`
fn row(line: &str, comes: bool) -> Option<Step> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (name, version) = match fields.as_slice() {
        [name, _old, "->", new, ..] => (*name, *new),
        [name, version, ..] => (*name, *version),
        _ => return None,
    };
    let (name, version) = (name.to_owned(), version.to_owned());
    Some(if comes { Step::Comes { name, version } } else { Step::Goes { name } })
}

fn leading(text: &str) -> Option<u64> {
    let mut fields = text.split_whitespace();
    size(fields.next()?, fields.next()?.trim_end_matches('.'))
}

/// `After the operation, additional 1.0 MiB will be used.`, `… 1.0 MiB will be freed.`
fn after_operation(line: &str) -> Option<i64> {
    let (_, rest) = line.split_once("After the operation, ")?;
    let bytes = i64::try_from(leading(rest.trim_start_matches("additional "))?).ok()?;
    Some(if rest.contains("freed") { -bytes } else { bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str) -> Captured {
        Captured { code: Some(0), stdout: stdout.into(), stderr: String::new() }
    }

    #[test]
    fn the_summary_of_an_installation_is_read() {
        let text = include_str!("../../../tests/fixtures/zypper/install-dry-run.txt");
        let told = Zypper.parse_simulation(PackageOperation::Install, &said(text)).unwrap();
        let comes =
            |name: &str, version: &str| Step::Comes { name: name.into(), version: version.into() };
        assert_eq!(
            told.steps,
            [
                comes("jq", "1.6-3.3"),
                comes("libjq1", "1.6-3.3"),
                comes("libonig5", "6.9.8-2.1"),
                comes("libz1", "1.2.13-6")
            ]
        );
        assert_eq!(told.download_bytes, size("391.3", "KiB"));
        assert_eq!(told.disk_bytes, Some(1_048_576));
    }

    #[test]
    fn a_search_table_has_names_and_summaries() {
        let found =
            Zypper.parse_search(&said(include_str!("../../../tests/fixtures/zypper/search.txt")));
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].name, "jq");
        assert_eq!(found[0].summary, "A lightweight and flexible command-line JSON processor");
    }

    #[test]
    fn the_holder_of_its_lock_is_named() {
        let text = "System management is locked by the application with pid 1234 (/usr/bin/zypper).\nClose this application before trying again.";
        assert_eq!(
            Zypper.classify(text),
            Some(Trouble::LockHeld { holder: "/usr/bin/zypper (pid 1234)".into() })
        );
        assert_eq!(
            Zypper.classify("No provider of 'jqq' found.\n'jqq' not found in package names."),
            Some(Trouble::NotFound { names: vec!["jqq".into()], similar: vec![] })
        );
    }

    #[test]
    fn marks_come_from_its_file() {
        let list =
            Zypper.parse_list(&[said("jq\t1.6-3.3\nlibjq1\t1.6-3.3\n")], "# comment\nlibjq1\n");
        assert_eq!(list.iter().map(|p| p.automatic).collect::<Vec<_>>(), [false, true]);
    }
}
