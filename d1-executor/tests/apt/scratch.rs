//! A scratch machine: its own dpkg database, its own apt configuration, and a
//! repository of tiny packages, all under one temporary directory.

use crate::{bench::require_root_and_apt, repository};
use d1_core::SystemClock;
use d1_executor::{Apt, Host, ProcessTool, Tool};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

pub(crate) struct Machine {
    dir: tempfile::TempDir,
    pub(crate) apt: Apt,
}

/// A package to be built: its name, version, further fields, and a script.
#[derive(Clone, Copy)]
pub(crate) struct Deb {
    name: &'static str,
    version: &'static str,
    fields: &'static str,
    postinst: Option<&'static str>,
    conffile: bool,
    kib: u64,
}

impl Deb {
    pub(crate) const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, fields: "", postinst: None, conffile: false, kib: 4 }
    }

    pub(crate) const fn with(self, fields: &'static str) -> Self {
        Self { fields, ..self }
    }

    pub(crate) const fn postinst(self, script: &'static str) -> Self {
        Self { postinst: Some(script), ..self }
    }

    pub(crate) const fn installed_kib(self, kib: u64) -> Self {
        Self { kib, ..self }
    }

    pub(crate) const fn conffile(self) -> Self {
        Self { conffile: true, ..self }
    }
}

impl Machine {
    /// A machine whose repository has these packages, with a fresh index.
    pub(crate) fn with(debs: &[Deb]) -> Self {
        let machine = Self::bare();
        for deb in debs {
            machine.build(deb);
        }
        repository::index(&machine.root().join("repo"));
        machine.apt_get(&["update"]);
        machine
    }

    /// A machine without packages and without an index.
    pub(crate) fn bare() -> Self {
        require_root_and_apt();
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        repository::lay_out(root);
        fs::create_dir(root.join("repo")).unwrap();
        let shown = root.display();
        let repository = format!("file:{shown}/repo");
        let apt = apt_for(root, true, std::env::var("PATH").unwrap());
        let machine = Self { apt, dir };
        machine.mirror(&repository);
        machine
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn frontend_lock(&self) -> PathBuf {
        self.root().join("var/lib/dpkg/lock-frontend")
    }

    /// Where packages come from.
    pub(crate) fn mirror(&self, uri: &str) {
        fs::write(
            self.root().join("etc/apt/sources.list"),
            format!("deb [trusted=yes] {uri} ./\n"),
        )
        .unwrap();
    }

    /// The same machine, its programs run by another tool.
    pub(crate) fn apt_with(&self, tool: Arc<dyn Tool>) -> Apt {
        Apt::new(host_for(self.root(), true, std::env::var("PATH").unwrap()), tool)
    }

    /// The same machine as somebody who is not the administrator.
    pub(crate) fn as_user(&self, path: String) -> Apt {
        apt_for(self.root(), false, path)
    }

    /// Runs the machine's `apt-get` behind our back.
    pub(crate) fn apt_get(&self, words: &[&str]) {
        let mut command = Command::new("apt-get");
        command.args(["-y", "-q"]).args(words);
        self.must(&mut command);
    }

    /// Runs the machine's `apt-mark` behind our back.
    pub(crate) fn apt_mark(&self, words: &[&str]) {
        self.must(Command::new("apt-mark").args(words));
    }

    /// Everything dpkg and apt know of packages, as text.
    pub(crate) fn packages(&self) -> String {
        let list = self.must(Command::new("dpkg-query").args([
            "-W",
            "-f",
            "${binary:Package} ${db:Status-Abbrev} ${Version}\n",
        ]));
        let marks = self.must(Command::new("apt-mark").arg("showauto"));
        format!("{list}auto: {marks}")
    }

    fn must(&self, command: &mut Command) -> String {
        let out = command.envs(env_for(self.root())).env("LC_ALL", "C.UTF-8").output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(
            out.status.success() || error.contains("no packages found"),
            "{command:?}\n{text}{error}"
        );
        text
    }

    fn build(&self, deb: &Deb) {
        let work = self.root().join("tmp").join(format!("{}-{}", deb.name, deb.version));
        let control = work.join("DEBIAN");
        fs::create_dir_all(&control).unwrap();
        let share = work.join("usr/share").join(deb.name);
        fs::create_dir_all(&share).unwrap();
        fs::write(share.join("version"), deb.version).unwrap();
        let Deb { name, version, fields, kib, .. } = deb;
        fs::write(
            control.join("control"),
            format!("Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nInstalled-Size: {kib}\nDescription: test package {name}\n{fields}"),
        )
        .unwrap();
        if let Some(script) = deb.postinst {
            let file = control.join("postinst");
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
            set_mode(&file, 0o755);
        }
        if deb.conffile {
            fs::create_dir_all(work.join("etc")).unwrap();
            fs::write(work.join("etc").join(format!("{name}.conf")), "x=1\n").unwrap();
            fs::write(control.join("conffiles"), format!("/etc/{name}.conf\n")).unwrap();
        }
        repository::pack(&self.root().join("repo"), &work, name, version);
    }
}

fn env_for(root: &Path) -> BTreeMap<String, String> {
    let text = |path: &str| root.join(path).to_string_lossy().into_owned();
    BTreeMap::from([
        ("APT_CONFIG".to_owned(), text("etc/apt/apt.conf")),
        ("DPKG_ADMINDIR".to_owned(), text("var/lib/dpkg")),
    ])
}

fn apt_for(root: &Path, is_root: bool, path: String) -> Apt {
    Apt::new(host_for(root, is_root, path), Arc::new(ProcessTool::default()))
}

fn host_for(root: &Path, is_root: bool, path: String) -> Host {
    let env = env_for(root);
    Host { root: "/".into(), path, env, is_root, clock: Arc::new(SystemClock::new()) }
}

pub(crate) fn set_mode(file: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}
