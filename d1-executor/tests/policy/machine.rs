//! What is looked up on the machine itself.

use crate::rig::{asked, assert_allowed, bare, denied};
use d1_executor::{Decision, Device, Policy, Request};
use std::{fs, os::unix::fs::symlink, path::Path};
use tempfile::TempDir;

const KEPT: &str = "[[protect]]\npath = '~/secret'\nwhy = 'w'\n";

/// A request in `home`, with the programs of this machine.
fn request(home: &Path, words: &[&str]) -> Request {
    let mut request = Request { cwd: home.to_path_buf(), ..bare(words) };
    request.env.insert("PATH".into(), "/usr/bin:/bin".into());
    request
}

fn said(policy: &str, home: &TempDir, words: &[&str]) -> Decision {
    let request = request(home.path(), words);
    Policy::parse(policy, "").unwrap().decide(&request, &Device::look(&request, home.path()))
}

#[test]
fn a_link_is_what_it_leads_to() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("secret")).unwrap();
    symlink("secret", home.path().join("letters")).unwrap();
    symlink("/usr/bin/rm", home.path().join("tidy")).unwrap();
    for file in ["secret/new", "letters/new", "letters/../secret"] {
        assert_eq!(denied(said(KEPT, &home, &["cat", file])).code, "D1-POL-005", "{file}");
    }
    assert_allowed(&said(KEPT, &home, &["cat", "other"]));
    let no_rm = "[[forbid]]\nname = 'n'\nwhy = 'w'\nprogram = 'rm'\nmatch = ['rm x']\n";
    assert_eq!(denied(said(no_rm, &home, &["./tidy", "x"])).code, "D1-POL-004");
}

#[test]
fn a_program_that_others_could_have_put_there_needs_a_yes() {
    let home = tempfile::tempdir().unwrap();
    fs::copy("/usr/bin/rm", home.path().join("cat")).unwrap();
    assert_allowed(&said(KEPT, &home, &["/usr/bin/cat", "x"]));
    let reasons = asked(said(KEPT, &home, &["./cat", "x"]));
    assert_eq!(reasons[0].text, "`./cat` is no program of the system");
}

#[test]
fn a_yes_to_a_script_is_no_yes_to_what_becomes_of_it() {
    let home = tempfile::tempdir().unwrap();
    let digest = |words: &[&str]| {
        let decision = said(KEPT, &home, words);
        let Decision::NeedsApproval { digest, .. } = decision else { panic!("{decision:?}") };
        digest
    };
    fs::write(home.path().join("tool"), "echo 1").unwrap();
    for words in [&["./tool"][..], &["sh", "tool"], &["sh", "-e", "./tool"]] {
        let before = digest(words);
        assert_eq!(digest(words), before);
        fs::write(home.path().join("tool"), format!("echo 2 # {words:?}")).unwrap();
        assert_ne!(digest(words), before, "{words:?}");
    }
}

#[test]
fn a_path_that_leads_elsewhere_for_whoever_runs_needs_a_yes() {
    let home = tempfile::tempdir().unwrap();
    symlink("/proc/self/cwd", home.path().join("here")).unwrap();
    for file in ["/proc/self/cwd/secret", "/dev/fd/3", "here/secret", "../../proc/self/root/x"] {
        let reasons = asked(said(KEPT, &home, &["cat", file]));
        assert_eq!(reasons[0].text, format!("`{file}` leads elsewhere for whoever runs"));
    }
    assert_allowed(&said(KEPT, &home, &["cat", "/proc/cpuinfo", "/dev/stdin"]));
}

#[test]
fn a_link_that_is_made_moved_or_hidden_among_many_paths_is_no_way_around() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("secret")).unwrap();
    fs::create_dir_all(home.path().join("a/b")).unwrap();
    // Where it is it leads to nothing; elsewhere it would lead to the secret.
    symlink("../secret", home.path().join("a/b/x")).unwrap();
    symlink("secret", home.path().join("link")).unwrap();
    let script =
        |text: &str| said(&format!("allow_shell = true\n{KEPT}"), &home, &["sh", "-c", text]);
    for text in [
        "ln -s ../secret a/y; cat a/y/new",
        "mv a/b/x a/y; cat a/y/new",
        "cp -P a/b/x a/y && cat a/y/new",
    ] {
        assert!(!asked(script(text)).is_empty(), "{text}");
    }
    assert_allowed(&script("cp a/z a/y; cat a/b"));
    let mut words = vec!["cat".to_owned()];
    words.extend((0..1000).map(|n| format!("{n}:{n}a:{n}b:{n}c:{n}d")));
    words.push("link/new".to_owned());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert!(!asked(said(KEPT, &home, &words)).is_empty());
    let many = format!("{}link/new", "x:".repeat(40));
    assert!(!asked(said(KEPT, &home, &["cat", &many])).is_empty());
}
