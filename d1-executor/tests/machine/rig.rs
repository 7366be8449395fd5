//! A machine of one's own: a root in a temporary folder, and programs that stand in for those
//! that would change the host.

use d1_core::{
    AbsolutePath, Action, Baseline, Ended, Executor as _, ExecutorError, File, FileChange, Job,
    Outcome, Output, Preview, Problem, Revert, Step, Stop, SystemClock, TaskId,
};
use d1_executor::{Machine, MachineConfig, Policy, SandboxBackend, Surroundings, this_sandbox};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// A machine of one's own.
pub(crate) struct Rig {
    folder: TempDir,
    pub(crate) machine: Arc<Machine>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(Policy::default())
    }

    pub(crate) fn with(policy: Policy) -> Self {
        // What is below `/tmp` is seen by no command.
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        for inside in ["root/etc", "root/home", "tools"] {
            fs::create_dir_all(folder.path().join(inside)).unwrap();
        }
        let machine = Self::at(folder.path(), policy);
        Self { folder, machine }
    }

    /// The machine we run on, with a home of its own.
    pub(crate) fn of_this_machine(policy: Policy) -> Self {
        Self::behind(policy, Some)
    }

    /// The same, with another sandbox than it has.
    pub(crate) fn behind(
        policy: Policy,
        other: impl FnOnce(Arc<dyn SandboxBackend>) -> Option<Arc<dyn SandboxBackend>>,
    ) -> Self {
        let rig = Self::with(Policy::default());
        let config = Self::config(rig.folder.path(), policy);
        let sandbox = config.sandbox.clone().and_then(other);
        let config = MachineConfig { root: "/".into(), sandbox, ..config };
        Self { machine: Arc::new(Machine::new(config)), ..rig }
    }

    /// The same folders, looked at anew: what is started there is noticed.
    pub(crate) fn again(self) -> Self {
        let machine = Self::at(self.folder.path(), Policy::default());
        Self { machine, ..self }
    }

    fn at(folder: &Path, policy: Policy) -> Arc<Machine> {
        Arc::new(Machine::new(Self::config(folder, policy)))
    }

    fn config(folder: &Path, policy: Policy) -> MachineConfig {
        let around =
            Surroundings { home: folder.join("root/home"), ours: vec![folder.join("state")] };
        MachineConfig {
            state_dir: folder.join("state"),
            policy,
            root: folder.join("root"),
            path: format!("{}:/usr/sbin:/usr/bin:/bin", folder.join("tools").display()),
            home: folder.join("root/home"),
            sandbox: this_sandbox(around).ok(),
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// Where something is that has this path on the machine.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join("root").join(inside.trim_start_matches('/'))
    }

    pub(crate) fn write(&self, inside: &str, content: &str) {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, inside: &str) -> String {
        fs::read_to_string(self.path(inside)).unwrap()
    }

    pub(crate) fn mode(&self, inside: &str) -> u32 {
        fs::symlink_metadata(self.path(inside)).unwrap().permissions().mode() & 0o7777
    }

    /// A program on the search path; `$LOG` in its text is a file for its notes.
    pub(crate) fn tool(&self, name: &str, script: &str) {
        let path = self.folder.path().join("tools").join(name);
        let log = self.log().display().to_string();
        fs::write(&path, format!("#!/bin/sh\n{}\n", script.replace("$LOG", &log))).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What stand-ins noted.
    pub(crate) fn noted(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Where the originals of changed files are.
    pub(crate) fn originals(&self) -> PathBuf {
        self.folder.path().join("state/originals")
    }

    /// Every path below the root: kind, mode, owner, content or target.
    pub(crate) fn tree(&self) -> Vec<String> {
        let mut lines = Vec::new();
        walk(&self.path("/"), &mut lines);
        lines.sort();
        lines
    }

    pub(crate) async fn preview(&self, action: &Action) -> Preview {
        self.machine.preview(&action.clone().into()).await.unwrap()
    }

    /// A job, with everything written down as it is before.
    pub(crate) async fn job(&self, action: Action) -> Job {
        let task = TaskId::generate();
        let baseline = self.machine.prepare(task, &action.clone().into()).await.unwrap_or_default();
        let step = Step::new("step".parse().unwrap(), "a step", action);
        let step = Step { timeout: Duration::from_secs(60), ..step };
        Job { grace: Duration::from_millis(200), ..Job::new(task, step, baseline) }
    }

    pub(crate) async fn run(&self, job: &Job) -> Result<Ended, ExecutorError> {
        self.run_until(job, &Stop::new()).await.0
    }

    /// Runs a job, and collects what it writes.
    pub(crate) async fn run_until(
        &self,
        job: &Job,
        stop: &Stop,
    ) -> (Result<Ended, ExecutorError>, Vec<Output>) {
        let (to, mut from) = mpsc::channel(64);
        let collect = async {
            let mut said = Vec::new();
            while let Some(output) = from.recv().await {
                said.push(output);
            }
            said
        };
        let work = async {
            let ended = self.machine.run(job, &to, stop).await;
            drop(to);
            ended
        };
        tokio::join!(work, collect)
    }

    /// Carries an action out, and takes it to have an end.
    pub(crate) async fn apply(&self, action: Action) -> (Job, Ended) {
        let job = self.job(action).await;
        let ended = self.run(&job).await.unwrap();
        (job, ended)
    }

    /// Takes back what a job changed.
    pub(crate) async fn undo(&self, (job, ended): &(Job, Ended)) -> Ended {
        let revert = Revert { task: job.task, changes: ended.changes.clone() };
        self.apply(Action::Revert(revert)).await.1
    }

    /// Why an action is refused before anything happens.
    pub(crate) async fn refused(&self, action: Action) -> Problem {
        let before = self.tree();
        let job = self.job(action).await;
        let Err(ExecutorError::Refused(problem)) = self.run(&job).await else {
            panic!("it was not refused");
        };
        assert_eq!(self.tree(), before);
        *problem
    }

    /// What the machine makes of a job that was cut off.
    pub(crate) async fn probe(&self, job: &Job) -> d1_core::Probed {
        let (to, _from) = mpsc::channel(64);
        self.machine.probe(job, &to).await.unwrap()
    }
}

fn walk(folder: &Path, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = fs::symlink_metadata(&path).unwrap();
        let mut line =
            format!("{} {:o} {}:{}", path.display(), found.mode(), found.uid(), found.gid());
        if found.is_symlink() {
            line += &format!(" -> {}", fs::read_link(&path).unwrap().display());
        } else if found.is_dir() {
            walk(&path, lines);
        } else {
            line += &format!(" {:?}", fs::read(&path).unwrap());
        }
        lines.push(line);
    }
}

pub(crate) fn at(path: &str) -> AbsolutePath {
    path.parse().unwrap()
}

pub(crate) fn write(path: &str, content: &str) -> Action {
    change(path, FileChange::Write { content: content.into(), mode: None })
}

pub(crate) fn change(path: &str, change: FileChange) -> Action {
    Action::File(File { path: at(path), change })
}

pub(crate) fn outcome_of(ended: &Ended) -> (Outcome, usize) {
    (ended.outcome, ended.changes.len())
}

/// As a process leaves it that died before it wrote anything down.
pub(crate) fn forgetful(job: Job) -> Job {
    Job { baseline: Baseline::default(), ..job }
}
