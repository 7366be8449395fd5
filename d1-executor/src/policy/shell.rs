//! Reads shell text: which commands it runs, and what of it nobody can tell beforehand.
//!
//! The text is parsed, and its tree walked with a list of what is understood: plain words, pipes,
//! `&&`, `;`, groups, conditions, and files that are named. Everything else is opaque: expansions,
//! patterns, here-documents, functions, and whatever the parser is not sure of. The answer is
//! advice; what holds a command is the sandbox.
//!
//! Before anything is parsed the text has to be short, flat and plain, so that no text takes long,
//! nests deep, or reaches the rare paths of the parser.

use super::command::{Reading, shown};
use crate::sandbox::Access;
use std::ops::ControlFlow;
use tree_sitter::{Node, ParseOptions, ParseState, Parser};

/// The longest text, in bytes.
pub(super) const MOST_BYTES: usize = 16 * 1024;
/// The most signs that open something, nested or not.
const MOST_OPENED: usize = 100;
/// The deepest that the tree of a text is walked.
const DEEPEST: usize = 200;
/// How often the parser may report before it is stopped; it does so every few hundred steps.
const MOST_REPORTS: u32 = 2_000;

/// Reads `text`, and adds what it runs to `reading`. `depth` is that of wrappers around it.
pub(super) fn read(text: &str, reading: &mut Reading, depth: usize) {
    if let Err(why) = is_plain(text) {
        reading.opaque.push(format!("`{}` {why}", shown(text)));
        return reading.split(text);
    }
    let Some(tree) = parse(text).filter(|tree| !tree.root_node().has_error()) else {
        reading.opaque.push(format!("`{}` cannot be read as shell text", shown(text)));
        return reading.split(text);
    };
    Walk { text, reading, depth }.statement(tree.root_node(), 0);
}

/// What keeps a text from being parsed at all.
fn is_plain(text: &str) -> Result<(), String> {
    if text.len() > MOST_BYTES {
        return Err(format!("is longer than {MOST_BYTES} bytes"));
    }
    if text.contains(|c: char| c.is_control() && !"\t\n".contains(c)) {
        return Err("has signs in it that are not shown".into());
    }
    if text.chars().filter(|c| "({[`".contains(*c)).count() > MOST_OPENED {
        return Err(format!("opens more than {MOST_OPENED} brackets"));
    }
    if text.contains("<<") {
        return Err("has a here-document".into());
    }
    if text.contains("\\\n") {
        return Err("goes on over the end of a line".into());
    }
    Ok(())
}

fn parse(text: &str) -> Option<tree_sitter::Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    let mut reports = 0;
    let mut go_on = |_: &ParseState| {
        reports += 1;
        if reports > MOST_REPORTS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut go_on);
    let bytes = text.as_bytes();
    let mut from = |at: usize, _| bytes.get(at..).unwrap_or_default();
    parser.parse_with_options(&mut from, None, Some(options))
}

struct Walk<'a> {
    text: &'a str,
    reading: &'a mut Reading,
    depth: usize,
}

