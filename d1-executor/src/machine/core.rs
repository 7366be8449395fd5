//! The table of actions: each verb finds its way here, and nowhere else.

use super::{revert, stateful};
use crate::{
    actions::{
        confine::{Permit, missing_folders},
        look::Looker,
        trouble,
    },
    facts::{FactsSource, Host},
    originals::Originals,
    packages::{Goal, PackageManager, PackageWalls, ProcessTool, Run, Tool, all_managers},
    policy::{Policy, PolicyError},
    sandbox::{Profile, SandboxBackend, Surroundings, sandbox_of_steps},
};
use d1_core::{
    Action, Baseline, Category, Clock, Effect, Ended, Executor, ExecutorError, Facts, Job, Manager,
    Outcome, Output, Presence, Preview, ProbeAnswer, Probed, Problem, Proposal, Query, Stop,
    TaskId, Undo,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc;

/// What of our own environment reaches the package tools beside the usual: where a scratch
/// apt and dpkg keep their things. It comes from whoever starts us, never from a plan.
const FOR_PACKAGES: [&str; 2] = ["APT_CONFIG", "DPKG_ADMINDIR"];

/// What a machine is made of.
#[derive(Clone, Debug)]
pub struct MachineConfig {
    /// Where originals and spooled output are kept.
    pub state_dir: PathBuf,
    /// What the owner allows.
    pub policy: Policy,
    /// The folder that is `/`: below it files are changed and facts are looked for.
    pub root: PathBuf,
    /// The search path for programs, as in `$PATH`.
    pub path: String,
    /// The home of the user who does the work.
    pub home: PathBuf,
    /// What puts up walls around the programs of steps; none where nothing can.
    pub sandbox: Option<Arc<dyn SandboxBackend>>,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
}

impl MachineConfig {
    /// The machine we run on, its state below `state_dir`, its policy where the owner keeps it.
    pub fn this(state_dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, PolicyError> {
        let home = this_home();
        let around = Surroundings { home: home.clone(), ours: ours(state_dir) };
        let policy = Policy::this()?;
        let owner = Arc::new(policy.clone());
        Ok(Self {
            state_dir: state_dir.to_path_buf(),
            policy,
            root: PathBuf::from("/"),
            path: Host::this(Arc::clone(&clock)).path,
            home,
            sandbox: sandbox_of_steps(around, owner),
            clock,
        })
    }
}

/// The computer we run on.
#[derive(Debug)]
pub struct Machine {
    pub(super) facts: FactsSource,
    pub(super) looker: Looker,
    pub(super) originals: Originals,
    pub(super) policy: Policy,
    pub(super) sandbox: Option<Arc<dyn SandboxBackend>>,
    spool: PathBuf,
}

impl Machine {
    /// The machine that `config` describes.
    #[must_use]
    pub fn new(config: MachineConfig) -> Self {
        let this = Host::this(Arc::clone(&config.clock));
        let mut host = Host { root: config.root.clone(), path: config.path, ..this };
        let given = FOR_PACKAGES.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?)));
        host.env.extend(given.map(|(name, value)| (name.to_owned(), value)));
        let tool: Arc<dyn Tool> = Arc::new(ProcessTool::behind(PackageWalls {
            sandbox: config.sandbox.clone(),
            policy: config.policy.clone(),
            home: config.home.clone(),
            is_root: host.is_root,
        }));
        let managers = all_managers(&host, &tool);
        let looker = Looker {
            host: host.clone(),
            tool: Arc::clone(&tool),
            services: crate::facts::services(&host),
            root: config.root,
            home: config.home,
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
        };
        Self {
            facts: FactsSource::new(host, tool, managers),
            looker,
            originals: Originals::new(&config.state_dir),
            policy: config.policy,
            sandbox: config.sandbox,
            spool: config.state_dir.join("spool"),
        }
    }

    pub(super) fn manager(&self, kind: Manager) -> Result<&Arc<dyn PackageManager>, ExecutorError> {
        self.facts.manager(kind).ok_or_else(|| {
            let title = format!("{kind} is not on this machine");
            let problem = Problem::new("D1-PKG-001", Category::Task, title);
            trouble::refused(problem.next("make a plan for this machine, and run that"))
        })
    }

    /// Makes the folders that a step names and that are not there, and runs its program.
    async fn run_program(
        &self,
        permit: Permit,
        what: &Proposal,
        job: &Job,
        output: &mpsc::Sender<Output>,
        stop: &Stop,
    ) -> Result<Ended, ExecutorError> {
        let folders = match &permit.grant {
            Some(grant) if grant.profile == Profile::Home => missing_folders(&self.looker, what),
            Some(_) | None => Vec::new(),
        };
        let made = stateful::reach(self, folders, Outcome::Succeeded).await?;
        if made.problem.is_some() {
            return Ok(made);
        }
        let ended = permit.run(self.sandbox.as_ref(), job, output, stop).await?;
        Ok(Ended { changes: made.changes, ..ended })
    }

    /// The circumstances of a job that runs a package manager.
    pub(super) fn run_of<'a>(
        &'a self,
        job: &'a Job,
        name: &'a str,
        output: &'a mpsc::Sender<Output>,
        stop: &'a Stop,
    ) -> Run<'a> {
        Run {
            output,
            stop,
            interruptible: job.step.interruptible,
            timeout: job.step.timeout,
            grace: job.grace,
            spool: &self.spool,
            name,
            hosts: &job.step.network,
        }
    }
}

