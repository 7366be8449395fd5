//! node and npm.

use super::{
    super::{check::Found, sight::Sight},
    keys::no_home,
    path::folders,
};
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// More files of npm's cache than this are not looked at.
const MOST_FILES: usize = 4096;
/// By what the folders of the managers are known.
const MANAGERS: [(&str, &str); 7] = [
    ("nvm", "/.nvm/versions/"),
    ("volta", "/.volta/bin"),
    ("fnm", "/fnm_multishells/"),
    ("asdf", "/.asdf/shims"),
    ("mise", "/mise/installs/node"),
    ("mise", "/mise/shims"),
    ("nodenv", "/.nodenv/shims"),
];

/// Where npm is told to put programs, by the user; the folder as they wrote it, and where it is.
pub(super) fn prefix(sight: &Sight) -> Option<(String, PathBuf)> {
    let variables = ["npm_config_prefix", "NPM_CONFIG_PREFIX"];
    let given = variables.iter().find_map(|name| sight.var(name)).or_else(|| {
        let text = super::super::sight::read(&sight.at_home(".npmrc")?).ok().flatten()?;
        text.lines().find_map(|line| Some(setting(line)?.to_owned()))
    })?;
    let home = ["~", "${HOME}", "$HOME"].iter().find_map(|home| given.strip_prefix(home));
    let path = match home {
        Some(below) => sight.at_home(below.trim_start_matches('/'))?,
        None if given.starts_with('/') => sight.host.file(&given),
        None => return None,
    };
    Some((given, path))
}

/// The value of a line that sets the prefix.
fn setting(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    (name.trim() == "prefix")
        .then(|| value.trim().trim_matches(['"', '\'']))
        .filter(|v| !v.is_empty())
}

/// What of these belongs to somebody else.
fn others<'a>(sight: &Sight, paths: impl Iterator<Item = &'a PathBuf>) -> Vec<String> {
    let owner = |path: &PathBuf| Some(fs::symlink_metadata(path).ok()?.uid());
    paths
        .filter_map(|path| {
            let owner = owner(path).filter(|owner| *owner != sight.uid)?;
            Some(format!("{} belongs to user {owner}", sight.shown(path)))
        })
        .collect()
}

pub(super) async fn global(sight: Sight) -> Found {
    if !sight.has("npm") {
        return Found::skipped("there is no npm");
    }
    let Some((given, path)) = prefix(&sight) else {
        return Found::skipped("npm has no folder that you chose");
    };
    if sight.uid == 0 {
        return Found::ok("the administrator can");
    }
    let inside = ["", "lib", "lib/node_modules", "bin"].map(|name| path.join(name));
    let wrong = others(&sight, inside.iter());
    if wrong.is_empty() {
        return Found::ok(given);
    }
    Found::fail("npm install -g fails: its folder is not yours, often after a sudo npm")
        .details(wrong)
        .remedy(format!("sudo chown -R \"$USER\" {given}"))
}

pub(super) async fn cache(sight: Sight) -> Found {
    let Some(folder) = sight.at_home(".npm") else { return no_home() };
    if sight.uid == 0 || !folder.is_dir() {
        return Found::skipped("there is none, or it is the administrator's");
    }
    let mut paths = vec![folder.clone()];
    walk(&folder, &mut paths);
    let wrong = others(&sight, paths.iter());
    if wrong.is_empty() {
        return Found::ok("it is");
    }
    Found::fail("npm stops at files that are not yours, left by a sudo npm")
        .details(wrong)
        .remedy("sudo chown -R \"$USER\" ~/.npm")
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if paths.len() >= MOST_FILES {
            return;
        }
        paths.push(entry.path());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&entry.path(), paths);
        }
    }
}

pub(super) async fn managers(sight: Sight) -> Found {
    let has_node = |folder: &&String| sight.host.file(&format!("{folder}/node")).exists();
    let folders = folders(&sight).unwrap_or_default();
    let mut active: Vec<(&str, &String)> = Vec::new();
    for folder in folders.iter().filter(has_node) {
        let manager = MANAGERS.iter().find(|(_, mark)| format!("{folder}/").contains(mark));
        if let Some((name, _)) = manager
            && !active.iter().any(|(known, _)| known == name)
        {
            active.push((name, folder));
        }
    }
    match active.as_slice() {
        [] => Found::skipped("none is"),
        [(name, _)] => Found::ok(*name),
        [(first, _), ..] => {
            Found::warn(format!("several managers bring a node each; that of {first} is run"))
                .details(active.iter().map(|(name, folder)| format!("{name}: {folder}")))
                .remedy("keep one, and take the others out of your shell's start-up file")
        }
    }
}

/// nvm refuses to choose a version while npm has a prefix.
pub(super) async fn nvm_prefix(sight: Sight) -> Found {
    let given = sight.var("NVM_DIR").map(|folder| sight.host.file(&folder));
    let Some(nvm) = given.or_else(|| sight.at_home(".nvm")) else { return no_home() };
    if !nvm.join("nvm.sh").exists() {
        return Found::skipped("there is no nvm");
    }
    let Some((given, _)) = prefix(&sight) else { return Found::ok("it can") };
    let settings = sight.at_home(".npmrc");
    let is_it = |line: &str| setting(line).is_some();
    let step = settings.and_then(|path| {
        sight.comment_out(&path, "put a # before the prefix in ~/.npmrc", "# ", is_it)
    });
    // A variable is not mended by a file.
    let of_file = sight.var("npm_config_prefix").or_else(|| sight.var("NPM_CONFIG_PREFIX"));
    Found::fail("nvm refuses to choose a version of node, for npm has a folder of its own")
        .details([format!("prefix is {given}")])
        .remedy("take `prefix` out of ~/.npmrc, and unset NPM_CONFIG_PREFIX")
        .mend(step.filter(|_| of_file.is_none()))
}

pub(super) async fn starts(sight: Sight) -> Found {
    if !sight.has("node") {
        return Found::skipped("there is no node");
    }
    match sight.ask(&["node", "--version"]).await {
        Ok(said) if said.ok() => Found::ok(said.stdout.trim()),
        Ok(said) => Found::fail("node does not start")
            .details(said.stderr.lines().filter(|line| !line.trim().is_empty()).take(3))
            .remedy("install it anew; it was built for another system, or misses a library"),
        Err(error) => Found::unknown(format!("node does not tell: {error}")),
    }
}
