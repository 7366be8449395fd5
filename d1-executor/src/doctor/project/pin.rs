//! A pin: what one file says about the version of one tool.

use super::requirement::Requirement;

/// The longest name of a tool, in bytes.
const LONGEST_NAME: usize = 64;
/// How much of a version is shown, in characters.
const SHOWN: usize = 40;

/// What one file says about the version of one tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Pin {
    /// The tool, by the one name we know it by.
    pub(in crate::doctor) tool: String,
    /// The version, as the file writes it, fit to be shown.
    pub(in crate::doctor) wanted: String,
    /// Which releases would do.
    pub(in crate::doctor) requirement: Requirement,
    /// Which file says so.
    pub(in crate::doctor) file: String,
    /// Whether the tool may be absent: the file says which version, if any.
    pub(in crate::doctor) only_if_there: bool,
    /// The package that brings it, when the file says so.
    pub(in crate::doctor) package: Option<String>,
}

impl Pin {
    /// What a file says; `None` when that is no name of a program.
    pub(super) fn new(tool: &str, wanted: &str, requirement: Requirement) -> Option<Self> {
        is_name(tool).then(|| Self {
            tool: usual_name(tool).to_owned(),
            wanted: shown(wanted),
            requirement,
            file: String::new(),
            only_if_there: false,
            package: None,
        })
    }
}

/// Whether it can be the name of a program, and of nothing else: no path, and no option.
pub(super) fn is_name(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
    first && rest && text.len() <= LONGEST_NAME
}

/// The one name of those by which a tool goes.
fn usual_name(tool: &str) -> &str {
    match tool {
        "nodejs" => "node",
        "golang" => "go",
        "python3" => "python",
        "rustc" | "cargo" => "rust",
        "openjdk" | "jdk" => "java",
        "mvn" => "maven",
        "psql" | "postgres" => "postgresql",
        other => other,
    }
}

fn shown(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_program_is_taken_for_one() {
        for name in ["node", "g++", "python3.11", "7z"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-rf", "../x", "a/b", "npm:prettier", "a b", ".hidden", "x\u{1b}[31m"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(!is_name(&"x".repeat(65)));
    }

    #[test]
    fn what_is_shown_cannot_speak_to_the_terminal() {
        let pin = Pin::new("nodejs", "\u{1b}[2J18\n", Requirement::any()).unwrap();
        assert_eq!((pin.tool.as_str(), pin.wanted.as_str()), ("node", "[2J18"));
    }
}
