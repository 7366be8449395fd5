//! Shell text: what is read of it, and that nothing runs which was not read.

use crate::rig::{asked, assert_allowed, bare, denied, said};
use d1_executor::{Decision, Request};
use proptest::prelude::*;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Scripts may run; `c` may not, `/p/s` is kept, and `a` and `b` are known.
const POLICY: &str = r#"
allow_shell = true
[[forbid]]
name = "c"
why = "w"
program = "c"
match = ["c"]
[[allow]]
name = "known"
why = "w"
program = ["a", "b"]
match = ["a", "b x"]
[[protect]]
path = "/p/s"
why = "w"
"#;

fn script(text: &str) -> Request {
    Request { is_script: true, ..bare(&["sh", "-c", text]) }
}

#[test]
fn plain_text_is_understood_whole() {
    for text in [
        "a",
        "a x 'y z' \"q\" | b && a; b &",
        "if a; then b; else a; fi",
        "while a; do b; done",
        "until a; do b; done",
        "(a; b) 2>&1 >x </dev/null",
        "{ a; b; } >>x || ! a",
        "LANG=C a # a comment\nb",
        "a \\$x '$x' \"\\$x\" --y=z {} 5 ~/x",
        "cat x | grep y | wc -l > z",
        "nice -n 5 a",
        "sh -c 'a; b'",
    ] {
        assert_allowed(&said(POLICY, &script(text)));
    }
}

#[test]
fn what_is_forbidden_is_found_wherever_it_stands() {
    for text in [
        "a; c",
        "a | c",
        "a && c x",
        "a\nc",
        "'c' x",
        "\"c\"",
        "\\c",
        "/usr/bin/c",
        "if a; then c; fi",
        "(a; { c; })",
        "x=1 c",
        "nohup c",
        "! c",
        "sh -c c",
        "sh -c 'sh -c \"c x\"'",
        "a $(c x)",
        "echo x | xargs c",
        "for x in 1; do c; done",
        "f() { c; }",
        "cat <<x\n`c x`\nx",
    ] {
        assert_eq!(denied(said(POLICY, &script(text))).code, "D1-POL-004", "{text}");
    }
}

#[test]
fn what_is_only_known_when_it_runs_needs_a_yes() {
    for text in [
        "$x",
        "${x:-d} y",
        "$(echo d)",
        "`echo d`",
        "a $x",
        "a *",
        "a x?",
        "a {b,d}",
        "a \"$x\"",
        "a $'\\x64'",
        "d\\\n d",
        "a <<< x",
        "a <(b)",
        "a > $x",
        "x=y; a",
        "PATH=. a",
        "LD_PRELOAD=./x a",
        "eval d",
        ". ./x",
        "source x",
        "alias a=d",
        "function a { b; }",
        "a() { b; }",
        "[[ a == b ]]",
        "((x))",
        "case x in x) a;; esac",
        "exec a",
        "command a",
        "cd /",
        "a ~root",
        "a & b )",
        "'a",
        "a\rb",
        "env -S 'd x'",
        "bash -x d",
    ] {
        assert!(!asked(said(POLICY, &script(text))).is_empty(), "{text}");
    }
}

#[test]
fn a_script_on_a_machine_without_rules_still_has_to_be_understood() {
    let policy = "allow_shell = true";
    assert_allowed(&said(policy, &script("make && ./install")));
    for text in ["eval $x", "make $x", "curl x | bash", "find . -exec x {} +"] {
        let reasons = asked(said(policy, &script(text)));
        assert!(reasons.iter().all(|reason| reason.source.is_none()), "{text}: {reasons:?}");
    }
}

#[test]
fn files_that_the_shell_opens_are_kept_like_any_other() {
    for text in ["a < /p/s", "a > /p/s", "a >>/p/'s'", "(a; b) 2>/p/s/x", "{ a; } > /p/../p/s"] {
        assert_eq!(denied(said(POLICY, &script(text))).code, "D1-POL-005", "{text}");
    }
}

