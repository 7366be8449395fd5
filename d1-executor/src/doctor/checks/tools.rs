//! The tools of a developer: git, languages, and what their variables point to.

use super::super::{check::Found, sight::Sight};

pub(super) async fn git(sight: Sight) -> Found {
    if sight.has("git") {
        return Found::ok("it is");
    }
    Found::warn("there is no git, and nearly every tool asks for it")
        .remedy("d1-doctor install git")
        .mend(sight.install("git", &[]))
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

/// Asks each shell whether it can read its own start-up file.
pub(super) async fn start_up_files(sight: Sight) -> Found {
    const FILES: [(&str, &str); 3] =
        [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", ".config/fish/config.fish")];
    let (mut wrong, mut read) = (Vec::new(), 0);
    for (shell, file) in FILES {
        let Some(path) = sight.at_home(file).filter(|path| path.exists()) else { continue };
        if !sight.has(shell) {
            continue;
        }
        let Some(path) = path.to_str() else { continue };
        match sight.ask(&[shell, "-n", path]).await {
            Ok(said) if said.ok() => read += 1,
            Ok(said) => {
                let text = said.text();
                let first = text.lines().next().unwrap_or("it does not say why").to_owned();
                wrong.push(format!("~/{file}: {}", first.replace(path, "line")));
            }
            Err(error) => return Found::unknown(format!("{shell} does not tell: {error}")),
        }
    }
    if !wrong.is_empty() {
        return Found::fail("a shell stops in the middle of its start-up file")
            .details(wrong)
            .remedy("mend the line that is named");
    }
    if read == 0 { Found::skipped("there are none") } else { Found::ok(format!("{read} can")) }
}

pub(super) async fn ssh_agent(sight: Sight) -> Found {
    let Some(socket) = sight.var("SSH_AUTH_SOCK") else {
        return Found::skipped("no agent is named");
    };
    match sight.host.file(&socket).try_exists() {
        Ok(true) => return Found::ok("it is there"),
        Ok(false) => {}
        Err(error) => return Found::unreadable("the agent's socket", &error),
    }
    Found::warn("the ssh agent that is named is gone, and keys are asked for again and again")
        .remedy("eval \"$(ssh-agent)\"; ssh-add")
}
