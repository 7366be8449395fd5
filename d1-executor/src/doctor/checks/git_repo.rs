//! The repository that the user stands in.

use super::{
    super::{check::Found, sight::Sight},
    git::ask,
};
use d1_core::{File, Step};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A lock that is younger may belong to a program that works without git's own.
const YOUNG_LOCK: u64 = 10 * 60;
/// What is locked while it is written.
const LOCKS: [&str; 3] = ["index.lock", "HEAD.lock", "config.lock"];

/// A repository: where its files are, and where git keeps its own.
struct Repository {
    top: PathBuf,
    git: PathBuf,
}

/// The repository that the user stands in, found as git finds it.
fn repository(sight: &Sight) -> Option<Repository> {
    let cwd = sight.cwd.as_deref()?;
    let top = cwd.ancestors().find(|folder| folder.join(".git").exists())?;
    let git = top.join(".git");
    if git.is_dir() {
        return Some(Repository { top: top.to_path_buf(), git });
    }
    // A worktree or submodule has a file that tells where.
    let text = super::super::sight::read(&git).ok().flatten()?;
    let told = PathBuf::from(text.trim().strip_prefix("gitdir: ")?);
    Some(Repository { top: top.to_path_buf(), git: top.join(told) })
}

fn no_repository() -> Found {
    Found::skipped("this folder is in no repository")
}

/// git refuses a repository of somebody else: its settings could have it run anything.
pub(super) async fn safe_directory(sight: Sight) -> Found {
    if repository(&sight).is_none() {
        return no_repository();
    }
    let said = match ask(&sight, &["rev-parse", "--git-dir"]).await {
        Ok(said) if said.ok() => return Found::ok("it does"),
        Ok(said) => said,
        Err(found) => return found,
    };
    let line = said.stderr.lines().find(|line| line.contains("dubious ownership"));
    let Some(place) = line.and_then(|line| line.split('\'').nth(1)) else {
        return Found::unknown("git does not say what this repository is");
    };
    Found::fail("git does nothing here: the repository belongs to somebody else")
        .details([place])
        .remedy(format!("if you trust them: git config --global --add safe.directory '{place}'"))
        .remedy("or make it yours: sudo chown -R \"$USER\" <folder>")
        .mend(trust(&sight, place))
}

fn trust(sight: &Sight, place: &str) -> Option<Step> {
    // Other names would have to be quoted as git's settings want it.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if !place.chars().all(is_plain) {
        return None;
    }
    let settings = sight.at_home(".gitconfig")?;
    let step = sight.add_line(&settings, &format!("[safe] directory = {place}"))?;
    let warning = "whoever owns the repository can have your git run their programs".to_owned();
    Some(Step { warning, ..step })
}

pub(super) async fn lock(sight: Sight) -> Found {
    let Some(Repository { top, git }) = repository(&sight) else { return no_repository() };
    let is_old = |path: &PathBuf| {
        let age = sight.host.age_of_newest(std::slice::from_ref(path));
        age.is_some_and(|age| age.as_secs() > YOUNG_LOCK)
    };
    let left: Vec<PathBuf> =
        LOCKS.iter().map(|name| git.join(name)).filter(|path| is_old(path)).collect();
    if left.is_empty() {
        return Found::ok("nothing is locked, or only for a moment");
    }
    match runs_git(&sight, &top) {
        Ok(false) => {}
        Ok(true) => return Found::unknown("there is a lock, and a git that may hold it"),
        Err(error) => return Found::unreadable("the list of processes", &error),
    }
    let is_small = |path: &&PathBuf| {
        fs::metadata(path).is_ok_and(|found| found.len() <= File::MAX_BYTES as u64)
    };
    Found::fail("git refuses to work here: a lock was left by one that was cut off")
        .details(left.iter().map(|path| sight.shown(path)))
        .remedy("see that no git runs, then remove the file")
        .mend(left.iter().filter(is_small).filter_map(|path| sight.take_away(path)))
}

/// Whether a git runs that may be at work in `top`: one that we did not start ourselves, and
/// that stands there, or does not let us see where it stands.
fn runs_git(sight: &Sight, top: &Path) -> io::Result<bool> {
    let top = fs::canonicalize(top)?;
    let own = std::process::id().to_string();
    let may_be_at_work = |folder: &Path| {
        let read = |name: &str| super::super::sight::read(&folder.join(name)).ok().flatten();
        let name = read("comm").unwrap_or_default();
        // `77 (git) S 12 …`: the number of its parent is the fourth.
        let stat = read("stat").unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
        let is_git = name.trim() == "git" || name.starts_with("git-");
        let stands_there =
            || fs::read_link(folder.join("cwd")).map_or(true, |cwd| cwd.starts_with(&top));
        is_git && parent != Some(own.as_str()) && stands_there()
    };
    let entries = fs::read_dir(sight.host.file("/proc"))?;
    Ok(entries.flatten().any(|entry| may_be_at_work(&entry.path())))
}

/// `git-fsck(1)`: what a branch leads to has to be there.
pub(super) async fn objects(sight: Sight) -> Found {
    const FSCK: [&str; 5] =
        ["git", "fsck", "--connectivity-only", "--no-dangling", "--no-progress"];
    let Some(Repository { top, .. }) = repository(&sight) else { return no_repository() };
    if !sight.has("git") {
        return Found::skipped("there is no git");
    }
    let said = match sight.ask_patiently(&top, &FSCK).await {
        Ok(said) => said,
        Err(error) => return Found::unknown(format!("git does not tell: {error}")),
    };
    let text = said.text();
    let is_loss = |line: &&str| {
        let lost = ["missing ", "broken ", "error: refs/", "error: HEAD"];
        lost.iter().any(|begins| line.starts_with(begins))
    };
    let lost: Vec<&str> = text.lines().filter(is_loss).collect();
    match (said.ok(), lost.is_empty()) {
        (true, _) => Found::ok("nothing is"),
        (false, true) => Found::unknown("git cannot look through this repository"),
        (false, false) => Found::fail("the repository has lost some of what its history needs")
            .details(lost)
            .remedy("bring it back from another copy: git fetch --refetch")
            .remedy("or make a fresh clone, and keep this one until you have what is only here"),
    }
}

/// Without it a checkout has short notes in the place of large files.
pub(super) async fn lfs(sight: Sight) -> Found {
    let Some(Repository { top, .. }) = repository(&sight) else { return no_repository() };
    let file = top.join(".gitattributes");
    let text = match super::super::sight::read(&file) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => return Found::unreadable(".gitattributes", &error),
    };
    let uses = |line: &str| !line.starts_with('#') && line.contains("filter=lfs");
    if !text.lines().any(uses) {
        return Found::skipped("this repository does not use it");
    }
    if sight.has("git-lfs") {
        return Found::ok("it is");
    }
    Found::warn("this repository keeps large files with git-lfs, which is not there")
        .details([sight.shown(&file)])
        .remedy("d1-doctor install git-lfs")
        .remedy("then, here: git lfs install; git lfs pull")
        .mend(sight.install("git-lfs", &[]))
}
