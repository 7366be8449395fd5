//! Which paths a Rust text names: `use std::{fs, io::Read};` names `std::fs` and
//! `std::io::Read`.
//!
//! 1. [`code_only`] blanks comments, strings and characters, and keeps the lines.
//! 2. [`tokens`] cuts the rest into words and signs.
//! 3. [`names`] joins the words to paths and opens the braces of `use`.
//!
//! A lexer, not a parser: it can be fooled by macros that build names, and that is fine
//! for rules which people want to keep.

/// A path, and the line (from 1) on which its last word stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) line: usize,
    pub(crate) path: String,
}

/// Every path that `text` names, in order.
pub(crate) fn names(text: &str) -> Vec<Name> {
    let code = code_only(text);
    let mut found = Vec::new();
    // What stands before each open brace: a path in `use a::{`, nothing elsewhere.
    let mut braces: Vec<Vec<&str>> = Vec::new();
    let mut path: Vec<&str> = Vec::new();
    let mut joined = false;
    let mut last_line = 0;
    for (line, token) in tokens(&code) {
        if token == "::" {
            joined = true;
            continue;
        }
        if token == "{" && joined {
            braces.push(std::mem::take(&mut path));
        } else if is_word(token) && joined {
            path.push(token);
        } else {
            finish(&mut found, last_line, &mut path);
            match token {
                "{" => braces.push(Vec::new()),
                "}" => drop(braces.pop()),
                word if is_word(word) => {
                    path = braces.last().cloned().unwrap_or_default();
                    path.push(word);
                }
                _ => {}
            }
        }
        joined = false;
        last_line = line;
    }
    finish(&mut found, last_line, &mut path);
    found
}

fn finish(found: &mut Vec<Name>, line: usize, path: &mut Vec<&str>) {
    if !path.is_empty() {
        found.push(Name { line, path: path.join("::") });
        path.clear();
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Words, `::`, and single signs, each with its line.
fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if is_word(rest) {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (token, tail) = rest.split_at(length);
            found.push((index + 1, token));
            rest = tail.trim_start();
        }
    }
    found
}

/// `text` with comments, strings and characters blanked, line by line in place.
pub(crate) fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest, &code));
        let (length, keep) = skipped.map_or((first.len_utf8(), true), |length| (length, false));
        let (piece, tail) = rest.split_at(length);
        if keep {
            code.push_str(piece);
        } else {
            code.push(' ');
            code.extend(piece.chars().filter(|c| *c == '\n'));
        }
        rest = tail;
    }
    code
}

/// The length of the comment that `rest` opens with.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    let mut at = rest.starts_with("/*").then_some(2)?;
    let mut depth = 1;
    while depth > 0 && at < rest.len() {
        let here = &rest.as_bytes()[at..];
        let (change, length) = match here {
            [b'/', b'*', ..] => (1, 2),
            [b'*', b'/', ..] => (-1, 2),
            _ => (0, 1),
        };
        depth += change;
        at += length;
    }
    Some(at)
}

/// The length of the string or character that `rest` opens with, after `before`.
fn literal(rest: &str, before: &str) -> Option<usize> {
    match rest.as_bytes() {
        [b'"', ..] => Some(quoted(rest, 1, '"')),
        [b'\'', b'\\', ..] => Some(quoted(rest, 1, '\'')),
        // 'a' is a character, 'a a lifetime.
        [b'\'', ..] => {
            let length = rest.chars().nth(1)?.len_utf8();
            rest[1 + length..].starts_with('\'').then_some(length + 2)
        }
        [b'r', b'"' | b'#', ..]
            if !before.ends_with(|c: char| c.is_alphanumeric() && c != 'b' || c == '_') =>
        {
            let marks = rest[1..].bytes().take_while(|b| *b == b'#').count();
            let body = rest.get(1 + marks..)?.strip_prefix('"')?;
            let end = format!("\"{}", "#".repeat(marks));
            let inside = body.find(&end).map_or(body.len(), |at| at + end.len());
            Some(1 + marks + 1 + inside)
        }
        _ => None,
    }
}

/// The length up to and with the closing `mark`, where `\` takes the next away.
fn quoted(rest: &str, from: usize, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest[from..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark => return from + at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::{Name, code_only, names};

    fn paths(text: &str) -> Vec<String> {
        names(text).into_iter().map(|name| name.path).collect()
    }

    #[test]
    fn a_group_names_each_of_its_paths() {
        let text = "use std::{fs::{self, File}, io};\nuse a::b as c;";
        let expected =
            ["use", "std::fs::self", "std::fs::File", "std::io", "use", "a::b", "as", "c"];
        assert_eq!(paths(text), expected);
    }

    #[test]
    fn a_block_after_a_path_is_no_group() {
        assert_eq!(
            paths("if x == a::B { c::d() } else { e }"),
            ["if", "x", "a::B", "c::d", "else", "e"]
        );
    }

    #[test]
    fn a_path_may_be_broken_over_lines() {
        assert_eq!(
            names("tokio\n  ::fs::\n  read"),
            [Name { line: 3, path: "tokio::fs::read".to_owned() }]
        );
    }

    #[test]
    fn comments_and_strings_name_nothing_and_keep_their_lines() {
        let text =
            "a // b\n/* c /* d */ \n e */ f \"g \\\" h\n\" r#\"i \" j\"# 'k' '\\'' br\"l\" m";
        let found = [(1, "a"), (3, "f"), (4, "b"), (4, "m")];
        // The `b` of `br` stays; it is no name that a rule asks for.
        assert_eq!(names(text), found.map(|(line, path)| Name { line, path: path.to_owned() }));
    }

    #[test]
    fn lifetimes_are_not_characters() {
        assert_eq!(code_only("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
    }

    #[test]
    fn text_that_breaks_off_is_read_to_its_end() {
        for text in ["\"abc", "r#\"abc", "/* abc", "'", "r", "r#", "'\\", "b'", "a::", "use a::{b"]
        {
            names(text);
        }
    }
}
