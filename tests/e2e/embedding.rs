//! The shortest program that runs a command behind walls, wherever it is shown.

use std::{fs, path::Path};

/// A first success fits on a screen.
const MOST_LINES: usize = 25;

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The example without what only its folder asks for: a title, and leave to print.
fn program() -> String {
    let source = source("examples/embed_executor.rs");
    let lines = source.lines().skip_while(|line| !line.starts_with("use "));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_program_in_the_crates_documentation_is_the_example() {
    let text = source("d1-executor/src/lib.rs");
    let docs: String = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect();
    let shown = docs.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(shown, Some(program().as_str()));
}

#[test]
fn a_confined_command_takes_few_lines_and_neither_daemon_nor_orchestrator() {
    let program = program();
    assert!(program.lines().count() < MOST_LINES, "{} lines", program.lines().count());
    let rooms = program.match_indices("use d1_").map(|(at, _)| &program[at + 4..]);
    let rooms: Vec<&str> = rooms.filter_map(|rest| rest.split("::").next()).collect();
    assert_eq!(rooms, ["d1_core", "d1_executor"]);
}
