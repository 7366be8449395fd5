//! Shells: their start-up files, and what programs expect of them.

use super::super::{check::Found, sight::Sight};
use std::path::PathBuf;

/// What shells read when they start, below the home.
pub(super) const START_UP_FILES: [&str; 8] = [
    ".profile",
    ".bash_profile",
    ".bash_login",
    ".bashrc",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".config/fish/config.fish",
];
/// What lines have that start a manager of versions, or hang a program into the shell.
const ACTIVATIONS: [&str; 11] = [
    "nvm.sh",
    "mise activate",
    "asdf.sh",
    "pyenv init",
    "rbenv init",
    "nodenv init",
    "fnm env",
    "sdkman-init.sh",
    "direnv hook",
    "starship init",
    "zoxide init",
];
/// Where descriptions of terminals are, beside the user's own folder (`terminfo(5)`).
const TERMINFO: [&str; 4] =
    ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo"];

/// The start-up files that are there, each with its text.
pub(super) fn start_up_texts(sight: &Sight) -> Vec<(PathBuf, String)> {
    let paths = START_UP_FILES.iter().filter_map(|name| sight.at_home(name));
    let read = |path: PathBuf| {
        let text = super::super::sight::read(&path).ok().flatten()?;
        Some((path, text))
    };
    paths.filter_map(read).collect()
}

