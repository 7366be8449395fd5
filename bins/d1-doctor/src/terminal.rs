//! Where words go: data to standard output, talk to standard error.
//!
//! A reader that has gone away (`| head -1`) is not an error: the work goes on, and
//! nothing is lost.

use crate::{
    args::{Color, Global, Output, ProgressStyle},
    ui::Glyphs,
};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// What the terminal, if there is one, can do.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// How results are printed.
    pub format: Output,
    /// The signs to use.
    pub glyphs: Glyphs,
    /// How progress is shown.
    pub progress: Progress,
    /// Whether to colour what goes to standard output.
    pub colour: bool,
    /// How many columns there are for what goes to standard output.
    pub width: usize,
    can_ask: bool,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A live block on standard error.
    Live,
    /// Plain lines on standard error.
    Plain,
    /// Events as JSON lines on standard output.
    Events,
    /// Nothing.
    None,
}

/// What the environment says about terminals.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings {
    /// Standard input is a terminal.
    pub stdin: bool,
    /// Standard output is a terminal.
    pub stdout: bool,
    /// Standard error is a terminal.
    pub stderr: bool,
    /// `TERM=dumb`, or not set.
    pub dumb: bool,
    /// `NO_COLOR` is set, and not empty (no-color.org).
    pub no_color: bool,
    /// The locale is not a UTF-8 one.
    pub ascii: bool,
    /// `D1_ACCESSIBLE` is set: words instead of pictures.
    pub accessible: bool,
    /// How wide standard output is, or `COLUMNS` says it is.
    pub columns: Option<usize>,
}

/// As wide as what goes to no terminal gets.
const USUAL_WIDTH: usize = 80;
/// No terminal is taken for narrower.
const LEAST_WIDTH: usize = 30;

impl Surroundings {
    /// What the process finds around itself.
    #[must_use]
    pub fn present() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let utf8 = locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Self {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
            dumb: std::env::var("TERM").map_or(true, |term| term == "dumb"),
            no_color: set("NO_COLOR"),
            ascii: !utf8,
            accessible: set("D1_ACCESSIBLE"),
            columns: columns(),
        }
    }
}

impl Terminal {
    /// Decides from the command line and the surroundings.
    #[must_use]
    pub fn new(global: &Global, around: Surroundings) -> Self {
        let format = global.format();
        let live = around.stderr && !around.dumb && !around.accessible;
        let progress = match (global.progress, format) {
            (_, Output::Ndjson) => Progress::Events,
            (ProgressStyle::None, _) => Progress::None,
            (ProgressStyle::Tty, _) => Progress::Live,
            (ProgressStyle::Plain, _) => Progress::Plain,
            (ProgressStyle::Auto, _) if live => Progress::Live,
            (ProgressStyle::Auto, _) => Progress::Plain,
        };
        let colour = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => around.stdout && !around.dumb && !around.no_color,
        };
        let glyphs =
            if around.ascii || around.accessible { Glyphs::ASCII } else { Glyphs::UNICODE };
        let can_ask = around.stdin && around.stderr && !global.no_input;
        let width = around.columns.unwrap_or(USUAL_WIDTH).max(LEAST_WIDTH);
        Self { format, glyphs, progress, colour, width, can_ask }
    }

    /// Whether results are for people.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.format == Output::Text
    }

    /// Whether a person can be asked.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.can_ask
    }

    /// Prints data.
    pub fn print(&self, text: &str) {
        let mut out = io::stdout().lock();
        let _reader_gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Prints data for people only.
    pub fn print_text(&self, text: &str) {
        if self.is_text() {
            self.print(&self.paint(text));
        }
    }

    /// Prints one JSON document: over several lines, or one with `ndjson`.
    pub fn print_json(&self, document: &impl serde::Serialize) {
        let text = match self.format {
            Output::Ndjson => serde_json::to_string(document),
            Output::Text | Output::Json => serde_json::to_string_pretty(document),
        };
        // Our own plain structs always serialize.
        self.print(&format!("{}\n", text.unwrap_or_default()));
    }

    /// Says something beside the data.
    pub fn talk(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _reader_gone = writeln!(err, "{text}").and_then(|()| err.flush());
    }

    /// Asks, and reads one line; `None` when nobody answers.
    pub fn ask(&self, question: &str) -> Option<String> {
        if !self.can_ask {
            return None;
        }
        let mut err = io::stderr().lock();
        write!(err, "{question} ").and_then(|()| err.flush()).ok()?;
        let mut answer = String::new();
        match io::stdin().lock().read_line(&mut answer) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(answer.trim().to_lowercase()),
        }
    }

    /// Colours the marks at the beginning of lines; colour never carries meaning alone.
    fn paint(&self, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let painted = |line: &str| {
            for (mark, colour) in
                [(self.glyphs.done, "32"), (self.glyphs.failed, "31"), (self.glyphs.warning, "33")]
            {
                let indent = line.len() - line.trim_start().len();
                let rest = line[indent..].strip_prefix(mark);
                if let Some(rest) = rest.filter(|rest| rest.starts_with(' ')) {
                    return format!("{}\x1b[{colour}m{mark}\x1b[0m{rest}", &line[..indent]);
                }
            }
            line.to_owned()
        };
        text.split_inclusive('\n').map(painted).collect()
    }
}

fn columns() -> Option<usize> {
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout()) {
        // Some terminals say 0 for "I do not know".
        return Some(usize::from(size.ws_col)).filter(|columns| *columns > 0);
    }
    std::env::var("COLUMNS").ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::Parser as _;

    fn terminal(words: &[&str], around: Surroundings) -> Terminal {
        let words = ["d1-doctor"].iter().chain(words).chain(["exit-codes"].iter());
        Terminal::new(&Cli::parse_from(words).global, around)
    }

    const TTY: Surroundings = Surroundings {
        stdin: true,
        stdout: true,
        stderr: true,
        dumb: false,
        no_color: false,
        ascii: false,
        accessible: false,
        columns: None,
    };

    #[test]
    fn a_pipe_gets_plain_lines_and_no_colour() {
        let terminal = terminal(&[], Surroundings::default());
        assert_eq!(terminal.progress, Progress::Plain);
        assert!(!terminal.colour && !terminal.can_ask());
    }

    #[test]
    fn flags_win_over_surroundings() {
        assert!(!terminal(&["--color", "never"], TTY).colour);
        assert!(terminal(&["--color", "always"], Surroundings::default()).colour);
        assert!(!terminal(&[], Surroundings { no_color: true, ..TTY }).colour);
        assert!(!terminal(&["--no-input"], TTY).can_ask());
        let dumb = terminal(&[], Surroundings { dumb: true, ..TTY });
        assert_eq!(dumb.progress, Progress::Plain);
    }

    #[test]
    fn only_marks_are_coloured() {
        let terminal = terminal(&["--color", "always"], TTY);
        assert_eq!(terminal.paint("✔ done\nplain ✔\n"), "\x1b[32m✔\x1b[0m done\nplain ✔\n");
    }
}
