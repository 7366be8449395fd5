//! The machine these tests run on: the recipes that say they were tested for real are.
//!
//! Needs root, apt, and a mirror. What is installed already is left out; the rest is installed,
//! seen to work, and taken back, and the machine is then exactly as it was. The one exception is
//! what the undo itself names: a package that had to be upgraded, whose old version no mirror has.

use d1_core::Digest;
use d1_world::Desk;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

fn query(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().expect("this test needs apt");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every file below `/etc` with the digest of its content.
fn etc() -> BTreeMap<String, String> {
    fn walk(path: &Path, found: &mut BTreeMap<String, String>) {
        let Ok(entries) = fs::read_dir(path) else { return };
        for entry in entries.flatten() {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() {
                walk(&path, found);
            } else if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap().display().to_string();
                found.insert(path.display().to_string(), target);
            } else {
                let digest = Digest::of(&fs::read(&path).unwrap_or_default()).to_string();
                found.insert(path.display().to_string(), digest);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(Path::new("/etc"), &mut found);
    // Written anew by the linker's and other caches, with the same meaning.
    found.remove("/etc/ld.so.cache");
    found
}

/// What a machine has, one line a thing: packages, marks, files of `/etc`.
struct Snapshot(BTreeSet<String>);

impl Snapshot {
    fn take() -> Self {
        let mut lines = BTreeSet::new();
        lines.extend(query("dpkg-query", &["-W"]).lines().map(|line| format!("package {line}")));
        lines.extend(query("apt-mark", &["showauto"]).lines().map(|line| format!("auto {line}")));
        lines.extend(etc().into_iter().map(|(path, content)| format!("file {path} {content}")));
        Self(lines)
    }

    /// The lines only one of the two has, but for the packages that were told to stay.
    fn differences(&self, after: &Self, stayed: &[String]) -> Vec<String> {
        let told = |line: &&String| {
            let name = line.split([' ', ':', '\t']).nth(1).unwrap_or_default();
            line.starts_with("package ") && stayed.iter().any(|package| package == name)
        };
        self.0.symmetric_difference(&after.0).filter(|line| !told(line)).cloned().collect()
    }
}

/// The packages of which an undo said that they keep their new version.
fn upgraded(undone: &str) -> Vec<String> {
    let stayed = |line: &str| {
        let (name, _why) = line.trim().strip_prefix("kept")?.split_once(" stays as it is")?;
        Some(name.trim().to_owned())
    };
    undone.lines().filter_map(stayed).collect()
}

#[test]
fn recipes_tested_for_real_are_installed_verified_and_undone_without_a_trace() {
    let desk = Desk::at_this_machine();
    if !Path::new("/var/cache/apt/pkgcache.bin").exists()
        || query("apt-cache", &["policy", "ripgrep"]).is_empty()
    {
        let status = Command::new("apt-get").args(["update", "-qq"]).status().unwrap();
        assert!(status.success(), "this test needs a mirror");
    }
    let list = desk.doctor(&["plan", "--list", "--json"]).json();
    let things = list["things"].as_array().unwrap();
    let real: Vec<&str> = things
        .iter()
        .filter(|thing| thing["tested_for_real"] == true)
        .map(|thing| thing["id"].as_str().unwrap())
        .collect();
    assert!(real.contains(&"ripgrep"));
    for thing in real {
        let before = Snapshot::take();
        let ran = desk.doctor(&["install", thing, "--yes"]);
        assert_eq!(ran.code, 0, "{thing}: {}{}", ran.stdout, ran.stderr);
        if ran.stdout.contains("nothing to do") {
            continue;
        }
        let again = desk.doctor(&["install", thing, "--yes"]);
        assert!(again.stdout.contains("nothing to do"), "{thing}: {}", again.stdout);
        let undone = desk.doctor(&["undo", "last", "--yes"]);
        assert_eq!(undone.code, 0, "{thing}: {}{}", undone.stdout, undone.stderr);
        let left = before.differences(&Snapshot::take(), &upgraded(&undone.stdout));
        assert_eq!(left, [""; 0], "{thing} left something behind:\n{}", undone.stdout);
    }
}