/// Asks each shell whether it can read its own start-up file.
pub(super) async fn syntax(sight: Sight) -> Found {
    const FILES: [(&str, &str); 3] =
        [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", ".config/fish/config.fish")];
    let (mut wrong, mut read) = (Vec::new(), 0);
    for (shell, file) in FILES {
        let Some(path) = sight.at_home(file).filter(|path| path.exists()) else { continue };
        if !sight.has(shell) {
            continue;
        }
        if let Err(error) = super::super::sight::read(&path) {
            return Found::unreadable(&format!("~/{file}"), &error);
        }
        let Some(path) = path.to_str() else { continue };
        match sight.ask(&[shell, "-n", path]).await {
            Ok(said) if said.ok() => read += 1,
            // One that was stopped by a signal has said nothing about the file.
            Ok(said) if said.code.is_none() => {
                return Found::unknown(format!("{shell} does not tell"));
            }
            Ok(said) => {
                let text = said.text();
                let mut lines = text.lines().filter(|line| !line.trim().is_empty());
                let first = lines.next().unwrap_or("it does not say why").to_owned();
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

/// Installers add their line at every run, and each costs time at every start.
pub(super) async fn activation(sight: Sight) -> Found {
    let (mut twice, mut steps, mut seen) = (Vec::new(), Vec::new(), 0);
    for (path, text) in start_up_texts(&sight) {
        // What is set in is part of something, and may be meant for another shell.
        let is_one = |line: &str| {
            let first = line.chars().next().unwrap_or('#');
            let plain = !first.is_whitespace() && first != '#';
            plain && ACTIVATIONS.iter().any(|mark| line.contains(mark))
        };
        let mut known: Vec<&str> = Vec::new();
        let (mut kept, mut again) = (String::new(), Vec::new());
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let plain = line.trim_end();
            if is_one(plain) && known.contains(&plain) {
                again.push(format!("{}:{}: {plain}", sight.shown(&path), number + 1));
                // A colon does nothing, and keeps what is around it whole.
                kept += ": # ";
            } else if is_one(plain) {
                known.push(plain);
            }
            kept += line;
        }
        seen += known.len();
        if !again.is_empty() && !text.contains('\u{fffd}') {
            let title = format!("take out what {} does twice", sight.shown(&path));
            steps.extend(sight.rewrite(&path, &title, kept));
        }
        twice.extend(again);
    }
    if twice.is_empty() {
        return Found::ok(format!("{seen} lines"));
    }
    Found::warn("your shell starts the same thing twice, and is slow to come")
        .details(twice)
        .remedy("remove the second of the two lines")
        .mend(steps)
}

/// The dynamic loader complains at every program when it is to load what is not there.
pub(super) async fn preload(sight: Sight) -> Found {
    let variable = sight.var("LD_PRELOAD").unwrap_or_default();
    let file = match sight.text("/etc/ld.so.preload") {
        Ok(file) => file.unwrap_or_default(),
        Err(error) => return Found::unreadable("/etc/ld.so.preload", &error),
    };
    let plain = |line: &str| line.split('#').next().unwrap_or_default().to_owned();
    let file: String = file.lines().map(plain).collect::<Vec<_>>().join(" ");
    let mut missing = Vec::new();
    for (text, place) in [(&variable, "LD_PRELOAD"), (&file, "/etc/ld.so.preload")] {
        let words = text.split([' ', ':', '\t']);
        // Other names are looked for in many places, and `$LIB` stands for one of them.
        let paths = words.filter(|word| word.starts_with('/') && !word.contains('$'));
        let gone = |path: &&str| matches!(sight.host.file(path).try_exists(), Ok(false));
        missing.extend(paths.filter(gone).map(|path| format!("{path}, named by {place}")));
    }
    if missing.is_empty() {
        return Found::ok("none, or none that is gone");
    }
    Found::warn("every program complains, for it is to load a library that is not there")
        .details(missing)
        .remedy("unset LD_PRELOAD, or take the line out of /etc/ld.so.preload")
}

/// git, crontab and sudoedit start it, and give up without it.
pub(super) async fn editor(sight: Sight) -> Found {
    let mut wrong = Vec::new();
    let mut set = 0;
    for name in ["VISUAL", "EDITOR", "GIT_EDITOR"] {
        let Some(value) = sight.var(name) else { continue };
        set += 1;
        let word = value.split_whitespace().next().unwrap_or_default();
        // Whatever a shell has to look at first is for the shell to say.
        if word.contains(['$', '"', '\'', '\\', '(', '~', '=', ';']) || word.is_empty() {
            continue;
        }
        let is_there = match word.contains('/') {
            true => !word.starts_with('/') || sight.host.file(word).exists(),
            false => sight.has(word) || matches!(word, "true" | ":"),
        };
        if !is_there {
            wrong.push(format!("{name} is {value}"));
        }
    }
    if !wrong.is_empty() {
        return Found::warn("git commit and crontab give up: the editor they are to start is gone")
            .details(wrong)
            .remedy("install it, or name another: export EDITOR=nano");
    }
    if set == 0 { Found::skipped("none is named") } else { Found::ok("it is") }
}

/// A terminal that this machine does not know makes editors and pagers refuse to work.
pub(super) async fn terminal(sight: Sight) -> Found {
    let Some(name) = sight.var("TERM").filter(|name| name != "dumb" && name != "unknown") else {
        return Found::skipped("there is no terminal");
    };
    if !name.chars().all(|c| c.is_ascii_graphic() && c != '/') {
        return Found::unknown("the name of the terminal is none");
    }
    let told = ["TERMINFO", "TERMINFO_DIRS"].iter().any(|name| sight.var(name).is_some());
    let folders: Vec<PathBuf> = TERMINFO
        .iter()
        .map(|folder| sight.host.file(folder))
        .chain(sight.at_home(".terminfo"))
        .filter(|folder| folder.is_dir())
        .collect();
    if told || folders.is_empty() {
        return Found::skipped("descriptions of terminals are kept elsewhere");
    }
    let first = name.chars().next().unwrap_or('x');
    let places = [first.to_string(), format!("{:x}", u32::from(first))];
    let is_there = folders.iter().any(|folder| {
        places.iter().any(|place| folder.join(place).join(&name).symlink_metadata().is_ok())
    });
    if is_there {
        return Found::ok(name);
    }
    Found::warn("editors and pagers do not know this terminal, and refuse to work")
        .details([format!("TERM is {name}")])
        .remedy("export TERM=xterm-256color, or bring its description here with infocmp and tic")
}
