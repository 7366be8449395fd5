//! winget: Windows.
//!
//! model: tested against recorded output and a fake program on PATH, not on a real machine.

use super::dialect::{Dialect, Known, Present, Simulated, Words, classify_common, words};
use crate::packages::{Captured, trouble::Trouble};
use d1_core::{CommandName, Manager, PackageOperation};

/// winget.
#[derive(Debug)]
pub(super) struct Winget;

/// Nobody is there to be asked.
const QUIET: [&str; 2] = ["--accept-source-agreements", "--disable-interactivity"];

fn winget(fixed: &[&str]) -> Words {
    words(&[&["winget"], fixed].concat(), &QUIET)
}

impl Dialect for Winget {
    fn kind(&self) -> Manager {
        Manager::Winget
    }

    fn program(&self) -> &'static str {
        "winget"
    }

    fn index_places(&self) -> &'static [&'static str] {
        &[]
    }

    fn list(&self) -> Vec<Words> {
        vec![winget(&["list"])]
    }

    /// winget knows no packages that came only for others.
    fn parse_list(&self, said: &[Captured], _marks: &str) -> Vec<Present> {
        let all = said.first().map(|all| table(&all.stdout)).unwrap_or_default();
        let present =
            |(name, version): (String, String)| Present { name, version, automatic: false };
        all.into_iter().map(present).collect()
    }

    fn show(&self, names: &[String]) -> Vec<Words> {
        names.iter().map(|name| winget(&["show", "--exact", "--id", name])).collect()
    }

    /// `Found jq [jqlang.jq]`, then `Version: 1.7.1` and more.
    fn parse_show(&self, said: &Captured) -> Vec<Known> {
        let mut known: Option<Known> = None;
        for line in said.stdout.lines() {
            let found = line.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
            if let Some((title, id)) =
                found.strip_prefix("Found ").and_then(|rest| rest.rsplit_once(" ["))
            {
                let name = id.trim_end().trim_end_matches(']').to_owned();
                known = Some(Known { name, version: String::new(), summary: title.to_owned() });
            } else if let (Some(known), Some(version)) =
                (&mut known, line.strip_prefix("Version: "))
            {
                known.version = version.trim().to_owned();
            }
        }
        known.into_iter().collect()
    }

    fn search(&self, part: &str) -> Words {
        winget(&["search", "--query", part])
    }

    fn parse_search(&self, said: &Captured) -> Vec<Known> {
        let known =
            |(name, version): (String, String)| Known { name, version, summary: String::new() };
        table(&said.stdout).into_iter().map(known).collect()
    }

    fn provides(&self, command: &CommandName) -> Words {
        winget(&["search", "--exact", "--command", command.as_str()])
    }

    fn parse_provides(&self, said: &Captured) -> Vec<String> {
        table(&said.stdout).into_iter().map(|(name, _)| name).collect()
    }

    fn simulate(&self, _operation: PackageOperation, _names: &[String]) -> Option<Words> {
        None
    }

    fn parse_simulation(
        &self,
        _operation: PackageOperation,
        _said: &Captured,
    ) -> Result<Simulated, Trouble> {
        Ok(Simulated::default())
    }

    /// One command for each package: one that fails does not hide the others.
    fn work(&self, operation: PackageOperation, names: &[String]) -> Vec<Words> {
        let one = |name: &String| match operation {
            PackageOperation::Install => winget(&[
                "install",
                "--exact",
                "--id",
                name,
                "--silent",
                "--accept-package-agreements",
            ]),
            PackageOperation::Remove => winget(&["uninstall", "--exact", "--id", name, "--silent"]),
        };
        names.iter().map(one).collect()
    }

    fn refresh(&self) -> Option<Words> {
        Some(words::<&str>(&["winget", "source", "update", "--disable-interactivity"], &[]))
    }

    fn mark(&self, _automatic: bool, _names: &[String]) -> Option<Words> {
        None
    }

    fn classify(&self, text: &str) -> Option<Trouble> {
        if text.contains("No package found matching input criteria") {
            return Some(Trouble::NotFound { names: vec!["it".into()], similar: Vec::new() });
        }
        if text.contains("administrator") && text.contains("requires") {
            return Some(Trouble::NeedsRoot);
        }
        if text.contains("Another installation is already in progress") {
            return Some(Trouble::LockHeld { holder: String::new() });
        }
        if text.contains("0x80072ee7") || text.contains("InternetOpenUrl() failed") {
            let said = crate::packages::trouble::tail_of(text).join(" ");
            return Some(Trouble::Unreachable { host: String::new(), said });
        }
        classify_common(text)
    }
}

/// Id and version in a table whose columns begin where its titles do.
fn table(text: &str) -> Vec<(String, String)> {
    let mut columns: Option<(usize, usize, usize)> = None;
    let mut rows = Vec::new();
    for line in text.lines() {
        // A spinner is drawn before the title, in the same line.
        let line = line.rsplit('\r').next().unwrap_or(line);
        if let Some((id, version, after)) = columns {
            let letters: Vec<char> = line.chars().collect();
            let cell = |from: usize, to: usize| -> String {
                let to = to.min(letters.len());
                letters
                    .get(from..to)
                    .unwrap_or_default()
                    .iter()
                    .collect::<String>()
                    .trim()
                    .to_owned()
            };
            let (id, version) = (cell(id, version), cell(version, after));
            if !id.is_empty() && !id.contains(' ') && !id.starts_with('-') {
                rows.push((id, version));
            }
        } else {
            columns = titles(line);
        }
    }
    rows
}

/// Where `Id` and `Version` begin, and where the column after them does.
fn titles(line: &str) -> Option<(usize, usize, usize)> {
    let place = |title: &str| line.find(title).map(|at| line[..at].chars().count());
    let (id, version) = (place(" Id ")? + 1, place(" Version")? + 1);
    let later = ["Available", "Match", "Source"].iter().filter_map(|title| place(title));
    let after = later.filter(|at| *at > version).min().unwrap_or(usize::MAX);
    (version > id).then_some((id, version, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str) -> Captured {
        Captured { code: Some(0), stdout: stdout.into(), stderr: String::new() }
    }

    #[test]
    fn a_table_is_read_by_its_columns_whatever_the_names_contain() {
        let list =
            Winget.parse_list(&[said(include_str!("../../../tests/fixtures/winget/list.txt"))], "");
        let told: Vec<_> = list.iter().map(|p| (p.name.as_str(), p.version.as_str())).collect();
        assert_eq!(
            told,
            [("jqlang.jq", "1.7.1"), ("Git.Git", "2.45.2"), ("Microsoft.Edge", "126.0.2592.68")]
        );
    }

    #[test]
    fn a_package_is_read_from_its_page() {
        let known =
            Winget.parse_show(&said(include_str!("../../../tests/fixtures/winget/show.txt")));
        assert_eq!(
            known,
            [Known { name: "jqlang.jq".into(), version: "1.7.1".into(), summary: "jq".into() }]
        );
    }

    #[test]
    fn each_package_gets_its_own_command_with_its_exact_id() {
        let names = ["Git.Git".to_owned(), "jqlang.jq".to_owned()];
        let work = Winget.work(PackageOperation::Install, &names);
        assert_eq!(work.len(), 2);
        assert!(work.iter().all(|line| line.contains(&"--exact".to_owned())));
    }
}
