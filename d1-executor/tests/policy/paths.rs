//! Random commands in a real home, without walls: whatever the policy allows, one after the
//! other, nothing of what is protected gets out.

use crate::rig::bare;
use d1_executor::{Decision, Device, Policy, Request};
use proptest::prelude::*;
use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

const POLICY: &str = "allow_shell = true\n[[protect]]\npath = '~/papers/vault'\nwhy = 'w'\n";

/// What is in the vault.
const SECRET: &str = "top-of-the-secrets";

const PROGRAMS: [&str; 27] = [
    "cat",
    "cat",
    "cat",
    "head -n1",
    "tail",
    "cp",
    "cp -r",
    "cp -P",
    "cp -a",
    "mv",
    "ln -s",
    "ln",
    "grep -rh top",
    "grep -fn",
    "sort",
    "find",
    "tee",
    "sort --files0-from",
    "dd if=vault/s",
    // Links that are made, or moved, and what is at the end of them then.
    "mv a/b/x a/y",
    "cp -P a/b/x a/y",
    "cp -a a/b/x a/y",
    "ln -s ../vault/s a/y",
    "cat a/y",
    "cat a/y",
    "sort a/y",
    "head a/y",
];

const WORDS: [&str; 36] = [
    "vault",
    "vault/s",
    "vault/",
    "va*/s",
    "./vault/s",
    "a/../vault/s",
    "link",
    "link/s",
    "../papers",
    "../papers/vault/s",
    "~/papers/vault/s",
    "$HOME/papers/vault/s",
    "'vault'/s",
    "v'aul't/s",
    "vault//s",
    "/proc/self/cwd/vault/s",
    "here/vault/s",
    ".",
    "..",
    "a",
    "a/b",
    "a/b/x",
    "a/y",
    "a/b/y",
    "n",
    "n/s",
    "b",
    "b/vault/s",
    "b/s",
    "--",
    "-fvault/s",
    "--target-directory=n",
    "-t",
    "up/vault/s",
    "up",
    "{vault,n}/s",
];

const JOINTS: [&str; 7] = ["; ", " && ", " | ", " > n; ", " < vault/s; ", " < n; ", "\n"];

/// A home with a vault, and links that lead there from here and from elsewhere.
fn home() -> TempDir {
    let home = tempfile::tempdir_in("/var/tmp").unwrap();
    let papers = home.path().join("papers");
    fs::create_dir_all(papers.join("vault")).unwrap();
    fs::create_dir_all(papers.join("a/b")).unwrap();
    fs::write(papers.join("vault/s"), SECRET).unwrap();
    fs::write(papers.join("b"), "b").unwrap();
    symlink("vault", papers.join("link")).unwrap();
    symlink("../vault/s", papers.join("a/b/x")).unwrap();
    symlink("/proc/self/cwd", papers.join("here")).unwrap();
    home
}

fn request(home: &Path, text: &str) -> Request {
    let mut request = bare(&["sh", "-c", text]);
    request.is_script = true;
    request.cwd = home.join("papers");
    request.env.insert("PATH".into(), "/usr/bin:/bin".into());
    request.env.insert("HOME".into(), home.to_string_lossy().into_owned());
    request
}

/// What is said when a request is carried out as it stands.
fn run(request: &Request) -> String {
    let words = request.argv.words();
    // What waits for ever is a text like any other.
    let mut command = Command::new("/usr/bin/timeout");
    command.args(["-s", "KILL", "5"]).args(words).current_dir(&request.cwd);
    command.env_clear().envs(&request.env).stdin(Stdio::null());
    let said = command.output().unwrap();
    String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
}

/// Whether anything but the vault holds the secret, or leads to it by a name of its own.
fn is_out(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            !path.ends_with("papers/vault") && is_out(&path)
        } else {
            kind.is_file() && fs::read_to_string(path).is_ok_and(|text| text.contains(SECRET))
        }
    })
}

fn command() -> impl Strategy<Value = String> {
    let word = || prop::sample::select(&WORDS[..]);
    let program = prop::sample::select(&PROGRAMS[..]);
    (program, prop::collection::vec(word(), 0..3))
        .prop_map(|(program, words)| [&[program], &words[..]].concat().join(" "))
}

fn text() -> impl Strategy<Value = String> {
    let joint = prop::sample::select(&JOINTS[..]);
    prop::collection::vec((command(), joint), 1..3).prop_map(|commands| {
        let all: String =
            commands.iter().flat_map(|(command, joint)| [command.as_str(), joint]).collect();
        all.trim_end_matches([' ', ';', '&', '|', '<', '>', '\n']).to_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_what_is_protected_gets_out_by_what_is_allowed(
        texts in prop::collection::vec(text(), 1..4)
    ) {
        let (home, policy) = (home(), Policy::parse(POLICY, "").unwrap());
        for text in &texts {
            let request = request(home.path(), text);
            let device = Device::look(&request, home.path());
            let Decision::Allow { .. } = policy.decide(&request, &device) else { continue };
            let said = run(&request);
            prop_assert!(!said.contains(SECRET), "{text:?} of {texts:?} said {said}");
            prop_assert!(!is_out(home.path()), "{text:?} of {texts:?} let it out");
        }
        let kept = fs::read_to_string(home.path().join("papers/vault/s")).unwrap_or_default();
        prop_assert_eq!(kept, SECRET, "{:?} changed it", texts);
    }
}
