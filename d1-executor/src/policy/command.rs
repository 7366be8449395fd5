//! Reads a command: what runs in the end, and what of it nobody can tell.
//!
//! A wrapper whose words are simple (`nice -n 5 make`) is taken off. Of any other program that
//! runs what it is given, every guess is kept, so that what is forbidden inside is seen; and it
//! stays opaque.

use super::{
    programs::{Kind, SHELLS, is_dangerous, kind},
    shell,
};
use crate::sandbox::Access;

/// How deep wrappers may be in each other.
const DEEPEST: usize = 8;
/// The most guesses about one carrier.
const MOST_GUESSES: usize = 64;
/// The most of a text that an explanation shows, in characters.
const SHOWN: usize = 60;

/// A command, as far as it can be told what runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// What runs: program and arguments.
    pub(super) commands: Vec<Vec<String>>,
    /// What may run inside something opaque.
    pub(super) guesses: Vec<Vec<String>>,
    /// Files that the shell itself opens.
    pub(super) files: Vec<(String, Access)>,
    /// What cannot be told, each in one sentence.
    pub(super) opaque: Vec<String>,
    reads_texts: bool,
}

impl Reading {
    /// What `words` run, with variables that came along. The text of a shell is read like any
    /// other command only when `reads_texts`; else a shell is a program that runs what it is given.
    pub(super) fn of<'a>(
        words: &[String],
        given: impl IntoIterator<Item = &'a String>,
        reads_texts: bool,
    ) -> Self {
        let mut reading = Self { reads_texts, ..Self::default() };
        for name in given {
            reading.variable(name);
        }
        reading.command(words, 0);
        reading
    }

    /// A variable that came along.
    pub(super) fn variable(&mut self, name: &str) {
        if is_dangerous(name) {
            self.opaque.push(format!("`{name}` lets other code run in a program's place"));
        }
    }

    /// Takes wrappers off until something runs.
    pub(super) fn command(&mut self, words: &[String], depth: usize) {
        let Some((program, arguments)) = words.split_first() else { return };
        self.signs(words);
        let name = base_name(program);
        if depth < DEEPEST
            && let Some(inner) = self.unwrapped(name, arguments)
        {
            // The wrapper itself may be forbidden, too.
            self.guesses.push(words.to_vec());
            return self.command(&inner, depth + 1);
        }
        if let Some(text) = shell_text(words).filter(|_| depth < DEEPEST) {
            return self.text(words, text, depth + 1);
        }
        self.commands.push(words.to_vec());
        if kind(name, arguments) == Kind::Carries {
            self.guess(arguments);
        }
    }

    /// A shell and its text.
    fn text(&mut self, words: &[String], text: &str, depth: usize) {
        if self.reads_texts {
            // The shell itself may be forbidden, too.
            self.guesses.push(words.to_vec());
            return shell::read(text, self, depth);
        }
        let mut inside = Self::default();
        shell::read(text, &mut inside, depth);
        self.commands.push(words.to_vec());
        self.guesses.extend(inside.commands.into_iter().chain(inside.guesses));
        self.guesses.push(vec![text.to_owned()]);
    }

    /// Letters that look like others, or that change how a line is shown.
    fn signs(&mut self, words: &[String]) {
        let odd = |c: char| c.is_control() && !"\t\n".contains(c) || is_invisible(c);
        if let Some(word) = words.iter().find(|word| word.contains(odd)) {
            self.opaque.push(format!("`{}` has signs in it that are not shown", shown(word)));
        }
        if let Some(program) = words.first().filter(|program| !program.is_ascii()) {
            self.opaque.push(format!("`{}` is spelled with foreign letters", shown(program)));
        }
    }

    /// The command inside a wrapper whose words are simple.
    fn unwrapped(&mut self, name: &str, arguments: &[String]) -> Option<Vec<String>> {
        let is_option = |word: &String| word.starts_with('-');
        let mut rest = arguments;
        match name {
            "nohup" | "setsid" => {}
            "nice" => match rest {
                [flag, level, ..] if flag == "-n" && level.parse::<i32>().is_ok() => {
                    rest = &rest[2..];
                }
                [flag, ..] if number_after(flag, "-n") => rest = &rest[1..],
                _ => {}
            },
            "timeout" => {
                let [time, ..] = rest else { return None };
                if !time.starts_with(|c: char| c.is_ascii_digit()) {
                    return None;
                }
                rest = &rest[1..];
            }
            "env" => {
                while let [first, more @ ..] = rest {
                    let Some((variable, _)) = first.split_once('=') else { break };
                    self.variable(variable);
                    rest = more;
                }
            }
            _ => return None,
        }
        rest.first().filter(|first| !is_option(first) && !first.is_empty())?;
        Some(rest.to_vec())
    }

    /// Every command that may begin with one of these words, or be the text of one.
    fn guess(&mut self, arguments: &[String]) {
        for at in 0..arguments.len().min(MOST_GUESSES) {
            self.guesses.push(arguments[at..].to_vec());
            self.split(&arguments[at]);
        }
    }

    /// Every command that may be in a text, as far as signs between words tell.
    pub(super) fn split(&mut self, text: &str) {
        let pieces = text.split(|c: char| ";&|()`\n{}!=\"'".contains(c));
        for piece in pieces.take(MOST_GUESSES) {
            let words: Vec<String> = piece.split_whitespace().map(str::to_owned).collect();
            if !words.is_empty() {
                self.guesses.push(words);
            }
        }
    }
}

