//! Whether the owner's policy lets a step through. Asked before it is shown, before anything is
//! noted as begun, and once more right before it runs: the owner may have written meanwhile.

use super::core::Machine;
use crate::{
    actions::{
        confine::{Permit, network, walls, walls_of_packages},
        exec::Program,
        maintenance::{Maintenance, maintenance},
        shell,
        tree::resolve,
        trouble,
    },
    policy::{Decision, Device, Granted, Policy, Request, unapproved},
    sandbox::{Demand, Profile, SandboxError, without_walls},
};
use d1_core::{
    AbsolutePath, Action, Argv, Category, Change, Effect, Exec, ExecutorError, Manager, Problem,
    Proposal, Resource,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

impl Machine {
    /// Lets a step through, or tells why not. The answer is its program, when it is one.
    pub(super) async fn admit(&self, what: &Proposal) -> Result<Option<Permit>, ExecutorError> {
        let policy = self.policy.again().map_err(|error| trouble::refused(error.problem()))?;
        let (host, root, home) = (&self.looker.host, &self.looker.root, &self.looker.home);
        match &what.action {
            Action::Exec(exec) => {
                let program = Program::of_exec(exec, host, (root, home))?;
                let kind = kind(exec, root);
                let asked = Asked { program, given: &exec.env, is_script: false, kind };
                self.permit(&policy, asked, what).await.map(Some)
            }
            Action::Shell(_) if !policy.allows_shell() => Err(trouble::refused(shell::denied())),
            Action::Shell(script) => {
                let program = Program::of_shell(script, host, home)?;
                let kind = Kind::Program;
                let asked = Asked { program, given: &script.env, is_script: true, kind };
                self.permit(&policy, asked, what).await.map(Some)
            }
            Action::File(file) => self.writes(&policy, &file.path).map(|()| None),
            Action::Revert(revert) => {
                revert
                    .changes
                    .iter()
                    .filter_map(written)
                    .try_for_each(|path| self.writes(&policy, path))?;
                Ok(None)
            }
            Action::Packages(packages) => {
                self.packages_stand(&policy, packages.manager).await.map(|()| None)
            }
            Action::RefreshIndex(manager) => {
                self.packages_stand(&policy, *manager).await.map(|()| None)
            }
            Action::Service(_) | Action::GroupMember(_) => Ok(None),
        }
    }

    /// Whether packages can be changed behind walls here. One who is not the administrator
    /// learns that first.
    async fn packages_stand(&self, policy: &Policy, manager: Manager) -> Result<(), ExecutorError> {
        if !manager.needs_root() || !self.looker.host.is_root {
            return Ok(());
        }
        self.walls_stand(Profile::Packages, policy.demand()).await
    }

    /// What the policy grants to a program; and that its walls can be put up.
    async fn permit(
        &self,
        policy: &Policy,
        asked: Asked<'_>,
        what: &Proposal,
    ) -> Result<Permit, ExecutorError> {
        let Asked { program, given, is_script, kind } = asked;
        let network = network(what, policy.inside()).map_err(|error| {
            let problem = Problem::new("D1-EXEC-002", Category::Usage, error.to_string());
            trouble::refused(problem.leaving(trouble::UNTOUCHED))
        })?;
        let demand = policy.demand();
        let (program, walls) = match kind {
            Kind::Program => {
                let program = program.behind_walls(&self.looker.home, what.effect == Effect::Read);
                (program, Some(walls(&self.looker, what, network, demand)))
            }
            Kind::Maintenance => (program.starting_at_the_root(), Some(walls_of_packages(demand))),
            Kind::OfTheKernel => (program, None),
        };
        let argv = Argv::new(program.argv.iter().cloned()).map_err(|error| {
            let problem = Problem::new("D1-EXEC-002", Category::Usage, error.to_string());
            trouble::refused(problem.leaving(trouble::UNTOUCHED))
        })?;
        let request = Request {
            argv,
            is_script,
            env: program.env.clone(),
            given: given.keys().cloned().collect::<BTreeSet<_>>(),
            cwd: program.cwd.clone(),
            walls,
        };
        let device = Device::look(&request, &self.looker.home);
        match policy.decide(&request, &device) {
            Decision::Allow { grant, digest } => {
                tracing::info!(%digest, "the policy lets a step run");
                let grant = Granted::confined(grant);
                if let Some(grant) = &grant {
                    self.walls_stand(grant.profile, grant.demand).await?;
                }
                Ok(Permit { program, digest, grant })
            }
            Decision::NeedsApproval { digest, reasons, .. } => {
                tracing::info!(%digest, "a step needs a yes at this machine");
                let next = format!("d1-doctor policy approve {digest}");
                Err(trouble::refused(unapproved(digest, &reasons, next)))
            }
            Decision::Deny(denial) => {
                tracing::info!(code = denial.code, reason = denial.reason, "a step is refused");
                Err(trouble::refused(denial.problem()))
            }
        }
    }

    /// Whether the walls of a profile can be put up here. Asked once, from inside.
    async fn walls_stand(&self, profile: Profile, demand: Demand) -> Result<(), ExecutorError> {
        let Some(sandbox) = self.sandbox.clone() else {
            return match demand {
                Demand::Required => Err(trouble::refused(without_walls(&SandboxError::NoBackend))),
                Demand::BestEffort => Ok(()),
            };
        };
        // Trying them takes milliseconds of kernel time.
        let tried = tokio::task::spawn_blocking(move || sandbox.would_start(profile, demand)).await;
        match tried {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(trouble::refused(without_walls(&error))),
            Err(died) => {
                let source = Box::new(died);
                Err(ExecutorError::Machine { doing: "try the sandbox", source })
            }
        }
    }

    /// Whether a file may be written by a step.
    fn writes(&self, policy: &Policy, path: &AbsolutePath) -> Result<(), ExecutorError> {
        let path = resolve(Path::new("/"), &self.looker.home, path);
        let device = Device::of_path(&path, &self.looker.home);
        match policy.keeps(&path, &device) {
            Some(denial) => Err(trouble::refused(denial.problem())),
            None => Ok(()),
        }
    }
}

/// A program, as the policy is asked about it.
struct Asked<'a> {
    program: Program,
    /// What of its environment comes with the order.
    given: &'a BTreeMap<String, String>,
    is_script: bool,
    kind: Kind,
}

/// Which walls a program gets.
enum Kind {
    /// Those that its step describes.
    Program,
    /// Those of packages: it changes the system as the administrator, and is one of a few.
    Maintenance,
    /// None: it changes the kernel, and is one of a few.
    OfTheKernel,
}

/// A machine whose root is elsewhere has programs of its own, which no walls would show.
fn kind(exec: &Exec, root: &Path) -> Kind {
    match maintenance(exec) {
        None => Kind::Program,
        Some(Maintenance::OfTheSystem) if root == Path::new("/") => Kind::Maintenance,
        Some(Maintenance::OfTheSystem | Maintenance::OfTheKernel) => Kind::OfTheKernel,
    }
}

/// The file that a change is about.
fn written(change: &Change) -> Option<&AbsolutePath> {
    match &change.resource {
        Resource::File(path) | Resource::Permissions(path) => Some(path),
        Resource::Package { .. }
        | Resource::ServiceEnabled(_)
        | Resource::ServiceActive(_)
        | Resource::GroupMember { .. } => None,
    }
}
