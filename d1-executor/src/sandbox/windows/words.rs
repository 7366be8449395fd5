//! Words and variables, written as this system hands them to a program: one line that the program
//! takes apart again, and one block.

use std::collections::BTreeMap;

/// The most characters of a command line, its end included (`CreateProcessW`).
const MOST_OF_LINE: usize = 32_767;
/// Files that another program reads as a script; it takes their words apart by rules of its own.
const SCRIPTS: [&str; 2] = [".bat", ".cmd"];

/// Whether words reach this program as they are.
pub(super) fn takes_words(program: &str) -> bool {
    // Spaces and points at the end of a name are not part of it here.
    let name = program.trim_end_matches([' ', '.']).to_ascii_lowercase();
    !SCRIPTS.iter().any(|script| name.ends_with(script))
}

/// The command line that every ordinary program takes apart into just these words
/// (`CommandLineToArgvW`); `None` when there is none.
pub(super) fn line(words: &[String]) -> Option<Vec<u16>> {
    let (program, rest) = words.split_first()?;
    // Of the first word nothing but quotes is understood.
    if program.contains('"') || words.iter().any(|word| word.contains('\0')) {
        return None;
    }
    let mut line = format!("\"{program}\"");
    for word in rest {
        line.push(' ');
        quote(word, &mut line);
    }
    let line: Vec<u16> = line.encode_utf16().chain([0]).collect();
    (line.len() <= MOST_OF_LINE).then_some(line)
}

fn quote(word: &str, line: &mut String) {
    let is_plain = !word.is_empty() && !word.contains([' ', '\t', '\n', '\x0b', '"']);
    if is_plain {
        return line.push_str(word);
    }
    line.push('"');
    let mut backslashes = 0;
    for letter in word.chars() {
        match letter {
            '\\' => backslashes += 1,
            // Before a quote each backslash counts twice, and the quote needs one, too.
            '"' => {
                line.extend(std::iter::repeat_n('\\', backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        line.push(letter);
    }
    line.extend(std::iter::repeat_n('\\', backslashes));
    line.push('"');
}

/// The block of an environment: each variable with its end, in the order that this system wants.
pub(super) fn block(env: &BTreeMap<String, String>) -> Vec<u16> {
    let mut all: Vec<(String, &str, &str)> = env
        .iter()
        .map(|(name, value)| (name.to_uppercase(), name.as_str(), value.as_str()))
        .collect();
    all.sort();
    let entries = all.iter().flat_map(|(_order, name, value)| {
        format!("{name}={value}\0").encode_utf16().collect::<Vec<_>>()
    });
    let mut block: Vec<u16> = entries.collect();
    if block.is_empty() {
        block.push(0);
    }
    block.push(0);
    block
}

/// A path or a name, with its end.
#[cfg(windows)]
pub(super) fn wide(text: &std::ffi::OsStr) -> Vec<u16> {
    std::os::windows::ffi::OsStrExt::encode_wide(text).chain([0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[&str]) -> Option<String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let line = line(&words)?;
        assert_eq!(line.last(), Some(&0));
        Some(String::from_utf16(&line[..line.len() - 1]).unwrap())
    }

    /// The rules of `CommandLineToArgvW`, read from their description and not from our writing.
    fn taken_apart(line: &str) -> Vec<String> {
        let (first, rest) = line[1..].split_once('"').unwrap();
        let (mut words, mut word, mut inside) = (vec![first.to_owned()], None::<String>, false);
        let mut letters = rest.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                ' ' | '\t' if !inside => words.extend(word.take()),
                '\\' => {
                    let mut count = 1;
                    while letters.next_if_eq(&'\\').is_some() {
                        count += 1;
                    }
                    let word = word.get_or_insert_default();
                    if letters.peek() == Some(&'"') {
                        word.extend(std::iter::repeat_n('\\', count / 2));
                        if count % 2 == 1 {
                            word.extend(letters.next());
                        }
                    } else {
                        word.extend(std::iter::repeat_n('\\', count));
                    }
                }
                '"' => {
                    word.get_or_insert_default();
                    inside = !inside;
                }
                _ => word.get_or_insert_default().push(letter),
            }
        }
        words.extend(word);
        words
    }

    #[test]
    fn every_word_arrives_as_it_was_given() {
        for words in [
            &["p"][..],
            &["c:\\a b\\p.exe", "", " ", "\t", "a b", "a\\", "a b\\", "a b\\\\", "\\\\server\\x"],
            &["p", "\"", "\\\"", "\\\\\"", "a\"b c", "\"\"\"", "%PATH%", "&", "^", "\u{1f98a}"],
        ] {
            let line = shown(words).unwrap();
            assert_eq!(taken_apart(&line), words, "{line}");
        }
        assert_eq!(shown(&["p", "a b\\", "c"]).unwrap(), r#""p" "a b\\" c"#);
    }

    #[test]
    fn what_would_not_arrive_has_no_line_and_scripts_take_no_words() {
        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&["p\"q"]), None);
        assert_eq!(shown(&["p", "a\0b"]), None);
        assert_eq!(shown(&["p", &"x".repeat(MOST_OF_LINE)]), None);
        for script in ["a.bat", "C:\\A.CMD", "a.bat.", "a.cmd . "] {
            assert!(!takes_words(script), "{script}");
        }
        assert!(takes_words("a.exe") && takes_words("bat"));
    }

    #[test]
    fn variables_are_in_order_whatever_their_letters_and_the_block_has_an_end() {
        let env = BTreeMap::from([("b", "2"), ("A", "1"), ("C", "x=y")]);
        let env =
            env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(String::from_utf16(&block(&env)).unwrap(), "A=1\0b=2\0C=x=y\0\0");
        assert_eq!(block(&BTreeMap::new()), [0, 0]);
    }
}