/// Whether the words are a shell and one text for it, and nothing else.
pub(super) fn shell_text(words: &[String]) -> Option<&str> {
    match words {
        [shell, flag, text] if SHELLS.contains(&base_name(shell)) && flag == "-c" => Some(text),
        _ => None,
    }
}

/// The name of a program without the folders before it.
pub(super) fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// The beginning of a text, for explanations.
pub(super) fn shown(text: &str) -> String {
    let text: String = text.chars().take(SHOWN).collect();
    text.escape_debug().to_string()
}

fn number_after(word: &str, flag: &str) -> bool {
    word.strip_prefix(flag).is_some_and(|rest| rest.parse::<i32>().is_ok())
}

/// Marks of direction, joiners, spaces of no or odd width: what people do not see.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{a0}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
            | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn read(line: &str) -> Reading {
        Reading::of(&words(line), [], false)
    }

    #[test]
    fn a_simple_wrapper_is_taken_off() {
        for line in [
            "nice rm x",
            "nice -n 5 rm x",
            "nohup setsid rm x",
            "timeout 5s rm x",
            "env A=b rm x",
            "/usr/bin/env /usr/bin/nice -n5 rm x",
        ] {
            let reading = read(line);
            assert_eq!(reading.commands, [words("rm x")], "{line}");
            assert_eq!(reading.opaque, Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn any_other_wrapper_stays_and_what_may_run_inside_is_kept() {
        for line in ["sudo rm x", "env -i rm x", "timeout -k 5 9 rm x", "xargs -n1 rm x"] {
            let reading = read(line);
            assert_eq!(reading.commands, [words(line)], "{line}");
            assert!(reading.guesses.contains(&words("rm x")), "{line}");
        }
        let line = ["bash", "-c", "true; rm x"].map(str::to_owned);
        assert!(Reading::of(&line, [], false).guesses.contains(&words("rm x")));
    }

    #[test]
    fn signs_that_nobody_sees_and_foreign_letters_make_it_opaque() {
        for line in ["ls a\u{202e}b", "ls \u{200b}", "b\u{430}sh x", "ls \u{1b}[2J"] {
            assert_eq!(read(line).opaque.len(), 1, "{line:?}");
        }
        assert_eq!(read("ls größe").opaque, Vec::<String>::new());
    }

    #[test]
    fn wrappers_without_end_are_read_to_a_bounded_depth() {
        let line = format!("{}rm x", "nohup ".repeat(900));
        let reading = read(&line);
        assert_eq!(reading.commands[0][0], "nohup");
        assert!(reading.guesses.len() < 200);
    }
}
