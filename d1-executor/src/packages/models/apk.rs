//! apk: Alpine. What nobody wants any more goes along with a removal; that is its
//! nature, and its simulation tells.
//!
//! model: tested against recorded output and a fake program on PATH, not on a real machine.

use super::dialect::{Dialect, Known, Present, Simulated, Step, Words, classify_common, words};
use crate::packages::{Captured, trouble::Trouble};
use d1_core::{CommandName, Manager, PackageOperation};
use std::collections::BTreeSet;

/// apk.
#[derive(Debug)]
pub(super) struct Apk;

impl Dialect for Apk {
    fn kind(&self) -> Manager {
        Manager::Apk
    }

    fn program(&self) -> &'static str {
        "apk"
    }

    fn index_places(&self) -> &'static [&'static str] {
        &["/var/cache/apk", "/etc/apk/cache"]
    }

    fn list(&self) -> Vec<Words> {
        vec![words::<&str>(&["apk", "info", "-v"], &[])]
    }

    fn marks_file(&self) -> Option<&'static str> {
        Some("/etc/apk/world")
    }

    fn parse_list(&self, said: &[Captured], marks: &str) -> Vec<Present> {
        // `world` holds what is wanted, perhaps with a version: `jq>1.6`, `jq@edge`.
        let wanted: BTreeSet<&str> = marks
            .split_whitespace()
            .filter_map(|word| word.split(['<', '>', '=', '~', '@']).next())
            .collect();
        let present = |line: &str| {
            let (name, version) = split(line.trim())?;
            let automatic = !wanted.contains(name);
            Some(Present { name: name.to_owned(), version: version.to_owned(), automatic })
        };
        said.first().map(|all| all.stdout.lines().filter_map(present).collect()).unwrap_or_default()
    }

    fn show(&self, names: &[String]) -> Vec<Words> {
        vec![words(&["apk", "search", "-e", "-v", "--"], names)]
    }

    fn parse_show(&self, said: &Captured) -> Vec<Known> {
        let row = |line: &str| {
            let (package, summary) = line.split_once(" - ").unwrap_or((line, ""));
            let (name, version) = split(package.trim())?;
            Some(Known {
                name: name.into(),
                version: version.into(),
                summary: summary.trim().into(),
            })
        };
        said.stdout.lines().filter_map(row).collect()
    }

    fn search(&self, part: &str) -> Words {
        words(&["apk", "search", "-v", "--"], &[part])
    }

    fn parse_search(&self, said: &Captured) -> Vec<Known> {
        self.parse_show(said)
    }

    fn provides(&self, command: &CommandName) -> Words {
        words(&["apk", "search", "-e", "-v", "--"], &[format!("cmd:{command}")])
    }

    fn parse_provides(&self, said: &Captured) -> Vec<String> {
        self.parse_show(said).into_iter().map(|known| known.name).collect()
    }

    fn simulate(&self, operation: PackageOperation, names: &[String]) -> Option<Words> {
        Some(match operation {
            PackageOperation::Install => {
                words(&["apk", "add", "--simulate", "--no-progress", "--"], names)
            }
            PackageOperation::Remove => {
                words(&["apk", "del", "--simulate", "--no-progress", "--"], names)
            }
        })
    }

    fn parse_simulation(
        &self,
        _operation: PackageOperation,
        said: &Captured,
    ) -> Result<Simulated, Trouble> {
        let text = said.text();
        let held = text.contains("not removed due to");
        if said.ok() && !held {
            let steps = said.stdout.lines().filter_map(step).collect();
            return Ok(Simulated { steps, ..Simulated::default() });
        }
        let tail = crate::packages::trouble::tail_of(&text);
        Err(self.classify(&text).unwrap_or(Trouble::Failed { tail }))
    }

    fn work(&self, operation: PackageOperation, names: &[String]) -> Vec<Words> {
        vec![match operation {
            PackageOperation::Install => words(&["apk", "add", "--no-progress", "--"], names),
            PackageOperation::Remove => {
                words(&["apk", "del", "--purge", "--no-progress", "--"], names)
            }
        }]
    }

    fn refresh(&self) -> Option<Words> {
        Some(words::<&str>(&["apk", "update", "--no-progress"], &[]))
    }

    fn mark(&self, automatic: bool, names: &[String]) -> Option<Words> {
        // To want what is there is to add it; to unwant it could remove it.
        (!automatic).then(|| words(&["apk", "add", "--no-progress", "--"], names))
    }

    fn classify(&self, text: &str) -> Option<Trouble> {
        if text.contains("Unable to lock database: Permission denied") {
            return Some(Trouble::NeedsRoot);
        }
        if text.contains("Unable to lock database") {
            return Some(Trouble::LockHeld { holder: String::new() });
        }
        let unknown = |line: &str| {
            let name = line.trim().strip_suffix(" (no such package):")?;
            Some(name.trim().to_owned())
        };
        let names: Vec<String> = text.lines().filter_map(unknown).collect();
        if !names.is_empty() {
            return Some(Trouble::NotFound { names, similar: Vec::new() });
        }
        // `World updated, but the following packages are not removed due to:` and below
        // it `  oniguruma: jq`.
        if let Some((_, rest)) = text.split_once("not removed due to:") {
            let needing = rest.lines().filter_map(|line| line.split_once(": "));
            let names: Vec<String> = needing
                .flat_map(|(_, needs)| needs.split_whitespace())
                .map(str::to_owned)
                .collect();
            return Some(Trouble::Removals { names });
        }
        if text.contains("unable to select packages") {
            return Some(Trouble::Unmet { lines: crate::packages::trouble::tail_of(text) });
        }
        classify_common(text)
    }
}