#[async_trait::async_trait]
impl Executor for Machine {
    async fn facts(&self, queries: &[Query]) -> Result<Facts, ExecutorError> {
        let mut facts = self.facts.gather(queries).await;
        for query in queries {
            if let Query::Registry(source) = query {
                facts.answers.insert(query.clone(), self.registry(*source).await);
            }
        }
        Ok(facts)
    }

    async fn preview(&self, what: &Proposal) -> Result<Preview, ExecutorError> {
        let action = &what.action;
        if let Err(ExecutorError::Refused(problem)) = self.admit(what).await {
            return Ok(Preview::blocked(*problem));
        }
        match action {
            Action::Packages(packages) => self.manager(packages.manager)?.preview(packages).await,
            Action::RefreshIndex(manager) => self.manager(*manager)?.preview_refresh().await,
            Action::Revert(revert) => revert::preview(self, &revert.changes).await,
            Action::File(_) | Action::Service(_) | Action::GroupMember(_) => {
                stateful::preview(self, action).await
            }
            Action::Exec(_) => Ok(programs(Undo::None("a program leaves no receipt".into()))),
            Action::Shell(_) => Ok(programs(Undo::None("a script leaves no receipt".into()))),
        }
    }

    async fn prepare(&self, _task: TaskId, what: &Proposal) -> Result<Baseline, ExecutorError> {
        // Refused here, before anything is noted as begun.
        self.admit(what).await?;
        match &what.action {
            Action::Packages(packages) => self.manager(packages.manager)?.prepare().await,
            Action::RefreshIndex(manager) => self.manager(*manager)?.prepare().await,
            Action::Revert(revert) => revert::prepare(self, &revert.changes).await,
            Action::File(_) | Action::Service(_) | Action::GroupMember(_) => {
                stateful::prepare(self, &what.action).await
            }
            Action::Exec(_) | Action::Shell(_) => Ok(Baseline::default()),
        }
    }

    async fn run(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
        stop: &Stop,
    ) -> Result<Ended, ExecutorError> {
        let name = spool_name(job);
        let run = self.run_of(job, &name, output, stop);
        if stop.kill().is_cancelled() || (stop.now().is_cancelled() && job.step.interruptible) {
            return Ok(Ended::quietly(Outcome::Cancelled));
        }
        let what = Proposal::from(&job.step);
        let permit = self.admit(&what).await?;
        match &job.step.action {
            Action::Packages(packages) => {
                self.manager(packages.manager)?.apply(packages, &run).await
            }
            Action::RefreshIndex(manager) => self.manager(*manager)?.refresh(&run).await,
            Action::Revert(revert) => revert::run(self, &revert.changes, job, &run).await,
            Action::File(_) | Action::Service(_) | Action::GroupMember(_) => {
                stateful::run(self, job).await
            }
            Action::Exec(_) | Action::Shell(_) => match permit {
                Some(permit) => self.run_program(permit, &what, job, output, stop).await,
                None => Ok(Ended::quietly(Outcome::NoChange)),
            },
        }
    }

    async fn probe(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
    ) -> Result<Probed, ExecutorError> {
        let (name, stop) = (spool_name(job), Stop::new());
        let run = self.run_of(job, &name, output, &stop);
        match &job.step.action {
            Action::Packages(packages) => {
                let manager = self.manager(packages.manager)?;
                manager.probe(Goal::Packages(packages), &job.baseline, &run).await
            }
            Action::RefreshIndex(manager) => {
                self.manager(*manager)?.probe(Goal::Index, &job.baseline, &run).await
            }
            Action::Revert(revert) => revert::probe(self, &revert.changes, job, &run).await,
            Action::File(_) | Action::Service(_) | Action::GroupMember(_) => {
                stateful::probe(self, job).await
            }
            Action::Exec(_) | Action::Shell(_) => {
                crate::process::until_gone(&marker(job), job.step.timeout).await;
                Ok(of_program(job))
            }
        }
    }
}

/// The home of the user we run as, by its real name: `$HOME`, or what the list of users says.
fn this_home() -> PathBuf {
    let named = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let home = named.or_else(listed_home).unwrap_or_else(|| PathBuf::from("/"));
    home.canonicalize().unwrap_or(home)
}

/// The home of our user in the list of users (`passwd(5)`).
fn listed_home() -> Option<PathBuf> {
    let own = rustix::process::geteuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let row = users.lines().find(|line| line.split(':').nth(2) == Some(own.as_str()))?;
    row.split(':').nth(5).map(PathBuf::from).filter(|home| home.is_absolute())
}

/// What no command sees: our state, and the user's own policy.
fn ours(state_dir: &Path) -> Vec<PathBuf> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.map(|config| config.join("d1-doctor"));
    let ours = [Some(state_dir.to_path_buf()), config].into_iter().flatten();
    ours.filter_map(|path| path.canonicalize().ok()).collect()
}

/// The name under which an attempt's output is spooled, and its processes are known.
pub(super) fn spool_name(job: &Job) -> String {
    format!("{}.{}", job.task, job.attempt)
}

fn marker(job: &Job) -> String {
    spool_name(job)
}

/// A program only tells by running what it does.
fn programs(undo: Undo) -> Preview {
    let unknown = Presence::Unknown("a program tells only by running".into());
    Preview { presence: unknown, ..Preview::absent(undo) }
}

/// One that only looks can look again; of any other nobody can tell how far it came.
fn of_program(job: &Job) -> Probed {
    let answer = if job.step.effect == Effect::Read {
        ProbeAnswer::NotDone
    } else {
        ProbeAnswer::Unknown("a program was running, and its effects cannot be seen".into())
    };
    Probed { answer, changes: Vec::new() }
}
