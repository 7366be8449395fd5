//! `install --from`: with the registry that its tool is set up with, and with nobody else. The
//! registry is one of our own on the loopback address, the tool is the real npm.
//!
//! Needs root, npm and tar.

use d1_world::{Desk, Pages, Ran};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

/// A registry with one package, whose files are at `FILES`.
const PACKAGE: &str = r#"{"name": "d1-hello", "dist-tags": {"latest": "1.0.0"}, "versions":
    {"1.0.0": {"name": "d1-hello", "version": "1.0.0", "bin": {"d1-hello": "cli.js"},
     "dist": {"tarball": "http://FILES/d1-hello-1.0.0.tgz"}}}}"#;
/// What its package is.
const DESCRIPTION: &str =
    r#"{"name": "d1-hello", "version": "1.0.0", "bin": {"d1-hello": "cli.js"}}"#;

/// A person with an npm of their own settings, and a registry.
struct Npm {
    registry: Pages,
    /// What is below `/tmp` is seen by no command.
    home: TempDir,
    _files: TempDir,
    desk: Desk,
}

impl Npm {
    /// Whose files are at this host; at the registry itself when it is none.
    fn with(files_at: Option<&str>) -> Self {
        let (files, home) = (TempDir::new().unwrap(), tempfile::tempdir_in("/var/tmp").unwrap());
        let registry = Pages::of(files.path());
        let at = registry.at();
        fill(files.path(), files_at.unwrap_or(&at));
        let apps = home.path().join("apps").display().to_string();
        // It waits long before it tries again, else.
        let settings = format!("registry=http://{at}/\nprefix={apps}\nfetch-retries=0\n");
        fs::write(home.path().join(".npmrc"), settings).unwrap();
        let desk = Desk::at_this_machine().with("HOME", home.path().to_str().unwrap());
        Self { registry, home, _files: files, desk }
    }

    fn install(&self, more: &[&str]) -> Ran {
        let words = ["install", "d1-hello", "--from", "npm", "--yes"];
        self.desk.doctor(&[&words[..], more].concat())
    }
}

fn fill(folder: &Path, files_at: &str) {
    let package = folder.join("build/package");
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("package.json"), DESCRIPTION).unwrap();
    fs::write(package.join("cli.js"), "#!/usr/bin/env node\nconsole.log('hello');\n").unwrap();
    let archive = folder.join("d1-hello-1.0.0.tgz");
    let mut tar = Command::new("tar");
    tar.arg("-czf").arg(archive).arg("-C").arg(folder.join("build")).arg("package");
    assert!(tar.status().unwrap().success());
    fs::create_dir(folder.join("d1-hello")).unwrap();
    let index = PACKAGE.replace("FILES", files_at);
    fs::write(folder.join("d1-hello/index"), index).unwrap();
}

#[test]
fn what_comes_from_npm_comes_from_the_registry_that_npm_is_set_up_with_and_works() {
    let npm = Npm::with(None);
    let shown = npm.desk.doctor(&["plan", "d1-hello", "--from", "npm"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let allowed = format!("  network   {}, and no other host\n", npm.registry.at());
    assert!(shown.stdout.contains(&allowed), "{}", shown.stdout);
    assert_eq!(npm.registry.asked(), [] as [&str; 0], "a plan asks nobody");
    assert!(!npm.home.path().join("apps").exists(), "a plan changes nothing");
    let ran = npm.install(&[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("  network    reached 127.0.0.1\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("  isolation  full"), "{}", ran.stdout);
    let said = Command::new(npm.home.path().join("apps/bin/d1-hello")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "hello\n");
    // A program leaves no receipt that could be taken back, and that was said before.
    assert!(ran.stdout.contains("take it back yourself with `npm uninstall"), "{}", ran.stdout);
}

#[test]
fn files_at_another_host_are_refused_with_its_name_and_the_command_that_allows_it() {
    let npm = Npm::with(Some("files.example"));
    let ran = npm.install(&[]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    for part in [
        "called `files.example`, which it does not name",
        "d1-doctor install d1-hello --from npm --allow-host files.example",
    ] {
        assert!(ran.stderr.contains(part), "{part:?} is missing in:\n{}", ran.stderr);
    }
    assert!(ran.stdout.contains("refused files.example"), "{}", ran.stdout);
}

#[test]
fn whom_somebody_allows_is_shown_in_the_plan_and_called() {
    let files = TempDir::new().unwrap();
    let other = Pages::of(files.path());
    fill(files.path(), "nobody.example");
    let npm = Npm::with(Some(&other.at()));
    let ran = npm.install(&["--allow-host", &other.at()]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains(&other.at()), "{}", ran.stdout);
    assert_eq!(other.asked(), ["/d1-hello-1.0.0.tgz"]);
}

#[test]
fn a_host_that_the_owner_does_not_give_is_refused_before_anything_runs() {
    let npm = Npm::with(None);
    fs::create_dir_all(npm.home.path().join(".config/d1-doctor")).unwrap();
    let policy = npm.home.path().join(".config/d1-doctor/policy.toml");
    fs::write(policy, "hosts = [\"registry.example\"]\n").unwrap();
    let ran = npm.install(&[]);
    assert_eq!(ran.code, 6, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("is not among the hosts"), "{}", ran.stderr);
    assert_eq!(npm.registry.asked(), [] as [&str; 0]);
}

#[test]
fn a_tool_that_does_not_say_where_its_registry_is_installs_only_with_hosts_that_somebody_names() {
    let npm = Npm::with(None);
    let tools = npm.home.path().join("tools");
    fs::create_dir(&tools).unwrap();
    let silent = tools.join("npm");
    fs::write(&silent, "#!/bin/sh\nexit 3\n").unwrap();
    let open = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    fs::set_permissions(&silent, open).unwrap();
    let path = format!("{}:/usr/bin:/bin", tools.display());
    let plan = |more: &[&str]| {
        let mut command = npm.desk.program("d1-doctor");
        command.env("PATH", &path).args(["plan", "d1-hello", "--from", "npm"]).args(more);
        d1_world::run(command)
    };
    let refused = plan(&[]);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("name them with --allow-host"), "{}", refused.stderr);
    let named = plan(&["--allow-host", "registry.example:8443"]);
    assert_eq!(named.code, 0, "{}", named.stderr);
    let shown = "  network   registry.example:8443, and no other host\n";
    assert!(named.stdout.contains(shown), "{}", named.stdout);
}

/// A plan that names the registry would be a promise: npm would call the proxy, and be refused.
#[test]
fn a_tool_with_a_proxy_of_its_own_is_told_of_before_anybody_says_yes() {
    let npm = Npm::with(None);
    let settings = npm.home.path().join(".npmrc");
    let before = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{before}proxy=http://proxy.example:3128/\n")).unwrap();
    let refused = npm.install(&[]);
    assert_eq!(refused.code, 1, "{}{}", refused.stdout, refused.stderr);
    for part in ["has a proxy of its own (`proxy` in its settings)", "set `http_proxy`"] {
        assert!(refused.stderr.contains(part), "{part:?} is missing in:\n{}", refused.stderr);
    }
    assert_eq!(npm.registry.asked(), [] as [&str; 0]);
    fs::write(&settings, before).unwrap();
    assert_eq!(npm.install(&[]).code, 0, "without it the registry is called");
}
