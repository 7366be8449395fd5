//! The settings files of tools, as far as the doctor needs them: `name = value` lines below
//! `[section]` lines (git, pip, npm), and apt's own form.

use std::collections::BTreeSet;

/// One setting: its section, its name, its value. Sections and names are in small letters.
pub(super) type Setting = (String, String, String);

/// The settings of a file of lines. What is no setting is passed over.
pub(super) fn of_lines(text: &str) -> Vec<Setting> {
    let (mut section, mut found) = (String::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim().to_lowercase();
        } else if let Some((name, value)) = line.split_once('=') {
            let value = value.trim().trim_matches('"').to_owned();
            found.push((section.clone(), name.trim().to_lowercase(), value));
        }
    }
    found
}

/// The settings of a file of apt (apt.conf(5)), by their whole name: `acquire::http::proxy`.
pub(super) fn of_apt(text: &str) -> Vec<(String, String)> {
    let (mut scopes, mut words, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for token in apt_tokens(text) {
        match token.as_str() {
            "{" => scopes.push(words.drain(..).collect::<String>()),
            "}" => {
                scopes.pop();
                words.clear();
            }
            ";" => {
                let mut words = words.drain(..);
                if let (Some(name), Some(value)) = (words.next(), words.next()) {
                    let outer = scopes.iter().filter(|scope| !scope.is_empty());
                    let name = outer.chain([&name]).cloned().collect::<Vec<_>>().join("::");
                    found.push((name.to_lowercase(), value));
                }
            }
            _ => words.push(token),
        }
    }
    found
}

/// The words and signs of a file of apt, without its comments.
fn apt_tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    let ends: BTreeSet<char> = "{};\" \t\r\n".chars().collect();
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("//") || first == '#' {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            let inside = rest[1..].find('"').unwrap_or(rest.len() - 1);
            tokens.push(rest[1..=inside].to_owned());
            (inside + 2).min(rest.len())
        } else if "{};".contains(first) {
            tokens.push(first.to_string());
            1
        } else {
            let end = rest.find(|c| ends.contains(&c)).unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            end
        };
        rest = rest[taken..].trim_start();
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn apt_s_settings_are_found_in_both_of_their_forms() {
        let flat = "// no\nAcquire::http::Proxy \"http://p.example:3128\"; # no\n";
        let nested = "Acquire { /* no; { */ http { Proxy \"http://p.example:3128\"; }; };\n";
        let expected = [("acquire::http::proxy".to_owned(), "http://p.example:3128".to_owned())];
        assert_eq!(of_apt(flat), expected);
        assert_eq!(of_apt(nested), expected);
    }

    #[test]
    fn lines_belong_to_the_section_above_them() {
        let text = "registry=https://r.example/\n# x=y\n[http]\n\tproxy = \"p.example\"\n";
        let setting = |section: &str, name: &str, value: &str| {
            (section.to_owned(), name.to_owned(), value.to_owned())
        };
        let expected =
            [setting("", "registry", "https://r.example/"), setting("http", "proxy", "p.example")];
        assert_eq!(of_lines(text), expected);
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_file_is_survived(text in "\\PC{0,80}|[{};\"/*# \\n::a]{0,40}") {
            of_apt(&text);
            of_lines(&text);
        }
    }
}
