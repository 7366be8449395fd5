//! The walls around a package manager that works: profile `packages`, and nothing else has it.
//!
//! - Whoever is the administrator, and where the walls can be put up: behind them.
//! - Otherwise not at all, unless the owner is content with best effort; then the receipt says
//!   that there were none, and why.

use super::{
    process_tool::{ended, free},
    tool::{Command, Run, ToolError},
};
use crate::{
    policy::Policy,
    process::{self, Capture, Confinement, Fence},
    sandbox::{
        Access, Demand, Grant, Limits, Profile, SandboxBackend, SandboxError, Touch, no_walls,
        without_walls,
    },
};
use d1_core::{Argv, Category, Ended, Outcome, Problem};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What puts up the walls around package managers.
#[derive(Clone, Debug)]
pub(crate) struct PackageWalls {
    pub(crate) sandbox: Option<Arc<dyn SandboxBackend>>,
    pub(crate) policy: Policy,
    pub(crate) home: PathBuf,
    pub(crate) is_root: bool,
}

impl PackageWalls {
    /// Runs a command that works.
    pub(super) async fn stream(
        &self,
        command: &Command,
        run: &Run<'_>,
    ) -> Result<Ended, ToolError> {
        let policy = match self.policy.again() {
            Ok(policy) => policy,
            Err(error) => return Ok(refused(error.problem())),
        };
        let demand = policy.demand();
        let grant = grant(command, &policy, &self.home)?;
        let why = if self.is_root {
            match &self.sandbox {
                Some(sandbox) => match confined(sandbox, &grant, run).await {
                    Ok(ended) => return Ok(ended),
                    Err(error) => error,
                },
                None => SandboxError::NoBackend,
            }
        } else {
            return self.as_somebody(command, &grant, run).await;
        };
        if demand == Demand::Required || is_lost(&why) {
            return Ok(refused(without_walls(&why)));
        }
        let isolation = no_walls(&grant, &why.to_string());
        Ok(Ended { isolation, grant: Some(grant.digest()), ..free(command, run).await? })
    }

    /// Who is not the administrator has no walls for package managers: none for `sudo`, which
    /// takes rights that walls keep away, and none for those that work in a home.
    async fn as_somebody(
        &self,
        command: &Command,
        grant: &Grant,
        run: &Run<'_>,
    ) -> Result<Ended, ToolError> {
        let why = format!("there are no walls for `{}` of an ordinary user", command.program());
        if grant.demand == Demand::Required {
            let problem = Problem::new("D1-BOX-001", Category::Denied, why)
                .because("the owner of this machine wants every step behind walls")
                .leaving("nothing was run")
                .next("run the same command as the administrator, with sudo in front")
                .next(
                    "or let the owner write `best_effort = true` into /etc/d1-doctor/policy.toml",
                );
            return Ok(refused(problem));
        }
        let isolation = no_walls(grant, &why);
        Ok(Ended { isolation, grant: Some(grant.digest()), ..free(command, run).await? })
    }
}

/// Exactly what runs.
fn grant(command: &Command, policy: &Policy, home: &Path) -> Result<Grant, ToolError> {
    let (program, words) = command.argv.split_at(command.argv.len().min(1));
    let words = program.iter().chain(&command.behind_walls).chain(words);
    let argv = Argv::new(words.cloned()).map_err(|error| ToolError::Run {
        program: command.program().to_owned(),
        source: io::Error::other(error),
    })?;
    let touch = |access| move |path: &PathBuf| Touch { path: path.clone(), access };
    let writes = command.writes.iter().map(touch(Access::Write));
    let reads = command.reads.iter().map(touch(Access::Read));
    Ok(Grant {
        env: command.env.clone(),
        cwd: PathBuf::from("/"),
        touches: writes.chain(reads).collect(),
        keep: policy.kept_at(home),
        network: command.network.clone(),
        limits: policy.capped(Limits::PACKAGES),
        demand: policy.demand(),
        ..Grant::new(Profile::Packages, argv)
    })
}

async fn confined(
    sandbox: &Arc<dyn SandboxBackend>,
    grant: &Grant,
    run: &Run<'_>,
) -> Result<Ended, SandboxError> {
    let digest = grant.digest();
    let mut marked = grant.clone();
    // Ours, and no part of what was agreed on: by it the processes of a task are known.
    marked.env.insert(process::MARKER.to_owned(), run.name.to_owned());
    let interruptible = run.interruptible;
    let fence = Fence { timeout: run.timeout, grace: run.grace, interruptible };
    // A package manager must outlive us, whatever becomes of us.
    let capture = Capture::Spooled { folder: run.spool.to_path_buf(), name: run.name.to_owned() };
    let what = (sandbox, &marked, fence);
    match process::run_confined_to(capture, what, run.output, run.stop).await {
        Ok(Confinement { report, isolation, .. }) => {
            Ok(Ended { isolation, grant: Some(digest), ..ended(report) })
        }
        Err(error) if is_lost(&error) => {
            let problem = Problem::new("D1-PKG-001", Category::Bug, error.to_string());
            let ended = Ended::quietly(Outcome::Killed).because(problem);
            Ok(Ended { opaque: true, grant: Some(digest), ..ended })
        }
        Err(error) => Err(error),
    }
}

/// Whether it ran, and nobody knows how far it came.
fn is_lost(error: &SandboxError) -> bool {
    matches!(error, SandboxError::Follow { .. })
}

/// Nothing ran.
fn refused(problem: Problem) -> Ended {
    Ended::quietly(Outcome::DeniedByPolicy).because(problem)
}
