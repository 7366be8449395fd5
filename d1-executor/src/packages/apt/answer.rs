//! Answers about packages from apt's index. Reads only, and never asks the network.

use super::{
    Apt,
    index::clean,
    names::{canonical, is_legal},
};
use crate::packages::{ToolError, similar};
use d1_core::{Answer, CommandName, IndexEntry, Manager, PackageName, Query};
use std::collections::BTreeSet;

/// How many packages an answer lists.
const MOST_ANSWERS: usize = 5;
/// How many close names are looked up to find those that can be installed.
const MOST_GUESSES: usize = 15;

impl Apt {
    pub(super) async fn answer_all(&self, queries: &[Query]) -> Vec<Answer> {
        match self.try_answer_all(queries).await {
            Ok(answers) => answers,
            Err(error) => queries.iter().map(|_| Answer::Unknown(error.to_string())).collect(),
        }
    }

    async fn try_answer_all(&self, queries: &[Query]) -> Result<Vec<Answer>, ToolError> {
        let native = self.native().await?;
        let has_index = self.layout().await?.has_index();
        // One question to apt for all packages: reading its index is what takes time.
        let entries = self.entries(&asked_for(queries), &native).await?;
        let mut answers = Vec::new();
        for query in queries {
            answers.push(match query {
                Query::Package { manager: Manager::Apt, name } => {
                    let wanted = canonical(name.as_str(), None, &native);
                    let found = entries.iter().find(|entry| entry.name.as_str() == wanted);
                    match found {
                        None if !has_index => no_index(),
                        None => Answer::Packages(Vec::new()),
                        Some(entry) => Answer::Packages(vec![entry.clone()]),
                    }
                }
                Query::Similar { manager: Manager::Apt, .. } if !has_index => no_index(),
                Query::Similar { manager: Manager::Apt, name } => {
                    Answer::Packages(self.similar(name, &native).await?)
                }
                Query::Provides { manager: Manager::Apt, command } => {
                    self.provides(command, &native).await?
                }
                Query::Package { .. }
                | Query::Similar { .. }
                | Query::Provides { .. }
                | Query::Command(_)
                | Query::Registry(_) => Answer::Unknown("this is not a question for apt".into()),
            });
        }
        Ok(answers)
    }

    /// What the index or dpkg knows of these packages; the others are left out.
    async fn entries(&self, names: &[String], native: &str) -> Result<Vec<IndexEntry>, ToolError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let versions = self.versions(names, native).await?;
        let known: Vec<String> = names
            .iter()
            .map(|name| canonical(name, None, native))
            .filter(|name| {
                versions.get(name).is_some_and(|v| v.candidate.is_some() || v.installed.is_some())
            })
            .collect();
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let records = self.records(&known, native).await?;
        let entry = |name: String| {
            let versions = versions.get(&name)?;
            let record = records.iter().find(|record| record.name == name);
            Some(IndexEntry {
                version: versions.candidate.clone().unwrap_or_default(),
                installed: versions.installed.clone(),
                summary: record.map_or_else(String::new, |record| clean(&record.summary)),
                name: name.parse().ok()?,
            })
        };
        Ok(known.into_iter().filter_map(entry).collect())
    }

    /// Packages that can be installed and have a name close to this one, closest first.
    pub(super) async fn similar(
        &self,
        name: &PackageName,
        native: &str,
    ) -> Result<Vec<IndexEntry>, ToolError> {
        let all = self.all_names().await?;
        let close = similar::closest(name.as_str(), all.lines(), MOST_GUESSES);
        let mut entries = self.entries(&close, native).await?;
        entries.truncate(MOST_ANSWERS);
        Ok(entries)
    }

    /// The packages that bring a command: from `apt-file`, else from the database of
    /// `command-not-found`, else from what is installed.
    async fn provides(&self, command: &CommandName, native: &str) -> Result<Answer, ToolError> {
        let pattern = format!("/s?bin/{}$", escape(command.as_str()));
        let filed = self.ask_quietly(&["apt-file", "search", "-l", "-x", &pattern]).await;
        if let Some(said) = filed.filter(|said| said.ok()) {
            let names: Vec<String> =
                said.stdout.lines().map(|line| line.trim().to_owned()).collect();
            return Ok(Answer::Packages(self.first_entries(&names, native).await?));
        }
        const HANDLER: &str = "/usr/lib/command-not-found";
        if self.hands.host.file(HANDLER).is_file() {
            let handler = self.hands.host.file(HANDLER).to_string_lossy().into_owned();
            let words =
                [handler.as_str(), "--ignore-installed", "--no-failure-msg", command.as_str()];
            if let Ok(said) = self.hands.look(&words).await {
                let names = advised(&said.text());
                return Ok(Answer::Packages(self.first_entries(&names, native).await?));
            }
        }
        let owners = self.owners(command).await?;
        if owners.is_empty() {
            return Ok(Answer::Unknown(
                "neither apt-file nor command-not-found is installed, so only installed packages can be searched".into(),
            ));
        }
        Ok(Answer::Packages(self.first_entries(&owners, native).await?))
    }

    async fn first_entries(
        &self,
        names: &[String],
        native: &str,
    ) -> Result<Vec<IndexEntry>, ToolError> {
        let legal = |name: &&String| name.parse().is_ok_and(|name: PackageName| is_legal(&name));
        let some: Vec<String> = names.iter().filter(legal).take(MOST_ANSWERS).cloned().collect();
        self.entries(&some, native).await
    }

    /// The installed packages that own a program of this name.
    async fn owners(&self, command: &CommandName) -> Result<Vec<String>, ToolError> {
        let places = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/games"];
        let files = places.iter().map(|dir| format!("{dir}/{command}"));
        let words: Vec<String> =
            ["dpkg-query", "-S", "--"].map(str::to_owned).into_iter().chain(files).collect();
        let said = self.hands.look(&words).await?;
        Ok(owners_in(&said.stdout))
    }
}