impl Walk<'_> {
    /// Nobody can tell what a piece does; what may be in it is kept all the same.
    fn opaque(&mut self, node: Node<'_>, why: &str) {
        let text = self.text.get(node.byte_range()).unwrap_or_default();
        self.reading.opaque.push(format!("`{}` {why}", shown(text)));
        self.reading.split(text);
    }

    fn of(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn statement(&mut self, node: Node<'_>, deep: usize) {
        if deep > DEEPEST {
            return self.opaque(node, "is nested too deep");
        }
        match node.kind() {
            "program"
            | "list"
            | "pipeline"
            | "compound_statement"
            | "subshell"
            | "redirected_statement"
            | "negated_command"
            | "if_statement"
            | "while_statement"
            | "do_group"
            | "else_clause"
            | "elif_clause" => self.inside(node, deep),
            "command" => self.command(node),
            "file_redirect" => self.redirect(node),
            "comment" if self.is_comment(node) => {}
            "variable_assignment" | "variable_assignments" => {
                self.opaque(node, "changes what later words mean");
            }
            "function_definition" => self.opaque(node, "gives a name a meaning of its own"),
            "for_statement" | "c_style_for_statement" | "case_statement" => {
                self.opaque(node, "depends on words that are only known when it runs");
                self.inside(node, deep);
            }
            _ => self.opaque(node, "is more than the policy reads"),
        }
    }

    fn inside(&mut self, node: Node<'_>, deep: usize) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.statement(child, deep + 1);
        }
    }

    /// A comment is one for every shell only where a word could begin.
    fn is_comment(&self, node: Node<'_>) -> bool {
        let before = self.text.get(..node.start_byte()).and_then(|text| text.chars().next_back());
        before.is_none_or(|before| " \t\n;".contains(before))
    }

    fn command(&mut self, node: Node<'_>) {
        let (mut words, mut whole) = (Vec::new(), true);
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "variable_assignment" => self.assignment(child),
                "file_redirect" => self.redirect(child),
                "command_name" => match child.named_child(0).and_then(|name| self.word(name)) {
                    Some(word) => words.push(word),
                    None => {
                        whole = false;
                        self.opaque(child, "stands for a program that is only known when it runs");
                    }
                },
                _ => match self.word(child) {
                    Some(word) => words.push(word),
                    None => {
                        self.opaque(child, "is only known when it runs");
                        words.push(self.of(child).to_owned());
                    }
                },
            }
        }
        if whole {
            self.reading.command(&words, self.depth);
        } else {
            self.reading.split(self.text.get(node.byte_range()).unwrap_or_default());
        }
    }

    /// A variable that is set for one command.
    fn assignment(&mut self, node: Node<'_>) {
        let text = self.of(node);
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let name = name.to_owned();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+".contains(c);
        if !is_name || !value.chars().all(plain) {
            self.opaque(node, "is only known when it runs");
        }
        self.reading.variable(&name);
    }

    fn redirect(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        let mut access = None;
        for child in node.children(&mut cursor) {
            match (child.kind(), access) {
                ("file_descriptor", _) => {}
                ("<", None) => access = Some(Access::Read),
                (">" | ">>" | ">|" | "<>", None) => access = Some(Access::Write),
                (">&", None) if self.is_copy(node) => return,
                (_, Some(access)) => match self.word(child) {
                    Some(word) => self.reading.files.push((word, access)),
                    None => self.opaque(node, "leads to what is only known when it runs"),
                },
                _ => return self.opaque(node, "leads to what the policy does not read"),
            }
        }
    }

    /// `2>&1`: one stream goes where another does.
    fn is_copy(&self, node: Node<'_>) -> bool {
        let text = self.of(node);
        text.split_once(">&").is_some_and(|(from, to)| {
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            digits(from) && digits(to) && !to.is_empty()
        })
    }

    /// The word a program gets, when that is known beforehand.
    fn word(&self, node: Node<'_>) -> Option<String> {
        let text = self.of(node);
        if text == "{}" {
            return Some(text.to_owned());
        }
        match node.kind() {
            "word" | "number" => bare(text),
            "raw_string" => Some(text.strip_prefix('\'')?.strip_suffix('\'')?.to_owned()),
            "string" => quoted(text.strip_prefix('"')?.strip_suffix('"')?),
            "concatenation" => {
                let mut cursor = node.walk();
                let children: Vec<_> = node.children(&mut cursor).collect();
                let pieces: Option<Vec<_>> =
                    children.iter().map(|piece| self.word(*piece)).collect();
                // What lies between the pieces would be lost.
                let length: usize = children.iter().map(|piece| piece.byte_range().len()).sum();
                pieces.filter(|_| length == text.len()).map(|pieces| pieces.concat())
            }
            _ => None,
        }
    }
}

/// A word without quotes: its escapes taken away; `None` when a shell would make more of it.
fn bare(text: &str) -> Option<String> {
    if text == "[" || text == "]" {
        return Some(text.to_owned());
    }
    // `~name` and `=name` stand for something else; `~/` is known to who looks at paths.
    let odd_start = text.starts_with('=')
        || text.starts_with('~') && text != "~" && !text.starts_with("~/")
        || text.contains(":~")
        || text.contains("=~");
    let (mut word, mut letters) = (String::new(), text.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => word.push(letters.next()?),
            '*' | '?' | '[' | ']' | '{' | '}' | '$' | '`' | '\'' | '"' | '(' | ')' | '<' | '>'
            | '&' | ';' | '|' | '!' | '^' => return None,
            letter if letter.is_whitespace() => return None,
            letter => word.push(letter),
        }
    }
    (!odd_start).then_some(word)
}

/// What stands between double quotes; `None` when a shell would make more of it.
fn quoted(text: &str) -> Option<String> {
    let (mut word, mut letters) = (String::new(), text.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '$' | '`' | '"' => return None,
            '\\' => match letters.next()? {
                escaped @ ('$' | '`' | '"' | '\\') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            letter => word.push(letter),
        }
    }
    Some(word)
}
