//! git: its program, and what its settings say.

use super::super::{check::Found, sight::Sight};
use crate::packages::Captured;
use d1_core::Step;
use std::path::PathBuf;

/// Older ones lack what today's guides and hosts take for granted.
const OLDEST: [u32; 2] = [2, 25];

/// The helpers that come with every git.
const OWN_HELPERS: [&str; 2] = ["store", "cache"];

/// Asks git where the user stands, for the settings of a repository count, too.
pub(super) async fn ask(sight: &Sight, words: &[&str]) -> Result<Captured, Found> {
    if !sight.has("git") {
        return Err(Found::skipped("there is no git"));
    }
    let cwd = sight.cwd.as_deref().filter(|folder| folder.is_dir());
    let place: Vec<&str> = match cwd.and_then(|folder| folder.to_str()) {
        Some(folder) => vec!["git", "-C", folder],
        None => vec!["git"],
    };
    let words: Vec<&str> = place.into_iter().chain(words.iter().copied()).collect();
    sight.ask(&words).await.map_err(|error| Found::unknown(format!("git does not tell: {error}")))
}

/// What git has noted under a name; `None` when nothing.
pub(super) async fn setting(sight: &Sight, words: &[&str]) -> Result<Option<String>, Found> {
    let all: Vec<&str> = ["config"].into_iter().chain(words.iter().copied()).collect();
    let said = ask(sight, &all).await?;
    match said.code {
        Some(0) => Ok(Some(said.stdout.trim_end().to_owned())),
        // git-config(1): so it says that there is none.
        Some(1) => Ok(None),
        Some(_) | None => Err(Found::unknown("git does not tell: its settings cannot be read")),
    }
}

/// Whether a setting is on.
pub(super) async fn is_on(sight: &Sight, name: &str) -> Result<bool, Found> {
    Ok(setting(sight, &["--type=bool", "--get", name]).await?.as_deref() == Some("true"))
}

pub(super) async fn present(sight: Sight) -> Found {
    if sight.has("git") {
        return Found::ok("it is");
    }
    Found::warn("there is no git, and nearly every tool asks for it")
        .remedy("d1-doctor install git")
        .mend(sight.install("git", &[]))
}

pub(super) async fn version(sight: Sight) -> Found {
    let said = match ask(&sight, &["--version"]).await {
        Ok(said) => said,
        Err(found) => return found,
    };
    let Some(version) = said.stdout.strip_prefix("git version ").and_then(super::programs::version)
    else {
        return Found::unknown("git does not say which version it is");
    };
    let shown = version.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    if version.as_slice() >= OLDEST.as_slice() {
        return Found::ok(shown);
    }
    Found::warn(format!("git {shown} is too old for today's guides and hosts"))
        .remedy("install a newer one than this release has, for example from its backports")
}

/// git refuses to do anything when a file of settings cannot be read.
pub(super) async fn config(sight: Sight) -> Found {
    let said = match ask(&sight, &["config", "--list", "--name-only"]).await {
        Ok(said) => said,
        Err(found) => return found,
    };
    if said.ok() {
        return Found::ok("they can");
    }
    let wrong: Vec<&str> = said.stderr.lines().filter(|line| line.contains("bad config")).collect();
    if wrong.is_empty() {
        return Found::unknown("git does not tell what it is set to");
    }
    Found::fail("git does nothing: it cannot read its own settings")
        .details(wrong.into_iter().map(|line| line.trim_start_matches("fatal: ")))
        .remedy("mend the line that is named")
}

/// git-config(1): without a name and an address no commit can be made.
pub(super) async fn identity(sight: Sight) -> Found {
    if sight.home.is_none() {
        // git does not find the user's settings either.
        return super::keys::no_home();
    }
    let mut missing = Vec::new();
    for (variable, key) in [("GIT_AUTHOR_NAME", "user.name"), ("GIT_AUTHOR_EMAIL", "user.email")] {
        if sight.var(variable).is_some() {
            continue;
        }
        match setting(&sight, &["--get", key]).await {
            Ok(Some(said)) if !said.trim().is_empty() => {}
            Ok(_) => missing.push(key),
            Err(found) => return found,
        }
    }
    if missing.is_empty() {
        return Found::ok("it does");
    }
    let found = Found::warn("no commit can be made: git does not know who you are");
    missing.iter().fold(found.details(missing.clone()), |found, key| {
        found.remedy(format!("git config --global {key} \"…\""))
    })
}

