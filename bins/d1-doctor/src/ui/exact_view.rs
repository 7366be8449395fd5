//! A step as it is, whole, for whoever is to say yes to it: nothing is left out, shortened or
//! beautified, and nothing in it reaches the terminal as anything but plain ASCII.

use d1_core::Step;
use std::fmt::Write as _;

/// Every field of a step, as JSON.
#[must_use]
pub fn step(step: &Step) -> String {
    // Plain structs and ordered maps: this cannot fail, and an empty text is nothing to say yes to.
    ascii(&serde_json::to_string_pretty(step).unwrap_or_default())
}

/// The same text in plain ASCII, by JSON's own escapes: letters that look like others and signs
/// that nobody sees are told apart.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && (!c.is_control() || c == '\n') {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing into a string never fails.
            let _fine = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::{Action, Shell};

    #[test]
    fn what_would_run_is_shown_whole_and_moves_no_cursor() {
        let script = "ls \u{1b}[2J\u{202e}\nb\u{430}sh \u{7f}\u{1f480}".to_owned();
        let action = Action::Shell(Shell { script: script.clone(), env: Default::default() });
        let shown = step(&Step::new("x".parse().unwrap(), "say \u{9b}31m", action));
        assert!(shown.chars().all(|c| c == '\n' || (' '..='~').contains(&c)), "{shown}");
        assert!(shown.contains(r"ls \u001b[2J\u202e\nb\u0430sh \u007f\ud83d\udc80"), "{shown}");
        let read: Step = serde_json::from_str(&shown).unwrap();
        assert_eq!(read.title, "say \u{9b}31m", "nothing is lost on the way");
    }
}