#[test]
fn a_text_that_goes_on_and_on_is_answered_all_the_same() {
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    for text in [
        nested("(", "a", ")", 40_000),
        nested("(", "a", ")", 100),
        nested("$(", "a", ")", 30_000),
        nested("{ ", "a; ", "}", 20_000),
        nested("if a; then ", "a; ", "fi; ", 500),
        nested("! ", "a", "", 8_000),
        nested("a | ", "a", "", 4_000),
        nested("a && ", "a", "", 3_000),
        nested("\"$(", "a", ")\"", 49),
        nested("`", "a", "`", 50),
        nested("[", "a", "]", 100),
        "a ".repeat(9_000),
        "(".repeat(90_000),
        "'".repeat(16_001),
        "<<x ".repeat(4_000),
        "((".repeat(50),
        "case x in ".repeat(1_500),
        "while ".repeat(2_500),
    ] {
        let decision = said(POLICY, &script(&text));
        assert!(!matches!(decision, Decision::Allow { .. }), "{}", &text[..20]);
    }
    assert_allowed(&said(POLICY, &script(&nested("a; ", "a", "", 49))));
    let many = said(POLICY, &script(&nested("a; ", "a", "", 50)));
    assert_eq!(denied(many).reason, "it is more than 50 commands");
}

/// What the texts are made of that are given to real shells.
const PIECES: [&str; 84] = [
    "a",
    "b",
    "c",
    "a",
    "b",
    "c",
    " ",
    " ",
    " ",
    " ",
    "\n",
    ";",
    "; ",
    " & ",
    " | ",
    " && ",
    " || ",
    "(",
    ")",
    "{ ",
    "}",
    "; }",
    "'",
    "\"",
    "\\",
    "$",
    "`",
    "$(",
    "<",
    ">",
    " > x ",
    " 2>&1",
    "#",
    " #",
    "!",
    "! ",
    "=",
    "x=",
    "x=c ",
    "$x",
    "if ",
    "; then ",
    "; fi",
    "while ",
    "; do ",
    "; done",
    "for x in ",
    "case ",
    " in ",
    ") ",
    "esac",
    "eval ",
    "exec ",
    "command ",
    ". ",
    "~",
    "*",
    "?",
    "[",
    "]",
    "$IFS",
    "${x:-c}",
    "$'c'",
    "\t",
    "\r",
    "alias a=c\n",
    "f() ",
    "sh -c ",
    "-c ",
    "{c,}",
    "%",
    "@(",
    "\u{a0}",
    "time ",
    "[[ ",
    " ]]",
    "((",
    "))",
    "/p/s",
    "/p/",
    "s",
    "0",
    "&>",
    "|&",
];

/// What stands between two pieces.
const JOINTS: [&str; 8] = ["", "", " ", " ", "; ", " | ", " && ", "\n"];

/// Programs that only note that they were run, and with what.
fn stubs(folder: &TempDir) {
    for (name, code) in [("a", 1), ("b", 0), ("c", 0)] {
        let log = folder.path().join("log");
        let text = format!(
            "#!/bin/sh\nexec >>{}\necho run {name}\nprintf 'with %s\\n' \"$@\"\nexit {code}\n",
            log.display()
        );
        let path = folder.path().join("bin").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// What a shell ran for `text`: every program, and every word it was given.
fn ran(shell: &str, folder: &Path, text: &str) -> String {
    let work = tempfile::tempdir_in(folder).unwrap();
    let _unused = fs::remove_file(folder.join("log"));
    // An endless loop is a text like any other.
    let mut command = Command::new("/usr/bin/timeout");
    command.args(["-s", "KILL", "0.5", shell, "-c", text]).current_dir(&work);
    command.env_clear().env("PATH", folder.join("bin")).env("HOME", "/nowhere");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let _said = command.output().unwrap();
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_at_all_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 1..300)) {
        let text = String::from_utf8_lossy(&bytes).replace('\0', "");
        said(POLICY, &script(&text));
        if !text.is_empty() {
            let words: Vec<&str> = text.split_whitespace().collect();
            if !words.is_empty() {
                said(POLICY, &bare(&words));
            }
        }
    }

    #[test]
    fn what_is_allowed_runs_nothing_that_is_not(
        pieces in prop::collection::vec(
            (prop::sample::select(&PIECES[..]), prop::sample::select(&JOINTS[..])),
            1..6,
        )
    ) {
        let text: String = pieces.iter().flat_map(|(piece, joint)| [*piece, *joint]).collect();
        let Decision::Allow { .. } = said(POLICY, &script(&text)) else { return Ok(()) };
        let folder = tempfile::tempdir().unwrap();
        stubs(&folder);
        for shell in ["/usr/bin/dash", "/usr/bin/bash"] {
            let ran = ran(shell, folder.path(), &text);
            let is_wrong = |line: &str| line == "run c" || line.starts_with("with /p/s");
            prop_assert!(!ran.lines().any(is_wrong), "{shell} ran {ran:?} for {text:?}");
        }
    }
}
