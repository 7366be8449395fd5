//! What every test here needs: something to run jobs with, and what they said.

use d1_core::{Change, Ended, Manager, Output, PackageOperation, Packages, Resource, State, Stop};
use d1_executor::{Apt, PackageManager, Run};
use std::{path::Path, time::Duration};
use tokio::sync::mpsc;

/// More output than any test here makes.
const OUTPUTS: usize = 100_000;

/// Says what is missing, all at once.
pub(crate) fn require_root_and_apt() {
    let here = |tool: &str| Path::new("/usr/bin").join(tool).is_file();
    let missing: Vec<&str> =
        ["apt-get", "dpkg", "dpkg-deb", "dpkg-query"].into_iter().filter(|t| !here(t)).collect();
    assert!(
        missing.is_empty(),
        "this test needs {missing:?} in /usr/bin; run it on Debian or Ubuntu"
    );
    assert!(
        rustix::process::geteuid().is_root(),
        "this test needs root; run it in a container or with sudo"
    );
}

pub(crate) fn install(names: &[&str]) -> Packages {
    packages(PackageOperation::Install, names)
}

pub(crate) fn remove(names: &[&str]) -> Packages {
    packages(PackageOperation::Remove, names)
}

fn packages(operation: PackageOperation, names: &[&str]) -> Packages {
    let names = names.iter().map(|name| name.parse().unwrap()).collect();
    Packages { manager: Manager::Apt, operation, names }
}

/// What a job is run with.
pub(crate) struct Stand {
    pub(crate) sender: mpsc::Sender<Output>,
    pub(crate) outputs: mpsc::Receiver<Output>,
    pub(crate) stop: Stop,
    pub(crate) timeout: Duration,
    spool: tempfile::TempDir,
    name: String,
}

impl Stand {
    pub(crate) fn new() -> Self {
        let (sender, outputs) = mpsc::channel(OUTPUTS);
        let spool = tempfile::tempdir().unwrap();
        // Everything of one name is stopped together, so no two may share it.
        let name = d1_core::TaskId::generate().to_string();
        Self { sender, outputs, stop: Stop::new(), timeout: Duration::from_secs(300), spool, name }
    }

    pub(crate) fn run(&self) -> Run<'_> {
        Run {
            output: &self.sender,
            stop: &self.stop,
            interruptible: false,
            timeout: self.timeout,
            grace: Duration::from_secs(5),
            spool: self.spool.path(),
            name: &self.name,
            hosts: &[],
        }
    }
}

pub(crate) async fn apply(apt: &Apt, wanted: &Packages) -> Ended {
    apt.apply(wanted, &Stand::new().run()).await.expect("the job starts")
}

pub(crate) async fn revert(apt: &Apt, changes: &[Change], needed: &[Resource]) -> Ended {
    apt.revert(changes, needed, &Stand::new().run()).await.expect("the job starts")
}

pub(crate) fn resource(name: &str) -> Resource {
    Resource::Package { manager: Manager::Apt, name: name.parse().unwrap() }
}

pub(crate) fn installed(version: &str, automatic: bool) -> State {
    State::Installed { version: version.into(), automatic }
}

pub(crate) fn change(name: &str, before: State, after: State) -> Change {
    Change { resource: resource(name), before, after }
}

pub(crate) fn code(ended: &Ended) -> &str {
    ended.problem.as_ref().map_or("no problem", |problem| problem.code.as_str())
}