fn no_index() -> Answer {
    Answer::Unknown("apt has no package index yet; refresh it first".into())
}

/// Every package that is asked for, once, if apt can have it.
fn asked_for(queries: &[Query]) -> Vec<String> {
    let name = |query: &Query| match query {
        Query::Package { manager: Manager::Apt, name } if is_legal(name) => Some(name.to_string()),
        Query::Package { .. }
        | Query::Similar { .. }
        | Query::Provides { .. }
        | Query::Command(_)
        | Query::Registry(_) => None,
    };
    queries.iter().filter_map(name).collect::<BTreeSet<_>>().into_iter().collect()
}

/// `coreutils: /bin/ls` and `git, git-man: /usr/bin/git`; diversions are no owners.
fn owners_in(text: &str) -> Vec<String> {
    let owners = text.lines().filter(|line| !line.starts_with("diversion "));
    let owners = owners.filter_map(|line| line.split_once(": ")).map(|(owners, _)| owners);
    let mut names: Vec<String> = Vec::new();
    for name in owners.flat_map(|owners| owners.split(", ")) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The packages in lines like `sudo apt install jq` and `apt install jq  # version 1.6`.
fn advised(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let rest =
            line.split_once("apt install ").or_else(|| line.split_once("apt-get install "))?.1;
        rest.split_whitespace().next().map(str::to_owned)
    };
    text.lines().filter_map(name).collect()
}

/// A command name as a regular expression that matches nothing else.
fn escape(command: &str) -> String {
    let quote = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("[{c}]") };
    command.chars().map(quote).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_listed_once_and_diversions_are_not_owners() {
        let text = "coreutils: /bin/ls\ngit, git-man: /usr/bin/git\ncoreutils: /usr/bin/ls\ndiversion by dash from: /bin/sh\n";
        assert_eq!(owners_in(text), ["coreutils", "git", "git-man"]);
    }

    #[test]
    fn advice_for_missing_commands_is_read() {
        let text = "Command 'jq' not found, but can be installed with:\n\napt install jq  # version 1.6-2.1\nsudo apt install gojq\n";
        assert_eq!(advised(text), ["jq", "gojq"]);
    }

    #[test]
    fn a_command_name_matches_only_itself() {
        assert_eq!(escape("g++"), "g[+][+]");
        assert_eq!(escape("python3.11"), "python3[.]11");
    }
}
