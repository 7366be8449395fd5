//! Homebrew: macOS, and Linux too. Works as the user, never as the administrator.
//!
//! model: tested against recorded output and a fake program on PATH, not on a real machine.

use super::dialect::{Dialect, Known, Present, Simulated, Step, Words, classify_common, words};
use crate::packages::{Captured, trouble::Trouble};
use d1_core::{CommandName, Manager, PackageOperation};
use std::collections::BTreeSet;

/// Homebrew.
#[derive(Debug)]
pub(super) struct Brew;

impl Dialect for Brew {
    fn kind(&self) -> Manager {
        Manager::Brew
    }

    fn program(&self) -> &'static str {
        "brew"
    }

    fn env(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("NONINTERACTIVE", "1"),
            ("HOMEBREW_NO_ANALYTICS", "1"),
            ("HOMEBREW_NO_AUTO_UPDATE", "1"),
            ("HOMEBREW_NO_AUTOREMOVE", "1"),
            ("HOMEBREW_NO_COLOR", "1"),
            ("HOMEBREW_NO_EMOJI", "1"),
            ("HOMEBREW_NO_ENV_HINTS", "1"),
            ("HOMEBREW_NO_INSTALL_CLEANUP", "1"),
            ("HOMEBREW_NO_INSTALL_UPGRADE", "1"),
        ]
    }

    fn index_places(&self) -> &'static [&'static str] {
        &[
            "/opt/homebrew/.git/FETCH_HEAD",
            "/home/linuxbrew/.linuxbrew/Homebrew/.git/FETCH_HEAD",
            "/usr/local/Homebrew/.git/FETCH_HEAD",
        ]
    }

    fn is_legal(&self, name: &str) -> bool {
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "@._+-".contains(c))
    }

    fn list(&self) -> Vec<Words> {
        vec![
            words::<&str>(&["brew", "list", "--formula", "--versions"], &[]),
            words::<&str>(&["brew", "leaves", "--installed-as-dependency"], &[]),
            words::<&str>(&["brew", "leaves", "--installed-on-request"], &[]),
        ]
    }

    /// What is needed by something else and what is wanted cannot be told apart for
    /// inner packages; only a leaf on request counts as wanted.
    fn parse_list(&self, said: &[Captured], _marks: &str) -> Vec<Present> {
        let [all, _as_dependency, on_request, ..] = said else { return Vec::new() };
        let wanted: BTreeSet<&str> = on_request.stdout.lines().map(str::trim).collect();
        let row = |line: &str| {
            // Of several versions that are kept, the last is linked.
            let mut fields = line.split_whitespace();
            let name = fields.next()?;
            let version = fields.next_back()?.to_owned();
            Some(Present { name: name.to_owned(), version, automatic: !wanted.contains(name) })
        };
        all.stdout.lines().filter_map(row).collect()
    }

    fn show(&self, names: &[String]) -> Vec<Words> {
        // One question for each: a single unknown name spoils the answer for all.
        names.iter().map(|name| words(&["brew", "info", "--formula"], &[name])).collect()
    }

    /// `==> jq: stable 1.7.1 (bottled), HEAD`, and below it a line about it.
    fn parse_show(&self, said: &Captured) -> Vec<Known> {
        let mut lines = said.stdout.lines();
        let head = lines.find_map(|line| {
            let (name, rest) = line.trim().strip_prefix("==> ")?.split_once(": ")?;
            let version = rest.strip_prefix("stable ")?.split([' ', ',']).next()?;
            Some((name.split_whitespace().next()?.to_owned(), version.to_owned()))
        });
        let Some((name, version)) = head else { return Vec::new() };
        let summary = lines.next().unwrap_or_default().trim().to_owned();
        vec![Known { name, version, summary }]
    }

    fn search(&self, part: &str) -> Words {
        words(&["brew", "search", "--formula"], &[part])
    }

    fn parse_search(&self, said: &Captured) -> Vec<Known> {
        let row = |line: &str| {
            let name = line.split_whitespace().next().filter(|name| *name != "==>")?;
            Some(Known { name: name.to_owned(), ..Known::default() })
        };
        said.stdout.lines().filter_map(row).collect()
    }

    fn provides(&self, command: &CommandName) -> Words {
        words(&["brew", "which-formula"], &[command.as_str()])
    }

    fn parse_provides(&self, said: &Captured) -> Vec<String> {
        self.parse_search(said).into_iter().map(|known| known.name).collect()
    }

    fn simulate(&self, operation: PackageOperation, names: &[String]) -> Option<Words> {
        match operation {
            PackageOperation::Install => {
                Some(words(&["brew", "install", "--formula", "--dry-run"], names))
            }
            PackageOperation::Remove => None,
        }
    }

    /// `==> Would install 1 formula:` and names below it, several in a line.
    fn parse_simulation(
        &self,
        _operation: PackageOperation,
        said: &Captured,
    ) -> Result<Simulated, Trouble> {
        if !said.ok() {
            let text = said.text();
            let tail = crate::packages::trouble::tail_of(&text);
            return Err(self.classify(&text).unwrap_or(Trouble::Failed { tail }));
        }
        let mut told = Simulated::default();
        let mut inside = false;
        for line in said.stdout.lines() {
            if line.starts_with("==>") {
                inside = line.contains("Would install") || line.contains("Would upgrade");
            } else if inside {
                let names = line.split_whitespace().filter(|name| self.is_legal(name));
                let comes =
                    |name: &str| Step::Comes { name: name.to_owned(), version: String::new() };
                told.steps.extend(names.map(comes));
            }
        }
        Ok(told)
    }

    fn work(&self, operation: PackageOperation, names: &[String]) -> Vec<Words> {
        vec![match operation {
            PackageOperation::Install => words(&["brew", "install", "--formula"], names),
            PackageOperation::Remove => words(&["brew", "uninstall", "--formula"], names),
        }]
    }

    fn refresh(&self) -> Option<Words> {
        Some(words::<&str>(&["brew", "update"], &[]))
    }

    fn mark(&self, automatic: bool, names: &[String]) -> Option<Words> {
        let how = if automatic { "--no-installed-on-request" } else { "--installed-on-request" };
        Some(words(&["brew", "tab", "--formula", how], names))
    }

    fn classify(&self, text: &str) -> Option<Trouble> {
        let unknown = |line: &str| {
            let rest = line.split_once("No available formula with the name \"")?.1;
            rest.split('"').next().map(str::to_owned)
        };
        let names: Vec<String> = text.lines().filter_map(unknown).collect();
        if !names.is_empty() {
            return Some(Trouble::NotFound { names, similar: Vec::new() });
        }
        // `because it is required by jq, which is currently installed.`
        if let Some((_, rest)) = text.split_once("required by ") {
            let names = rest.split(", which").next().unwrap_or_default();
            let names = names.replace(" and ", " ").replace(',', " ");
            return Some(Trouble::Removals {
                names: names.split_whitespace().map(str::to_owned).collect(),
            });
        }
        if text.contains("has already locked") || text.contains("process is already running") {
            return Some(Trouble::LockHeld { holder: String::new() });
        }
        classify_common(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str) -> Captured {
        Captured { code: Some(0), stdout: stdout.into(), stderr: String::new() }
    }

    #[test]
    fn a_formula_is_read_from_its_page() {
        let known = Brew.parse_show(&said(include_str!("../../../tests/fixtures/brew/info.txt")));
        let summary = "Lightweight and flexible command-line JSON processor".into();
        assert_eq!(known, [Known { name: "jq".into(), version: "1.7.1".into(), summary }]);
    }

    #[test]
    fn a_dry_run_tells_the_formula_and_what_it_needs() {
        let text = said(include_str!("../../../tests/fixtures/brew/install-dry-run.txt"));
        let told = Brew.parse_simulation(PackageOperation::Install, &text).unwrap();
        let comes = |name: &str| Step::Comes { name: name.into(), version: String::new() };
        assert_eq!(told.steps, [comes("jq"), comes("oniguruma")]);
    }

    #[test]
    fn who_needs_a_formula_is_named() {
        let text = "Error: Refusing to uninstall /opt/homebrew/Cellar/oniguruma/6.9.9\nbecause it is required by jq, which is currently installed.\n";
        assert_eq!(Brew.classify(text), Some(Trouble::Removals { names: vec!["jq".into()] }));
    }
}
