//! Whether a command starts here, and what it has when it does.

use super::{
    job::Job,
    running::Running,
    start::{Start, start},
    token, words,
};
use crate::sandbox::{
    grant::{Demand, Given, Grant, Profile},
    handed,
    port::{Confined, SandboxBackend, SandboxError, Sink},
    wall::{Missing, Wall},
};
use std::path::{Path, PathBuf};

/// Why a wall is not there, for each that this system has no like of, or that is not put up.
const NOT_HERE: [(Wall, &str); 14] = [
    (Wall::Processes, "it sees others; all of its own end with it"),
    (Wall::Mounts, "this system has none"),
    (Wall::Ipc, "this system has none"),
    (Wall::HostName, "this system has none"),
    (Wall::Groups, "this system has none"),
    (Wall::Network, "it has the network of its user"),
    (Wall::Egress, "nothing keeps it to names"),
    (Wall::View, "it reads what its user reads; one that only looks writes nothing of its user's"),
    (Wall::TaskUser, "it runs as the user who started it, without what administrators have"),
    (Wall::NoNewPrivileges, "a person can be asked to give it more"),
    (Wall::Landlock, "this system has none"),
    (Wall::Seccomp, "this system has none"),
    (Wall::Limits, "memory, processes and processor time are bounded, sizes of files are not"),
    (Wall::ControlGroup, "this system has none; its processes are in a job of their own"),
];
/// What a name without an end means.
const PROGRAM: &str = "exe";

/// Runs commands in a job, with a token that has less in it. Most walls are missing, and it says
/// so: nothing runs that needs all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowsSandbox;

impl SandboxBackend for WindowsSandbox {
    fn missing(&self) -> Result<Missing, SandboxError> {
        Ok(NOT_HERE.iter().map(|(wall, why)| (*wall, (*why).to_owned())).collect())
    }

    fn would_start(&self, profile: Profile, demand: Demand) -> Result<(), SandboxError> {
        if profile == Profile::Packages {
            let why = "the package managers of this system are not tried behind walls";
            return Err(refusal("run a package manager", why));
        }
        if profile.is_unconfined() {
            return Err(refusal("run a command without walls", "it is made for Linux"));
        }
        let missing = self.missing()?;
        match (demand, missing.into_iter().find(|(wall, _why)| wall.is_essential())) {
            (Demand::Required, Some((wall, why))) => Err(SandboxError::Missing { wall, why }),
            (Demand::Required | Demand::BestEffort, _) => Ok(()),
        }
    }

    /// By its token alone: this system shows it no other files than its user's.
    fn given(&self, grant: &Grant, _path: &Path) -> Result<Given, SandboxError> {
        handed::check(grant)?;
        Ok(if grant.profile == Profile::Diagnose { Given::Read } else { Given::Write })
    }

    fn start(
        &self,
        grant: &Grant,
        stdout: Sink<'_>,
        stderr: Sink<'_>,
    ) -> Result<Box<dyn Confined>, SandboxError> {
        handed::check(grant)?;
        self.would_start(grant.profile, grant.demand)?;
        kept_promises(grant)?;
        let name = grant.argv.program().to_owned();
        let program = find(&name, grant.env.get("PATH").map_or("", String::as_str))
            .ok_or_else(|| SandboxError::NotFound { program: name.clone() })?;
        if !words::takes_words(&program.to_string_lossy()) {
            let why =
                "words do not reach a script of this system as they are; name its interpreter";
            return Err(SandboxError::Handed { what: name, why: why.into() });
        }
        if !grant.cwd.is_dir() {
            return Err(SandboxError::Directory { cwd: grant.cwd.clone() });
        }
        let set_up = |doing: &str| {
            let doing = doing.to_owned();
            move |error: std::io::Error| SandboxError::SetUp { doing, why: error.to_string() }
        };
        let token = token::restricted(grant.profile == Profile::Diagnose)
            .map_err(set_up("take rights away"))?;
        let job = Job::make(&grant.limits).map_err(set_up("make a job"))?;
        let what = Start {
            program: &program,
            argv: grant.argv.words(),
            env: &grant.env,
            cwd: &grant.cwd,
            stdout,
            stderr,
        };
        let first = start(&what, &token, &job)
            .map_err(|source| SandboxError::Start { program: name, source })?;
        Ok(Box::new(Running::new(job, first, self.missing()?)))
    }
}

fn refusal(doing: &str, why: &str) -> SandboxError {
    SandboxError::SetUp { doing: doing.into(), why: why.into() }
}

/// What was granted, and could only be given with everything beside it, is not given.
fn kept_promises(grant: &Grant) -> Result<(), SandboxError> {
    let refuse = |doing: &str, why: &str| Err(refusal(doing, why));
    if grant.network.is_some() {
        return refuse("let a command call hosts", "nothing keeps it to names; grant it no host");
    }
    if grant.script.is_some() {
        return refuse("start a script", "it cannot be kept as it was agreed on here");
    }
    if !grant.keep.is_empty() {
        return refuse("keep paths from a command", "nothing hides them from its user here");
    }
    Ok(())
}

/// The file that would be executed.
fn find(program: &str, path: &str) -> Option<PathBuf> {
    let named = |path: PathBuf| {
        if path.extension().is_some() { path } else { path.with_extension(PROGRAM) }
    };
    if program.contains(['/', '\\']) {
        return Some(named(PathBuf::from(program))).filter(|path| path.is_file());
    }
    std::env::split_paths(path).map(|dir| named(dir.join(program))).find(|path| path.is_file())
}
