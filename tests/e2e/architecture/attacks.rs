//! What is promised of attacks: each is held by a test that exists, or it is said why not.

use super::source::SourceFile;
use std::collections::HashSet;

/// Where the promises are.
const PROMISES: &str = "d1-orchestrator/ATTACKS.md";
/// How it is said that there is no test.
const WHY_NOT: [&str; 3] = ["does not apply", "not yet: ", "not here: "];

/// Attacks without a test that exists, and without a reason.
pub(crate) fn attacks_without_a_test(files: &[SourceFile]) -> Vec<String> {
    let Some(promises) = files.iter().find(|file| file.path == PROMISES) else {
        return vec![format!("{PROMISES}: is not there")];
    };
    let known: HashSet<&str> = files
        .iter()
        .filter(|file| file.is_rust())
        .flat_map(|file| file.text.split("fn ").skip(1))
        .filter_map(|rest| Some(rest.split_once('(')?.0))
        .collect();
    let mut wrong = Vec::new();
    for row in promises.text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.split(" | ").collect();
        let (id, held) = (cells[0].trim_start_matches("| "), *cells.last().unwrap_or(&""));
        // Every second piece stands between backticks.
        let names: Vec<_> = held.split('`').skip(1).step_by(2).collect();
        let has_reason = WHY_NOT.iter().any(|why| held.starts_with(why));
        if id != "id" && names.is_empty() && !has_reason {
            wrong.push(format!("{id}: is held by nothing"));
        }
        let gone = names.into_iter().filter(|name| !known.contains(name));
        wrong.extend(gone.map(|name| format!("{id}: there is no test `{name}`")));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{PROMISES, SourceFile, attacks_without_a_test};

    #[test]
    fn an_attack_that_nothing_holds_is_caught() {
        let tests = SourceFile::new("tests/e2e/a.rs", "fn it_is_held() {}\n");
        let found = |rows: &str| {
            let head = "| id | what | held |\n|---|---|---|\n";
            let promises = SourceFile::new(PROMISES, &format!("{head}{rows}"));
            attacks_without_a_test(&[promises, tests.clone()])
        };
        assert_eq!(found("| A1 | a | `it_is_held` |\n| A2 | b | not yet: later |\n"), [""; 0]);
        let gone = ["A1: there is no test `it_is_gone`", "A2: is held by nothing"];
        assert_eq!(found("| A1 | a | `it_is_held`, `it_is_gone` |\n| A2 | b | surely |\n"), gone);
        assert_eq!(attacks_without_a_test(std::slice::from_ref(&tests)).len(), 1);
    }
}
