//! The user's own programs: whether they are found, and whether they can start.

use super::{
    super::{check::Found, sight::Sight},
    accounts::user,
    node::prefix,
    path::folders,
    shell::start_up_texts,
};
use d1_core::Step;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// The most programs of one folder that are looked at.
const MOST: usize = 2000;
/// More than this no program says of its version, in bytes.
const MOST_SAID: usize = 4096;
/// Where programs of the user are put, below the home, and what names them in start-up files.
const FOLDERS: [(&str, &[&str]); 3] = [
    (".local/bin", &[".local/bin"]),
    (".cargo/bin", &[".cargo/bin", ".cargo/env"]),
    ("go/bin", &["go/bin", "GOPATH/bin", "GOPATH}/bin", "GOBIN"]),
];
/// Programs of which people install a newer one for themselves, and how each is asked for its
/// version.
const COMPARED: [(&str, &str); 12] = [
    ("git", "--version"),
    ("node", "--version"),
    ("npm", "--version"),
    ("python3", "--version"),
    ("pip", "--version"),
    ("rustc", "--version"),
    ("cargo", "--version"),
    ("go", "version"),
    ("cmake", "--version"),
    ("nvim", "--version"),
    ("gh", "--version"),
    ("kubectl", "version"),
];

/// The first number with dots in a text, number by number: `git version 2.39.5`.
pub(super) fn version(text: &str) -> Option<Vec<u32>> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    let number = |word: &str| {
        let start = word.find(|c: char| c.is_ascii_digit())?;
        let parts: Option<Vec<u32>> = word[start..]
            .trim_end_matches(|c: char| !c.is_ascii_digit())
            .split('.')
            .map(|part| part.parse().ok())
            .collect();
        parts.filter(|parts| parts.len() > 1)
    };
    words.into_iter().find_map(number)
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn has_programs(folder: &Path) -> bool {
    fs::read_dir(folder)
        .is_ok_and(|entries| entries.flatten().take(MOST).any(|entry| is_program(&entry.path())))
}

/// The user's search path as places on the machine.
fn places(sight: &Sight) -> Vec<PathBuf> {
    let folders = folders(sight).unwrap_or_default();
    folders.iter().filter(|f| f.starts_with('/')).map(|folder| sight.host.file(folder)).collect()
}