/// `jq-1.7.1-r0` is `jq` in version `1.7.1-r0`.
fn split(package: &str) -> Option<(&str, &str)> {
    let (rest, _release) = package.rsplit_once("-r")?;
    let (name, _version) = rest.rsplit_once('-')?;
    Some((name, package.get(name.len() + 1..)?))
}

/// `(1/2) Installing oniguruma (6.9.9-r0)`, `(1/1) Upgrading jq (1.6-r0 -> 1.7.1-r0)`,
/// `(2/2) Purging jq (1.7.1-r0)`.
fn step(line: &str) -> Option<Step> {
    let (_, rest) = line.trim().strip_prefix('(')?.split_once(") ")?;
    let mut fields = rest.split_whitespace();
    let (verb, name) = (fields.next()?, fields.next()?.to_owned());
    let version = || {
        let inside = rest.split(['(', ')']).nth(1).unwrap_or_default();
        inside.rsplit(" -> ").next().unwrap_or_default().to_owned()
    };
    match verb {
        "Installing" | "Upgrading" | "Downgrading" | "Reinstalling" | "Replacing" => {
            Some(Step::Comes { name, version: version() })
        }
        "Purging" => Some(Step::Goes { name }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str) -> Captured {
        Captured { code: Some(0), stdout: stdout.into(), stderr: String::new() }
    }

    #[test]
    fn a_simulation_is_read() {
        let text = said(include_str!("../../../tests/fixtures/apk/add-simulate.txt"));
        let told = Apk.parse_simulation(PackageOperation::Install, &text).unwrap();
        let comes =
            |name: &str, version: &str| Step::Comes { name: name.into(), version: version.into() };
        assert_eq!(
            told.steps,
            [comes("oniguruma", "6.9.9-r0"), comes("jq", "1.7.1-r0"), comes("musl", "1.2.5-r1")]
        );
        let del = said(
            "(1/2) Purging jq (1.7.1-r0)\n(2/2) Purging oniguruma (6.9.9-r0)\nOK: 8 MiB in 15 packages\n",
        );
        let told = Apk.parse_simulation(PackageOperation::Remove, &del).unwrap();
        assert_eq!(
            told.steps,
            [Step::Goes { name: "jq".into() }, Step::Goes { name: "oniguruma".into() }]
        );
    }

    #[test]
    fn what_is_not_in_world_is_automatic() {
        let list = Apk.parse_list(
            &[said("jq-1.7.1-r0\noniguruma-6.9.9-r0\npy3-pip-24.0-r2\n")],
            "jq>1.6\npy3-pip\n",
        );
        let told: Vec<_> =
            list.iter().map(|p| (p.name.as_str(), p.version.as_str(), p.automatic)).collect();
        assert_eq!(
            told,
            [
                ("jq", "1.7.1-r0", false),
                ("oniguruma", "6.9.9-r0", true),
                ("py3-pip", "24.0-r2", false)
            ]
        );
    }

    #[test]
    fn its_words_are_understood() {
        let unknown = "ERROR: unable to select packages:\n  jqq (no such package):\n    required by: world[jqq]";
        assert_eq!(
            Apk.classify(unknown),
            Some(Trouble::NotFound { names: vec!["jqq".into()], similar: vec![] })
        );
        let held =
            "World updated, but the following packages are not removed due to:\n  oniguruma: jq\n";
        assert_eq!(Apk.classify(held), Some(Trouble::Removals { names: vec!["jq".into()] }));
        assert_eq!(
            Apk.classify("ERROR: Unable to lock database: Permission denied"),
            Some(Trouble::NeedsRoot)
        );
    }
}