/// Written for Windows; here it puts carriage returns into scripts, which then do not run.
pub(super) async fn newlines(sight: Sight) -> Found {
    let kernel = sight.text("/proc/version").ok().flatten().unwrap_or_default();
    if kernel.to_lowercase().contains("microsoft") {
        return Found::skipped("this system shares its files with Windows");
    }
    let told = match setting(&sight, &["--show-origin", "--get", "core.autocrlf"]).await {
        Ok(Some(told)) => told,
        Ok(None) => return Found::ok("they are left as they are"),
        Err(found) => return found,
    };
    let (origin, value) = told.split_once('\t').unwrap_or(("", told.as_str()));
    if value != "true" {
        return Found::ok(format!("core.autocrlf is {value}"));
    }
    Found::warn("git ends lines as Windows does, and scripts that it checks out do not run")
        .details([format!("core.autocrlf is true in {}", place(&sight, origin))])
        .remedy("git config --global --unset core.autocrlf")
        .mend(without_newlines(&sight, origin))
}

/// Where a setting comes from, as people write it.
fn place(sight: &Sight, origin: &str) -> String {
    let path = origin.strip_prefix("file:");
    path.map_or_else(|| origin.to_owned(), |path| sight.shown(&PathBuf::from(path)))
}

/// The user's own settings without the line; what a repository says is for its people.
fn without_newlines(sight: &Sight, origin: &str) -> Option<Step> {
    let path = PathBuf::from(origin.strip_prefix("file:")?);
    let own = [".gitconfig", ".config/git/config"].map(|name| sight.at_home(name));
    if !own.contains(&Some(path.clone())) {
        return None;
    }
    let title = format!("put a # before core.autocrlf in {}", sight.shown(&path));
    let is_it = |line: &str| line.trim_start().to_lowercase().starts_with("autocrlf");
    sight.comment_out(&path, &title, "# ", is_it)
}

/// `gitcredentials(7)`: a helper that is not there is skipped, and passwords are asked for.
pub(super) async fn credential(sight: Sight) -> Found {
    let told = match setting(&sight, &["--get-regexp", r"^credential\..*helper$"]).await {
        Ok(Some(told)) => told,
        Ok(None) => return Found::skipped("no helper is set"),
        Err(found) => return found,
    };
    let own = match ask(&sight, &["--exec-path"]).await {
        Ok(said) => said.stdout.trim().to_owned(),
        Err(found) => return found,
    };
    let mut helpers: Vec<(&str, &str)> = Vec::new();
    for line in told.lines().filter(|line| line.starts_with("credential.")) {
        match line.split_once(' ') {
            Some((key, value)) if !value.trim().is_empty() => helpers.push((key, value.trim())),
            // An empty one forgets those before it.
            _ => helpers.retain(|(key, _)| *key != line.trim()),
        }
    }
    let wrong: Vec<String> = helpers
        .iter()
        .filter(|(_, helper)| !helper_is_there(&sight, &own, helper))
        .map(|(key, helper)| {
            let program = helper.split_whitespace().next().unwrap_or_default();
            format!("{key}: {program}")
        })
        .collect();
    if wrong.is_empty() {
        return Found::ok(format!("{} helpers", helpers.len()));
    }
    Found::warn("git asks for passwords again and again: the helper it calls is not there")
        .details(wrong)
        .remedy("install the helper, or take it out: git config --global --edit")
}

/// What cannot be told counts as there.
fn helper_is_there(sight: &Sight, own: &str, helper: &str) -> bool {
    // Whatever a shell has to look at first is for the shell to say.
    let plain = |word: &str| !word.contains(['$', '"', '\'', '\\', '(', '{', ';', '`', '~']);
    let first = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
    let is_there = |word: &str| {
        if word.starts_with('/') { sight.host.file(word).exists() } else { sight.has(word) }
    };
    if let Some(command) = helper.strip_prefix('!') {
        let word = first(command);
        return !plain(&word) || word.is_empty() || is_there(&word);
    }
    let word = first(helper);
    if !plain(&word) || word.starts_with('/') {
        return !plain(&word) || is_there(&word);
    }
    let program = format!("git-credential-{word}");
    OWN_HELPERS.contains(&word.as_str())
        || sight.has(&program)
        || sight.host.file(&format!("{own}/{program}")).exists()
}
