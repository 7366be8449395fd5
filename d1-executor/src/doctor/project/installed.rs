//! Programs that stand in for others: the shims of version managers. A shim is never run, for it
//! may fetch what is missing, or run what a project tells it to; its manager's folders tell as
//! well what is installed.

use super::release::Release;
use crate::doctor::sight::Sight;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The most versions of one tool that are looked at.
const MOST: usize = 1000;

/// A program that stands in for whichever version is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Shim {
    /// Whose it is.
    pub(in crate::doctor) manager: &'static str,
    /// The versions its manager has; `None` when it fetches what is wanted by itself.
    pub(in crate::doctor) versions: Option<Vec<Release>>,
    /// The command that has it fetch another.
    pub(in crate::doctor) install: &'static str,
}

/// Managers whose shims are in `<data>/shims`, and where below the data the versions are.
const WITH_SHIMS: [(&str, &str, bool, &str); 6] = [
    ("asdf", "installs", true, "asdf install"),
    ("mise", "installs", true, "mise install"),
    ("pyenv", "versions", false, "pyenv install"),
    ("nodenv", "versions", false, "nodenv install"),
    ("rbenv", "versions", false, "rbenv install"),
    ("goenv", "versions", false, "goenv install"),
];

impl Shim {
    /// The shim that `program` is, for the tool of this name; `None` when it is the real thing.
    pub(in crate::doctor) fn of(sight: &Sight, program: &Path, tool: &str) -> Option<Self> {
        let folder = program.parent()?;
        if folder.ends_with("shims") {
            return Self::in_shims(folder.parent()?, tool);
        }
        let fetches = |manager| Self { manager, versions: None, install: "" };
        if folder.ends_with(".volta/bin") {
            return Some(fetches("volta"));
        }
        if tool == "rust" && folder.join("rustup").exists() {
            return Some(Self::rustup(sight));
        }
        let real = fs::canonicalize(program).ok()?;
        real.components().any(|part| part.as_os_str() == "corepack").then(|| fetches("corepack"))
    }

    fn in_shims(data: &Path, tool: &str) -> Option<Self> {
        let name = data.file_name()?.to_string_lossy();
        let known =
            |(manager, ..): &&(&str, &str, bool, &str)| name.trim_start_matches('.') == *manager;
        let (manager, versions, by_tool, install) = *WITH_SHIMS.iter().find(known)?;
        let folder = data.join(versions);
        let names = match tool {
            "node" => ["node", "nodejs"],
            "go" => ["go", "golang"],
            other => [other, other],
        };
        let folders: Vec<PathBuf> = if by_tool {
            names.iter().map(|name| folder.join(name)).collect()
        } else {
            vec![folder]
        };
        let there = folders.iter().flat_map(|folder| releases(folder)).collect();
        Some(Self { manager, versions: Some(there), install })
    }

    /// rustup keeps a folder for every toolchain, as `1.90.0-x86_64-unknown-linux-gnu`.
    fn rustup(sight: &Sight) -> Self {
        let given = sight.var("RUSTUP_HOME").filter(|path| path.starts_with('/'));
        let home = given.map(|path| sight.host.file(&path)).or_else(|| sight.at_home(".rustup"));
        let there = home.map(|home| releases(&home.join("toolchains"))).unwrap_or_default();
        Self { manager: "rustup", versions: Some(there), install: "rustup toolchain install" }
    }
}

/// The releases that folders are called by; one without a number is some release, and counts for
/// whoever takes any.
fn releases(folder: &Path) -> Vec<Release> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names =
        entries.flatten().take(MOST).filter_map(|entry| entry.file_name().into_string().ok());
    names.map(|name| numbers(&name)).collect()
}

fn numbers(name: &str) -> Release {
    let said = |text: &str| Release::leading(text).map(|(release, _)| release);
    // Of `v18.19.1` and `temurin-17.0.9+9` what counts is behind the `v` and the builder.
    let behind = || name.split_once('-').and_then(|(_, rest)| said(rest));
    said(name.trim_start_matches('v')).or_else(behind).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn folders_are_understood_as_managers_name_them() {
        for (name, release) in [
            ("3.11.9", "3.11.9"),
            ("v18.19.1", "18.19.1"),
            ("temurin-17.0.9+9", "17.0.9"),
            ("1.90.0-x86_64-unknown-linux-gnu", "1.90.0"),
            ("stable-x86_64-unknown-linux-gnu", "0.0.0"),
            ("latest", "0.0.0"),
        ] {
            assert_eq!(numbers(name).to_string(), release, "{name}");
        }
    }
}
