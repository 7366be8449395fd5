//! Rust: the toolchain, and what cargo is set up with.

use super::super::{check::Found, sight::Sight};
use std::{fs, path::PathBuf};

/// rustc links with the C compiler.
pub(super) async fn linker(sight: Sight) -> Found {
    if !sight.has("rustc") {
        return Found::skipped("there is no Rust");
    }
    if ["cc", "gcc", "clang"].iter().any(|program| sight.has(program)) {
        return Found::ok("there is one");
    }
    Found::fail("no Rust program can be built: there is no C compiler to link with")
        .remedy("d1-doctor install build-essential")
        .mend(sight.install("gcc", &[]))
}

fn folder(sight: &Sight, variable: &str, usual: &str) -> Option<PathBuf> {
    match sight.var(variable) {
        Some(given) => Some(sight.host.file(&given)),
        None => sight.at_home(usual),
    }
}

/// By rustup's files: what it would choose, and whether that is there.
pub(super) async fn toolchain(sight: Sight) -> Found {
    let rustup = folder(&sight, "RUSTUP_HOME", ".rustup");
    let Some(rustup) = rustup.filter(|folder| sight.has("rustup") && folder.is_dir()) else {
        return Found::skipped("there is no rustup");
    };
    let text = super::super::sight::read(&rustup.join("settings.toml")).ok().flatten();
    let Ok(settings) = toml::from_str::<toml::Table>(&text.unwrap_or_default()) else {
        return Found::unknown("rustup's settings are not of the known form");
    };
    let noted = settings.get("default_toolchain").and_then(toml::Value::as_str);
    let Some(name) = sight.var("RUSTUP_TOOLCHAIN").or_else(|| noted.map(str::to_owned)) else {
        return Found::skipped("none is the default");
    };
    let entries = match fs::read_dir(rustup.join("toolchains")) {
        Ok(entries) => {
            entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Found::unreadable("rustup's toolchains", &error),
    };
    // `stable` stands for `stable-x86_64-unknown-linux-gnu`.
    let is_it = |there: &String| *there == name || there.starts_with(&format!("{name}-"));
    if name.starts_with('/') || entries.iter().any(is_it) {
        return Found::ok(name);
    }
    Found::warn("the toolchain that rustc and cargo are to run is not installed")
        .details([name.clone()])
        .remedy(format!("rustup toolchain install {name}"))
}

/// cargo's own settings, and the file they are in.
fn settings(sight: &Sight) -> Result<Option<(toml::Table, PathBuf)>, Found> {
    let Some(cargo) = folder(sight, "CARGO_HOME", ".cargo") else { return Ok(None) };
    // Of two, cargo takes the one without an ending.
    for name in ["config", "config.toml"] {
        let path = cargo.join(name);
        let text = match super::super::sight::read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            Err(error) => return Err(Found::unreadable("cargo's settings", &error)),
        };
        let shown = sight.shown(&path);
        return match toml::from_str(&text) {
            Ok(table) => Ok(Some((table, path))),
            Err(error) => Err(Found::fail("cargo does nothing: it cannot read its own settings")
                .details([format!("{shown}: {}", error.message())])
                .remedy(format!("mend {shown}"))),
        };
    }
    Ok(None)
}

pub(super) async fn config(sight: Sight) -> Found {
    if !sight.has("cargo") {
        return Found::skipped("there is no cargo");
    }
    match settings(&sight) {
        Ok(Some(_)) => Found::ok("they can"),
        Ok(None) => Found::skipped("there are none"),
        Err(found) => found,
    }
}

/// cargo runs every rustc through it.
pub(super) async fn wrapper(sight: Sight) -> Found {
    if !sight.has("cargo") {
        return Found::skipped("there is no cargo");
    }
    let (program, place) = match (sight.var("RUSTC_WRAPPER"), settings(&sight)) {
        (Some(program), _) => (program, "the variable RUSTC_WRAPPER".to_owned()),
        (None, Ok(Some((settings, path)))) => {
            let build = settings.get("build").and_then(toml::Value::as_table);
            let wrapper = build.and_then(|build| build.get("rustc-wrapper")?.as_str());
            match wrapper {
                Some(program) if !program.is_empty() => (program.to_owned(), sight.shown(&path)),
                Some(_) | None => return Found::skipped("none is set"),
            }
        }
        (None, Ok(None) | Err(_)) => return Found::skipped("none is set"),
    };
    let is_there = match program.starts_with('/') {
        true => sight.host.file(&program).exists(),
        // A path that is relative is relative to the settings; only names are looked for.
        false => program.contains('/') || sight.has(&program),
    };
    if is_there {
        return Found::ok(program);
    }
    Found::fail("cargo builds nothing: what it runs rustc through is not there")
        .details([format!("{program}, from {place}")])
        .remedy(format!("install {program}, or take it out of {place}"))
}
