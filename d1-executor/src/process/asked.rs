//! A command that wants an answer nobody can give: what it asked, and how it asks nothing.
//!
//! Two forms. It may stand still after a question, which the sandbox sees ([`Waiting`]); or it
//! finds its input empty, says so in some words of its own, and fails.

use super::last_line::LastLine;
use crate::sandbox::{Waiting, WaitsFor};
use serde::Serialize;

/// The most of a question that is kept, in characters.
pub(super) const QUESTION: usize = 200;
/// Of a command that failed, so many of its last lines are searched for a question.
const LINES: usize = 20;

/// What a command asked, or waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Its last line, or the one that asks, without control characters; may be empty.
    pub question: String,
    /// Whether it stood still for some seconds; otherwise it saw that nobody answers.
    pub waited: bool,
    /// Which program, where that is known.
    pub program: Option<String>,
    /// How that program asks nothing, where it has a way.
    pub instead: Option<&'static str>,
}

impl Asked {
    /// What a command asked that seems to wait after its `last` line; none when nothing says
    /// that it waits for somebody.
    pub(super) fn waiting(waiting: &Waiting, last: &LastLine, command: &[String]) -> Option<Self> {
        let question = plain(&last.text());
        let is_sure = match waiting.on {
            WaitsFor::Terminal | WaitsFor::Pipe => true,
            WaitsFor::Unknown => last.is_open() && asks(&question),
        };
        let names = std::iter::once(waiting.program.as_str()).chain(words(command));
        is_sure.then(|| Self {
            question,
            waited: true,
            program: Some(waiting.program.clone()).filter(|name| !name.is_empty()),
            instead: instead(names),
        })
    }

    /// What a command asked that has failed after these words.
    pub(super) fn unanswered(stdout: &str, stderr: &str, command: &[String]) -> Option<Self> {
        let question = [stderr, stdout].into_iter().find_map(question)?;
        let instead = instead(words(command));
        Some(Self { question, waited: false, program: None, instead })
    }

    /// One line for a person.
    #[must_use]
    pub fn note(&self) -> String {
        let who = self.program.as_deref().map_or("it".to_owned(), |program| format!("`{program}`"));
        let what = match (self.waited, self.question.is_empty()) {
            (true, true) => format!("{who} waits for input, and there is none here"),
            (true, false) => {
                format!("{who} waits for input after `{}`, and there is none here", self.question)
            }
            (false, _) => format!("it asked `{}`, and nobody can answer here", self.question),
        };
        match self.instead {
            Some(instead) => format!("{what}; so that it does not ask: {instead}"),
            None => what,
        }
    }
}

/// Words that only a question has.
const ASKING: [&str; 15] = [
    "[y/n]",
    "(y/n)",
    "[yes/no]",
    "(yes/no",
    "y/n?",
    "password:",
    "password for",
    "passphrase",
    "press enter",
    "press any key",
    "terminal prompts disabled",
    "could not read username",
    "could not read password",
    "a terminal is required to read the password",
    "host key verification failed",
];

/// Whether this line, which has no end, asks something.
fn asks(line: &str) -> bool {
    has_asking_words(line) || line.trim_end().ends_with(['?', ':', ']', ')', '>'])
}

fn has_asking_words(line: &str) -> bool {
    let lower = line.to_lowercase();
    ASKING.iter().any(|words| lower.contains(words))
}

/// The last line of these that asks something.
fn question(text: &str) -> Option<String> {
    let last_is_open = !text.ends_with('\n');
    let mut lines = text.lines().rev().take(LINES).enumerate();
    let found =
        lines.find(|(at, line)| has_asking_words(line) || (*at == 0 && last_is_open && asks(line)));
    found.map(|(_, line)| plain(line))
}

/// Without what a terminal would obey or turn around, and not too long.
fn plain(line: &str) -> String {
    // What a carriage return has covered is not the last line any more.
    let line = line.trim_end().rsplit('\r').next().unwrap_or_default();
    let shown = line.chars().filter(|c| !c.is_control() && !is_turning(*c));
    shown.take(QUESTION).collect::<String>().trim().to_owned()
}

