//! Python and pip.

use super::super::{check::Found, sight::Sight};
use d1_core::Step;
use std::{fs, path::PathBuf};

/// pip's settings, below the home.
const USERS_SETTINGS: [&str; 2] = [".config/pip/pip.conf", ".pip/pip.conf"];
/// What pip's setting means by yes.
const YES: [&str; 5] = ["1", "true", "yes", "on", "t"];

pub(super) async fn virtual_env(sight: Sight) -> Found {
    let Some(folder) = sight.var("VIRTUAL_ENV") else {
        return Found::skipped("no virtual environment is active");
    };
    // The interpreter is a link, and breaks when the system's Python goes.
    if sight.host.file(&format!("{}/bin/python", folder.trim_end_matches('/'))).exists() {
        return Found::ok("it does");
    }
    Found::fail("the active virtual environment has lost its Python")
        .details([folder])
        .remedy("deactivate; python3 -m venv --clear <folder>")
}

/// PEP 668: the distribution marks its own Python; this switches the guard off.
pub(super) async fn guard(sight: Sight) -> Found {
    if !is_marked(&sight) {
        return Found::skipped("the system's Python is not marked as the distribution's own");
    }
    let mut places = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    if sight.var("PIP_BREAK_SYSTEM_PACKAGES").is_some_and(|value| is_yes(&value)) {
        places.push("the variable PIP_BREAK_SYSTEM_PACKAGES".to_owned());
    }
    let own = USERS_SETTINGS.iter().filter_map(|name| sight.at_home(name));
    for path in own.chain([sight.host.file("/etc/pip.conf")]) {
        let text = super::super::sight::read(&path).ok().flatten().unwrap_or_default();
        if !text.lines().any(switches_off) {
            continue;
        }
        let shown = sight.shown(&path);
        let title = format!("put a # before break-system-packages in {shown}");
        steps.extend(sight.comment_out(&path, &title, "# ", switches_off));
        places.push(shown);
    }
    if places.is_empty() {
        return Found::ok("it does");
    }
    // A variable is not mended by a file.
    let by_files = places.len() == steps.len();
    Found::warn("pip may overwrite the system's own Python packages: its guard is switched off")
        .details(places)
        .remedy("take it out, and use a virtual environment or pipx")
        .mend(steps.into_iter().filter(|_| by_files))
}

fn is_yes(value: &str) -> bool {
    YES.contains(&value.trim().to_lowercase().as_str())
}

fn switches_off(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else { return false };
    name.trim().replace('_', "-") == "break-system-packages" && is_yes(value)
}

fn is_marked(sight: &Sight) -> bool {
    let Ok(entries) = fs::read_dir(sight.host.file("/usr/lib")) else { return false };
    entries.flatten().any(|entry| {
        entry.file_name().to_string_lossy().starts_with("python3")
            && entry.path().join("EXTERNALLY-MANAGED").exists()
    })
}

/// What a script is run by: the first word after `#!`, when that is a Python.
fn interpreter(script: &std::path::Path) -> Option<String> {
    let text = super::super::sight::head(script)?;
    let word = text.strip_prefix("#!")?.split_whitespace().next()?.to_owned();
    let base = word.rsplit('/').next().unwrap_or_default();
    base.starts_with("python").then_some(word)
}

/// By files: what pip is run by, and what `python3` is.
pub(super) async fn pip(sight: Sight) -> Found {
    let Some(pip) = ["pip", "pip3"].iter().find_map(|name| sight.host.find(name)) else {
        return Found::skipped("there is no pip");
    };
    let Some(used) = interpreter(&pip) else {
        return Found::skipped("pip is not a plain script");
    };
    let resolved = |path: PathBuf| fs::canonicalize(path).ok();
    let Some(own) = resolved(sight.host.file(&used)) else {
        return Found::fail("pip does not start: the Python it belongs to is gone")
            .details([format!("{} is run by {used}", sight.shown(&pip))])
            .remedy("python3 -m pip install --user --force-reinstall pip, or remove that pip");
    };
    let Some(python) = sight.host.find("python3").and_then(resolved) else {
        return Found::skipped("there is no python3");
    };
    // A manager of versions puts a script in its place, and decides at the last moment.
    let is_script = super::super::sight::head(&python).is_some_and(|text| text.starts_with("#!"));
    if own == python || is_script {
        return Found::ok(used);
    }
    Found::warn("what pip installs is not there for python3: they belong to two Pythons")
        .details([
            format!("{} is run by {}", sight.shown(&pip), sight.shown(&own)),
            format!("python3 is {}", sight.shown(&python)),
        ])
        .remedy("use python3 -m pip, which cannot miss")
}

/// Python finds its own library through it, and does not start when it is wrong.
pub(super) async fn home(sight: Sight) -> Found {
    let Some(home) = sight.var("PYTHONHOME") else {
        return Found::skipped("PYTHONHOME is not set");
    };
    let first = home.split(':').next().unwrap_or_default();
    let lib = sight.host.file(&format!("{first}/lib"));
    let is_python =
        |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("python");
    if fs::read_dir(lib).is_ok_and(|mut all| all.any(|e| e.is_ok_and(|e| is_python(&e)))) {
        return Found::ok("it does");
    }
    Found::fail("no Python starts: PYTHONHOME points to where none is")
        .details([home])
        .remedy("unset PYTHONHOME, and look for it in ~/.profile and ~/.bashrc")
}

/// A Python that was built by hand lacks what was not installed when it was built.
pub(super) async fn modules(sight: Sight) -> Found {
    let Some(python) = sight.host.find("python3") else {
        return Found::skipped("there is no python3");
    };
    let real = fs::canonicalize(&python).unwrap_or(python);
    if real.starts_with(sight.host.file("/usr/bin")) {
        return Found::ok("the distribution sees to its own");
    }
    match sight.ask(&["python3", "-B", "-I", "-c", "import ssl, zlib"]).await {
        Ok(said) if said.ok() => Found::ok("it can"),
        Ok(said) if said.stderr.contains("Error: ") => {
            let last = said.stderr.lines().rev().find(|line| line.contains("Error: "));
            Found::fail("python3 can fetch nothing: it was built without what it takes")
                .details(last)
                .remedy("install libssl-dev and zlib1g-dev, then build it again")
        }
        Ok(_) => Found::unknown("python3 does not tell"),
        Err(error) => Found::unknown(format!("python3 does not tell: {error}")),
    }
}
