//! Facts, gathered from scratch machines: a root directory and a search path of our own.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use d1_core::{
    Answer, Distro, Manager, ManagerFacts, Os, Query, ServiceManager, SystemClock, UserFacts,
};
use d1_executor::{FactsSource, Host, ProcessTool, Tool, all_managers};
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("bin")).unwrap();
        Self { dir }
    }

    fn file(self, path: &str, text: &str) -> Self {
        let file = self.dir.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self
    }

    fn program(self, name: &str, script: &str) -> Self {
        let path = format!("bin/{name}");
        let this = self.file(&path, &format!("#!/bin/sh\n{script}\n"));
        let file = this.dir.path().join(path);
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
        this
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn facts(&self, is_root: bool) -> FactsSource {
        let host = Host {
            root: self.root().to_path_buf(),
            path: self.root().join("bin").to_string_lossy().into_owned(),
            env: BTreeMap::new(),
            is_root,
            clock: Arc::new(SystemClock::new()),
        };
        let tool: Arc<dyn Tool> = Arc::new(ProcessTool::default());
        let managers = all_managers(&host, &tool);
        FactsSource::new(host, tool, managers)
    }
}

#[tokio::test]
async fn a_machine_is_described_from_its_own_files() {
    let machine = Machine::new()
        .file("etc/os-release", "ID=fedora\nVERSION_ID=40\nPRETTY_NAME=\"Fedora Linux 40\"\n")
        .file("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
        .file("proc/meminfo", "MemTotal:        2048 kB\n")
        .file("run/systemd/system/keep", "")
        .file(".dockerenv", "")
        .file("usr/keep", "")
        .file("var/cache/dnf/keep", "")
        .program("dnf", "exit 0");
    let facts = machine.facts(true).gather(&[]).await;
    assert_eq!(facts.os, Os::Linux);
    assert_eq!(
        facts.distro,
        Some(Distro {
            id: "fedora".into(),
            version: "40".into(),
            name: "Fedora Linux 40".into(),
            ..Distro::default()
        })
    );
    assert_eq!(facts.user, UserFacts { name: "root".into(), is_root: true, can_elevate: true });
    assert_eq!((facts.services, facts.container), (ServiceManager::Systemd, true));
    assert_eq!(facts.memory_bytes, 2048 * 1024);
    assert!(facts.disk_free_bytes > 0 && facts.cpus > 0);
    assert_eq!(facts.managers.iter().map(|m| m.manager).collect::<Vec<_>>(), [Manager::Dnf]);
    assert!(facts.managers[0].index_age_seconds.is_some());
}

#[tokio::test]
async fn a_bare_machine_has_no_manager_and_every_question_is_answered() {
    let machine = Machine::new();
    let command = Query::Command("jq".parse().unwrap());
    let package = Query::Package { manager: Manager::Apt, name: "jq".parse().unwrap() };
    let facts = machine.facts(false).gather(&[command.clone(), package.clone()]).await;
    assert_eq!(facts.managers, Vec::<ManagerFacts>::new());
    assert_eq!(
        (facts.distro, facts.services, facts.container),
        (None, ServiceManager::None, false)
    );
    assert_eq!(facts.answers.get(&command), Some(&Answer::Command(None)));
    assert_eq!(
        facts.answers.get(&package),
        Some(&Answer::Unknown("this machine has no apt".into()))
    );
}

#[tokio::test]
async fn a_command_is_found_where_the_search_path_has_it_and_only_if_it_can_run() {
    let machine = Machine::new().program("jq", "exit 0").file("bin/rg", "not a program");
    let query = |name: &str| Query::Command(name.parse().unwrap());
    let facts = machine.facts(false).gather(&[query("jq"), query("rg")]).await;
    let path = machine.root().join("bin/jq").to_string_lossy().into_owned();
    assert_eq!(facts.answers.get(&query("jq")), Some(&Answer::Command(Some(path))));
    assert_eq!(facts.answers.get(&query("rg")), Some(&Answer::Command(None)));
}

#[tokio::test]
async fn who_can_become_root_is_asked_of_sudo_and_not_guessed() {
    let can = |script: &'static str| async move {
        let machine = Machine::new().program("sudo", script);
        machine.facts(false).gather(&[]).await.user.can_elevate
    };
    assert!(can("[ \"$*\" = '-n true' ]").await);
    assert!(!can("echo 'sudo: a password is required' >&2; exit 1").await);
}

/// apt with a `dpkg-query` that owns nothing, and what else the test adds.
fn debian() -> Machine {
    let policy =
        "shift 2; for n; do printf '%s:\\n  Installed: (none)\\n  Candidate: 1.6\\n' $n; done";
    let show = "shift 3; for n; do printf 'Package: %s\\nVersion: 1.6\\nDescription: about %s\\n\\n' $n $n; done";
    Machine::new()
        .program("apt-get", "exit 0")
        .program("apt-config", "exit 0")
        .program("dpkg", "echo amd64")
        .program("dpkg-query", "exit 1")
        .program("apt-cache", &format!("case $1 in policy) {policy} ;; show) {show} ;; esac"))
}

fn provides() -> Query {
    Query::Provides { manager: Manager::Apt, command: "jq".parse().unwrap() }
}

fn names(answer: Option<&Answer>) -> Vec<String> {
    let Some(Answer::Packages(found)) = answer else { panic!("{answer:?}") };
    found.iter().map(|entry| entry.name.to_string()).collect()
}

#[tokio::test]
async fn who_brings_a_command_is_asked_of_apt_file_first() {
    let machine = debian().program("apt-file", "[ \"$4\" = '/s?bin/jq$' ] && echo jq && echo gojq");
    let facts = machine.facts(true).gather(&[provides()]).await;
    assert_eq!(names(facts.answers.get(&provides())), ["jq", "gojq"]);
}

#[tokio::test]
async fn without_apt_file_command_not_found_is_asked() {
    let machine = debian()
        .file("usr/lib/command-not-found", "#!/bin/sh\necho 'sudo apt install jq' >&2; exit 127\n");
    let file = machine.root().join("usr/lib/command-not-found");
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    let facts = machine.facts(true).gather(&[provides()]).await;
    assert_eq!(names(facts.answers.get(&provides())), ["jq"]);
}

#[tokio::test]
async fn without_either_it_is_unknown_and_never_nobody() {
    let facts = debian().facts(true).gather(&[provides()]).await;
    assert!(
        matches!(facts.answers.get(&provides()), Some(Answer::Unknown(why)) if why.contains("apt-file"))
    );
}
