//! Files of environment variables, as `.env`: names only. What stands after the `=` is secret.

use std::collections::BTreeSet;

/// The names that a file sets.
pub(in crate::doctor) fn keys(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(key).collect()
}

/// The line of a file that sets `name`.
pub(in crate::doctor) fn line_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().map(str::trim).find(|line| key(line) == Some(name))
}

/// Whether it can be the name of a variable.
pub(super) fn is_key(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && text.len() <= 128
}

fn key(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let name = line.split_once('=')?.0.trim();
    is_key(name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_and_comments_are_not() {
        let text = "# OLD=1\nA=x\n export B = \"y=z\"\n\nno line\n9X=1\n";
        assert_eq!(keys(text), ["A", "B"].into());
        assert_eq!(line_of(text, "B"), Some("export B = \"y=z\""));
        assert_eq!(line_of(text, "OLD"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(names in prop::collection::btree_set("[A-Z_][A-Z0-9_]{0,20}", 0..20), value in "\\PC{0,40}") {
            let text: String = names.iter().map(|name| format!("{name}={value}\n")).collect();
            // Some values are line ends to some.
            prop_assume!(text.lines().count() == names.len());
            prop_assert_eq!(keys(&text), names.iter().map(String::as_str).collect());
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,300}") {
            let _whatever = keys(&text);
        }
    }
}