/// Characters that change the direction of what follows.
fn is_turning(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Programs that ask, and how they do not.
const INSTEAD: [(&[&str], &str); 21] = [
    (&["apt-get", "apt"], "apt-get -y, with DEBIAN_FRONTEND=noninteractive"),
    (&["dpkg", "dpkg-reconfigure", "debconf"], "DEBIAN_FRONTEND=noninteractive"),
    (&["dnf", "yum"], "dnf -y"),
    (&["zypper"], "zypper --non-interactive"),
    (&["pacman"], "pacman --noconfirm"),
    (&["brew"], "NONINTERACTIVE=1"),
    (&["ssh", "scp", "sftp"], "ssh -o BatchMode=yes"),
    (&["ssh-keygen"], "ssh-keygen -N '' -f FILE"),
    (&["git"], "GIT_TERMINAL_PROMPT=0, and a credential helper or a token"),
    (&["gh"], "GH_PROMPT_DISABLED=1"),
    (&["sudo"], "sudo -n"),
    (&["gpg", "gpg2"], "gpg --batch --no-tty"),
    (&["npm"], "npm --yes"),
    (&["npx"], "npx --yes"),
    (&["pip", "pip3"], "pip --no-input"),
    (&["rustup", "rustup-init"], "rustup-init -y"),
    (&["docker"], "docker without -it; docker login --password-stdin"),
    (&["psql", "pg_dump", "createdb"], "psql -w, and a password file"),
    (&["terraform"], "terraform -input=false"),
    (&["unzip"], "unzip -o, or -n to keep what is there"),
    (&["adduser"], "adduser --disabled-password --gecos ''"),
];

fn instead<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    names.find_map(|name| {
        let name = name.rsplit('/').next().unwrap_or(name);
        INSTEAD.iter().find(|(programs, _)| programs.contains(&name)).map(|(_, instead)| *instead)
    })
}

/// The words of a command, and those of a script it was given.
fn words(command: &[String]) -> impl Iterator<Item = &str> {
    command.iter().flat_map(|word| word.split(|c: char| c.is_whitespace() || ";|&()".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn after(pieces: &[&str]) -> LastLine {
        let mut last = LastLine::default();
        pieces.iter().for_each(|piece| last.write(piece.as_bytes()));
        last
    }

    #[test]
    fn a_question_is_known_and_so_is_how_the_program_does_not_ask() {
        let apt =
            "After this operation, 4 kB will be used.\nDo you want to continue? [Y/n] Abort.\n";
        let asked = Asked::unanswered(apt, "", &command(&["sh", "-c", "cd /; apt-get install jq"]));
        let asked = asked.unwrap();
        assert_eq!(asked.question, "Do you want to continue? [Y/n] Abort.");
        assert!(
            asked.note().ends_with(
                "so that it does not ask: apt-get -y, with DEBIAN_FRONTEND=noninteractive"
            )
        );
        let git = "fatal: could not read Username for 'https://x': terminal prompts disabled\n";
        let asked = Asked::unanswered("", git, &command(&["/usr/bin/git", "fetch"])).unwrap();
        assert!(asked.instead.unwrap().starts_with("GIT_TERMINAL_PROMPT=0"));
    }

    #[test]
    fn an_ordinary_failure_asks_nothing() {
        for words in ["", "error: no such file\n", "warning:\nerror: 3 problems (see above)\n"] {
            assert_eq!(Asked::unanswered(words, words, &command(&["git"])), None, "{words}");
        }
        assert!(Asked::unanswered("Name: ", "", &[]).is_some(), "a line that waits for its end");
    }

    #[test]
    fn who_stands_still_for_a_reason_we_cannot_see_has_to_have_asked() {
        let unknown = Waiting { program: "read".into(), on: WaitsFor::Unknown };
        assert_eq!(Asked::waiting(&unknown, &after(&["working\n"]), &[]), None);
        assert_eq!(Asked::waiting(&unknown, &after(&["working"]), &[]), None);
        let asked = Asked::waiting(&unknown, &after(&["a\nPass", "word: "]), &[]).unwrap();
        assert_eq!((asked.question.as_str(), asked.waited), ("Password:", true));
        let pipe = Waiting { on: WaitsFor::Pipe, ..unknown };
        assert!(Asked::waiting(&pipe, &after(&[]), &[]).is_some());
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_repeated() {
        let last = after(&["50 %\r\u{1b}[31mSure\u{202e}?\u{7} "]);
        assert_eq!(plain(&last.text()), "[31mSure?");
    }
}
