//! A command line that makes no sense, told in the shape of every other error.

use crate::{
    args::{Cli, Global},
    failure::Failure,
    terminal::{Surroundings, Terminal},
};
use clap::{CommandFactory as _, FromArgMatches as _, error::ErrorKind};
use d1_core::{Category, Problem};

/// Whether the parser only wants something shown: help, or the version.
#[must_use]
pub fn is_a_question(error: &clap::Error) -> bool {
    !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
}

/// What the parser complains about, and where the help is.
#[must_use]
pub fn failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let complaint = paragraphs.next().unwrap_or_default();
    let complaint = complaint.strip_prefix("error: ").unwrap_or(complaint);
    let words: Vec<&str> = complaint.split_whitespace().collect();
    let mut problem = Problem::new("D1-INPUT-003", Category::Usage, words.join(" "))
        .leaving("nothing was changed");
    for tip in paragraphs.filter_map(|paragraph| paragraph.trim().strip_prefix("tip: ")) {
        problem = problem.next(tip);
    }
    problem.next(help()).into()
}

/// A terminal as far as the command line can be understood.
#[must_use]
pub fn terminal() -> Terminal {
    let understood = Cli::command().ignore_errors(true).try_get_matches();
    let global = understood.ok().and_then(|matches| Global::from_arg_matches(&matches).ok());
    let mut global = global.unwrap_or_default();
    // The parser understands nothing that comes after its first complaint.
    global.json |= std::env::args().any(|word| word == "--json");
    Terminal::new(&global, Surroundings::present())
}

/// The help of the command that was meant.
fn help() -> String {
    let command = Cli::command();
    let meant = std::env::args().find(|word| command.find_subcommand(word).is_some());
    meant.map_or_else(|| "d1-doctor --help".to_owned(), |name| format!("d1-doctor {name} --help"))
}