/// Programs in a folder that no shell looks into.
pub(super) async fn user_folders(sight: Sight) -> Found {
    let Some(home) = sight.home.clone() else { return super::keys::no_home() };
    if folders(&sight).is_none() {
        return Found::skipped("there is no search path");
    }
    let places = places(&sight);
    let texts = start_up_texts(&sight);
    let of_npm = prefix(&sight).map(|(_, path)| path.join("bin"));
    let known = FOLDERS.iter().map(|(inside, marks)| (home.join(inside), *marks));
    let all = known.chain(of_npm.map(|path| (path, [].as_slice())));
    let (mut unfound, mut later, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    for (folder, marks) in all {
        let real = fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
        let same = |place: &PathBuf| {
            *place == folder || fs::canonicalize(place).is_ok_and(|place| place == real)
        };
        if !has_programs(&folder) || places.iter().any(same) {
            continue;
        }
        let shown = sight.shown(&folder);
        let inside = shown.trim_start_matches("~/").to_owned();
        let names = |line: &str| {
            let named = marks.iter().any(|mark| line.contains(mark)) || line.contains(&inside);
            named && !line.trim_start().starts_with('#')
        };
        if texts.iter().any(|(_, text)| text.lines().any(names)) {
            later.push(format!(
                "{shown} is named in a start-up file, and is found from the next login on"
            ));
            continue;
        }
        steps.extend(on_path(&sight, &inside));
        unfound.push(shown);
    }
    if unfound.is_empty() {
        return Found::ok("they are, or will be at the next login").details(later);
    }
    let all = unfound.join(":").replace("~/", "$HOME/");
    Found::warn("programs that you installed for yourself are not found")
        .details(unfound)
        .remedy(format!("add to ~/.profile: export PATH=\"{all}:$PATH\""))
        .remedy("then log out and in")
        .mend(steps)
}

/// A line in the file that the login shell reads; `None` when we do not know which that is.
fn on_path(sight: &Sight, inside: &str) -> Option<Step> {
    let shell = user(sight)?.shell;
    let file = match shell.rsplit('/').next()? {
        // bash(1): it reads the first of these, and no other.
        "bash" if [".bash_profile", ".bash_login"].iter().any(|f| exists(sight, f)) => None,
        "bash" | "dash" | "ash" => Some(".profile"),
        "zsh" => Some(".zprofile"),
        _ => shell.ends_with("/sh").then_some(".profile"),
    }?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if inside.starts_with('/') || !inside.chars().all(is_plain) {
        return None;
    }
    let step =
        sight.add_line(&sight.at_home(file)?, &format!("export PATH=\"$HOME/{inside}:$PATH\""))?;
    Some(Step { warning: "it takes effect at the next login".into(), ..step })
}

fn exists(sight: &Sight, inside: &str) -> bool {
    sight.at_home(inside).is_some_and(|path| path.exists())
}

/// Programs of the user that cannot start: links to nowhere, scripts without what runs them.
pub(super) async fn broken(sight: Sight) -> Found {
    let Some(home) = sight.home.clone() else { return super::keys::no_home() };
    let own = places(&sight).into_iter().filter(|folder| folder.starts_with(&home));
    let (mut wrong, mut seen) = (Vec::new(), 0);
    // What shims stand for is another question.
    for folder in own.filter(|folder| !folder.ends_with("shims")) {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut paths: Vec<PathBuf> = entries.flatten().take(MOST).map(|e| e.path()).collect();
        paths.sort();
        seen += paths.len();
        for path in paths {
            if let Some(flaw) = flaw(&sight, &path) {
                wrong.push(format!("{}: {flaw}", sight.shown(&path)));
            }
        }
    }
    wrong.dedup();
    if wrong.is_empty() {
        return Found::ok(format!("{seen} programs"));
    }
    Found::warn("programs of yours cannot start: what they need was removed or moved")
        .details(wrong)
        .remedy("install them anew (pipx reinstall-all, npm install -g …), or remove them")
}

fn flaw(sight: &Sight, path: &Path) -> Option<String> {
    if let Ok(target) = fs::read_link(path) {
        let gone = matches!(path.try_exists(), Ok(false));
        return gone.then(|| format!("it leads to {}, which is not there", target.display()));
    }
    if !is_program(path) {
        return None;
    }
    let text = super::super::sight::head(path)?;
    let word = text.strip_prefix("#!")?.lines().next()?.split_whitespace().next()?.to_owned();
    let gone = word.starts_with('/') && matches!(sight.host.file(&word).try_exists(), Ok(false));
    gone.then(|| format!("it is run by {word}, which is not there"))
}

/// The system's program is run although the user installed a newer one for themselves.
pub(super) async fn shadowed(sight: Sight) -> Found {
    let Some(home) = sight.home.clone() else { return super::keys::no_home() };
    let places = places(&sight);
    let mut wrong = Vec::new();
    for (name, word) in COMPARED {
        let found: Vec<PathBuf> =
            places.iter().map(|folder| folder.join(name)).filter(|path| is_program(path)).collect();
        let (Some(first), Some(own)) =
            (found.first(), found.iter().find(|path| path.starts_with(&home)))
        else {
            continue;
        };
        let real = |path: &Path| fs::canonicalize(path).ok();
        if first.starts_with(&home) || real(first) == real(own) {
            continue;
        }
        let (Some(old), Some(new)) =
            (told(&sight, first, word).await, told(&sight, own, word).await)
        else {
            continue;
        };
        if old < new {
            let numbers = |v: &[u32]| v.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
            wrong.push(format!(
                "{name}: {} ({}) is run, and not {} ({})",
                sight.shown(first),
                numbers(&old),
                sight.shown(own),
                numbers(&new)
            ));
        }
    }
    if wrong.is_empty() {
        return Found::ok("none is");
    }
    Found::warn("an older program is run in the place of the one you installed for yourself")
        .details(wrong)
        .remedy("put your own folder in front of PATH, in ~/.profile")
}

async fn told(sight: &Sight, program: &Path, word: &str) -> Option<Vec<u32>> {
    let said = sight.ask(&[program.to_str()?, word]).await.ok()?;
    let is_text = said.stdout.len() <= MOST_SAID && !said.stdout.contains('\u{fffd}');
    if said.ok() && is_text { version(&said.stdout) } else { None }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_version_is_the_first_number_with_dots() {
        for (text, expected) in [
            ("git version 2.39.5 (Apple Git-154)", Some(vec![2, 39, 5])),
            ("v20.11.1\n", Some(vec![20, 11, 1])),
            ("go version go1.22.3 linux/amd64", Some(vec![1, 22, 3])),
            ("rustc 1.95.0-nightly (abc 2026-01-01)", Some(vec![1, 95, 0])),
            ("NVIM v0.9.5", Some(vec![0, 9, 5])),
            ("maya", None),
            ("7", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
