//! pacman: Arch Linux. Never `-Sy` alone: a partial upgrade breaks the machine.
//!
//! model: tested against recorded output and a fake program on PATH, not on a real machine.

use super::dialect::{
    Dialect, Known, Present, Simulated, Step, Words, classify_common, stanzas, words,
};
use crate::packages::{Captured, trouble::Trouble};
use d1_core::{CommandName, Manager, PackageOperation};
use std::collections::BTreeSet;

/// pacman.
#[derive(Debug)]
pub(super) struct Pacman;

impl Dialect for Pacman {
    fn kind(&self) -> Manager {
        Manager::Pacman
    }

    fn program(&self) -> &'static str {
        "pacman"
    }

    fn index_places(&self) -> &'static [&'static str] {
        &["/var/lib/pacman/sync"]
    }

    fn is_legal(&self, name: &str) -> bool {
        name.chars().all(|c| c.is_ascii_alphanumeric() || "@._+-".contains(c))
    }

    fn list(&self) -> Vec<Words> {
        vec![words::<&str>(&["pacman", "-Q"], &[]), words::<&str>(&["pacman", "-Qqe"], &[])]
    }

    fn parse_list(&self, said: &[Captured], _marks: &str) -> Vec<Present> {
        let [all, wanted, ..] = said else { return Vec::new() };
        let wanted: BTreeSet<&str> = wanted.stdout.lines().map(str::trim).collect();
        let row = |line: &str| {
            let (name, version) = line.trim().split_once(' ')?;
            let automatic = !wanted.contains(name);
            Some(Present { name: name.to_owned(), version: version.to_owned(), automatic })
        };
        all.stdout.lines().filter_map(row).collect()
    }

    fn show(&self, names: &[String]) -> Vec<Words> {
        vec![words(&["pacman", "-Si", "--"], names)]
    }

    fn parse_show(&self, said: &Captured) -> Vec<Known> {
        let mut all = stanzas(&said.stdout, "Name", "Version", "Description");
        // Of a package in two repositories, the first is the one that counts.
        let mut seen = BTreeSet::new();
        all.retain(|known| seen.insert(known.name.clone()));
        all
    }

    fn search(&self, part: &str) -> Words {
        words(&["pacman", "-Ss", "--"], &[part])
    }

    /// `extra/jq 1.7.1-2 [installed]`, and below it an indented line about it.
    fn parse_search(&self, said: &Captured) -> Vec<Known> {
        let mut all: Vec<Known> = Vec::new();
        for line in said.stdout.lines() {
            if line.starts_with(' ') {
                if let Some(last) = all.last_mut() {
                    last.summary = line.trim().to_owned();
                }
                continue;
            }
            let mut fields = line.split_whitespace();
            let name = fields.next().and_then(|name| name.rsplit('/').next()).map(str::to_owned);
            if let (Some(name), Some(version)) = (name, fields.next()) {
                all.push(Known { name, version: version.to_owned(), summary: String::new() });
            }
        }
        all
    }

    fn provides(&self, command: &CommandName) -> Words {
        words(&["pacman", "-Fq", "--"], &[format!("/usr/bin/{command}")])
    }

    fn parse_provides(&self, said: &Captured) -> Vec<String> {
        let name = |line: &str| {
            line.trim().rsplit('/').next().filter(|n| !n.is_empty()).map(str::to_owned)
        };
        said.stdout.lines().filter_map(name).collect()
    }

    fn simulate(&self, operation: PackageOperation, names: &[String]) -> Option<Words> {
        Some(match operation {
            PackageOperation::Install => words(
                &["pacman", "-S", "--needed", "--print", "--print-format", "%n %v %s", "--"],
                names,
            ),
            PackageOperation::Remove => {
                words(&["pacman", "-Rn", "--print", "--print-format", "%n %v %s", "--"], names)
            }
        })
    }

    fn parse_simulation(
        &self,
        operation: PackageOperation,
        said: &Captured,
    ) -> Result<Simulated, Trouble> {
        if !said.ok() {
            let text = said.text();
            let tail = crate::packages::trouble::tail_of(&text);
            return Err(self.classify(&text).unwrap_or(Trouble::Failed { tail }));
        }
        let mut told = Simulated::default();
        let mut bytes = 0_u64;
        for line in said.stdout.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [name, version, size] = fields.as_slice() else { continue };
            let name = (*name).to_owned();
            bytes = bytes.saturating_add(size.parse().unwrap_or_default());
            told.steps.push(match operation {
                PackageOperation::Install => Step::Comes { name, version: (*version).to_owned() },
                PackageOperation::Remove => Step::Goes { name },
            });
        }
        told.download_bytes = (operation == PackageOperation::Install).then_some(bytes);
        Ok(told)
    }

    fn work(&self, operation: PackageOperation, names: &[String]) -> Vec<Words> {
        vec![match operation {
            PackageOperation::Install => words(
                &[
                    "pacman",
                    "-S",
                    "--noconfirm",
                    "--needed",
                    "--noprogressbar",
                    "--color",
                    "never",
                    "--",
                ],
                names,
            ),
            PackageOperation::Remove => words(
                &["pacman", "-Rn", "--noconfirm", "--noprogressbar", "--color", "never", "--"],
                names,
            ),
        }]
    }

    /// It refreshes only together with an upgrade of everything, and that is not ours
    /// to decide.
    fn refresh(&self) -> Option<Words> {
        None
    }

    fn mark(&self, automatic: bool, names: &[String]) -> Option<Words> {
        let how = if automatic { "--asdeps" } else { "--asexplicit" };
        Some(words(&["pacman", "-D", how, "--"], names))
    }

    fn classify(&self, text: &str) -> Option<Trouble> {
        if text.contains("unable to lock database") {
            return Some(Trouble::LockHeld { holder: String::new() });
        }
        if text.contains("you cannot perform this operation unless you are root") {
            return Some(Trouble::NeedsRoot);
        }
        let after = |start: &str| -> Vec<String> {
            let rest = text.lines().filter_map(|line| line.trim().strip_prefix(start));
            rest.map(|name| name.trim().to_owned()).collect()
        };
        let names = after("error: target not found: ");
        if !names.is_empty() {
            return Some(Trouble::NotFound { names, similar: Vec::new() });
        }
        // `:: removing oniguruma breaks dependency 'oniguruma' required by jq`
        let breaks = text.lines().filter(|line| line.contains("breaks dependency"));
        let names: Vec<String> = breaks
            .filter_map(|line| Some(line.rsplit_once("required by ")?.1.trim().to_owned()))
            .collect();
        if !names.is_empty() {
            return Some(Trouble::Removals { names });
        }
        if text.contains("The requested URL returned error: 404") {
            let said = "the mirror has newer packages than the index".to_owned();
            return Some(Trouble::Stale { said });
        }
        if text.contains("could not satisfy dependencies") || text.contains("are in conflict") {
            return Some(Trouble::Unmet { lines: crate::packages::trouble::tail_of(text) });
        }
        classify_common(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: i32, stdout: &str, stderr: &str) -> Captured {
        Captured { code: Some(code), stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn packages_are_read_from_the_index_and_from_a_search() {
        let show = said(0, include_str!("../../../tests/fixtures/pacman/show.txt"), "");
        let jq = Known {
            name: "jq".into(),
            version: "1.7.1-2".into(),
            summary: "Command-line JSON processor".into(),
        };
        assert_eq!(Pacman.parse_show(&show), std::slice::from_ref(&jq));
        let search = said(0, include_str!("../../../tests/fixtures/pacman/search.txt"), "");
        let found = Pacman.parse_search(&search);
        assert_eq!((found.len(), &found[0]), (3, &jq));
    }

    #[test]
    fn a_simulation_tells_what_comes_and_how_much_is_fetched() {
        let text = said(0, "oniguruma 6.9.9-1 203421\njq 1.7.1-2 384000\n", "");
        let told = Pacman.parse_simulation(PackageOperation::Install, &text).unwrap();
        assert_eq!((told.steps.len(), told.download_bytes), (2, Some(587_421)));
    }

    #[test]
    fn who_would_break_is_named() {
        let text = said(
            1,
            "",
            "error: failed to prepare transaction (could not satisfy dependencies)\n:: removing oniguruma breaks dependency 'oniguruma' required by jq\n",
        );
        let trouble = Pacman.parse_simulation(PackageOperation::Remove, &text).unwrap_err();
        assert_eq!(trouble, Trouble::Removals { names: vec!["jq".into()] });
    }

    #[test]
    fn it_never_refreshes_alone() {
        assert_eq!(Pacman.refresh(), None);
        let names = ["jq".to_owned()];
        for line in Pacman.work(PackageOperation::Install, &names) {
            assert!(!line.iter().any(|word| word.starts_with("-Sy")), "{line:?}");
        }
    }
}
