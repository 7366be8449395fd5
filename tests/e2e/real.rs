//! The machine these tests run on: the recipes that say they were tested for real are.
//!
//! Needs root, apt, and a mirror. What is installed already is left out; the rest is installed,
//! seen to work, and taken back, and the machine is then exactly as it was.

use d1_core::Digest;
use d1_world::Desk;
use std::{collections::BTreeMap, fs, path::Path, process::Command};

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
    let before = (query("dpkg-query", &["-W"]), query("apt-mark", &["showauto"]), etc());
    for thing in real {
        let ran = desk.doctor(&["install", thing, "--yes"]);
        assert_eq!(ran.code, 0, "{thing}: {}{}", ran.stdout, ran.stderr);
        if ran.stdout.contains("nothing to do") {
            continue;
        }
        let again = desk.doctor(&["install", thing, "--yes"]);
        assert!(again.stdout.contains("nothing to do"), "{thing}: {}", again.stdout);
        let undone = desk.doctor(&["undo", "last", "--yes"]);
        assert_eq!(undone.code, 0, "{thing}: {}{}", undone.stdout, undone.stderr);
        assert_eq!(query("dpkg-query", &["-W"]), before.0, "{thing} left packages behind");
        assert_eq!(query("apt-mark", &["showauto"]), before.1, "{thing} left marks behind");
        assert_eq!(etc(), before.2, "{thing} left files in /etc behind");
    }
}
