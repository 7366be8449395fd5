//! Shims: small programs that managers of versions put in the place of others.

use super::super::{check::Found, sight::Sight};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The most shims of one manager that are looked at.
const MOST: usize = 1000;
/// Managers whose shims stand for a program of any version that is installed: the folder, the
/// variable that moves it, and what makes shims anew.
const BY_NAME: [(&str, &str, &str); 3] = [
    (".pyenv", "PYENV_ROOT", "pyenv rehash"),
    (".rbenv", "RBENV_ROOT", "rbenv rehash"),
    (".nodenv", "NODENV_ROOT", "nodenv rehash"),
];

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().take(MOST).filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn folder(sight: &Sight, variable: &str, usual: &str) -> Option<PathBuf> {
    match sight.var(variable) {
        Some(given) => Some(sight.host.file(&given)),
        None => sight.at_home(usual),
    }
}

pub(super) async fn stale(sight: Sight) -> Found {
    let (mut wrong, mut remedies) = (Vec::new(), Vec::new());
    for (usual, variable, remedy) in BY_NAME {
        let Some(root) = folder(&sight, variable, usual) else { continue };
        let stale = by_name(&root);
        if !stale.is_empty() {
            wrong.extend(stale.iter().map(|name| sight.shown(&root.join("shims").join(name))));
            remedies.push(remedy);
        }
    }
    if let Some(root) = folder(&sight, "ASDF_DATA_DIR", ".asdf") {
        let stale = of_asdf(&root);
        if !stale.is_empty() {
            wrong.extend(stale.iter().map(|name| sight.shown(&root.join("shims").join(name))));
            remedies.push("asdf reshim");
        }
    }
    if let Some(root) = folder(&sight, "MISE_DATA_DIR", ".local/share/mise") {
        let shims = root.join("shims");
        let gone = |name: &&String| !shims.join(name).exists();
        let all = names(&shims);
        let stale: Vec<&String> = all.iter().filter(gone).collect();
        if !stale.is_empty() {
            wrong.extend(stale.iter().map(|name| sight.shown(&shims.join(name))));
            remedies.push("mise reshim");
        }
    }
    if wrong.is_empty() {
        return Found::ok("none is");
    }
    let found = Found::warn("these are found as programs, and nothing that is installed is behind");
    remedies.into_iter().fold(found.details(wrong), Found::remedy)
}

/// Shims for which no installed version has a program.
fn by_name(root: &Path) -> Vec<String> {
    let versions: Vec<PathBuf> =
        names(&root.join("versions")).iter().map(|v| root.join("versions").join(v)).collect();
    let has = |name: &String| versions.iter().any(|v| v.join("bin").join(name).exists());
    // A hidden file is the lock that is held while shims are made.
    names(&root.join("shims")).into_iter().filter(|n| !n.starts_with('.') && !has(n)).collect()
}

/// A shim of asdf names in comments which versions have the program.
fn of_asdf(root: &Path) -> Vec<String> {
    let is_stale = |name: &String| {
        let text = super::super::sight::head(&root.join("shims").join(name)).unwrap_or_default();
        let named: Vec<Vec<&str>> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# asdf-plugin: "))
            .map(|rest| rest.split_whitespace().collect())
            .collect();
        let is_there = |words: &Vec<&str>| {
            let [plugin, version] = words.as_slice() else { return true };
            root.join("installs").join(plugin).join(version).exists()
        };
        !named.is_empty() && !named.iter().any(is_there)
    };
    names(&root.join("shims")).into_iter().filter(is_stale).collect()
}
