//! The tools of a developer: git, languages, and what their variables point to.

use super::super::{check::Found, sight::Sight};

pub(super) async fn git(sight: Sight) -> Found {
    if sight.has("git") {
        return Found::ok("it is");
    }
    Found::warn("there is no git, and nearly every tool asks for it")
        .remedy("d1-doctor install git")
}

/// git-config(1): without a name and an address no commit can be made.
pub(super) async fn identity(sight: Sight) -> Found {
    if !sight.has("git") {
        return Found::skipped("there is no git");
    }
    let mut missing = Vec::new();
    for (variable, key) in [("GIT_AUTHOR_NAME", "user.name"), ("GIT_AUTHOR_EMAIL", "user.email")] {
        if sight.var(variable).is_some() {
            continue;
        }
        match sight.ask(&["git", "config", "--get", key]).await {
            Ok(said) if said.ok() && !said.stdout.trim().is_empty() => {}
            Ok(_) => missing.push(key),
            Err(error) => return Found::unknown(format!("git does not tell: {error}")),
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

pub(super) async fn java_home(sight: Sight) -> Found {
    let Some(home) = sight.var("JAVA_HOME") else { return Found::skipped("JAVA_HOME is not set") };
    if sight.host.file(&format!("{}/bin/java", home.trim_end_matches('/'))).exists() {
        return Found::ok("it does");
    }
    Found::warn("JAVA_HOME points to where no Java is, and build tools go by it")
        .details([home])
        .remedy("unset JAVA_HOME, or point it to a Java that is there")
}

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
