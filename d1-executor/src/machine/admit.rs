//! Whether the owner's policy lets a step through. Asked before it is shown, before anything is
//! noted as begun, and once more right before it runs: the owner may have written meanwhile.

use super::core::Machine;
use crate::{
    actions::{exec::Program, shell, tree::resolve, trouble},
    policy::{Decision, Device, Policy, Request, unapproved},
};
use d1_core::{AbsolutePath, Action, Argv, Category, Change, ExecutorError, Problem, Resource};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

impl Machine {
    /// Lets a step through, or tells why not. The answer is its program, when it is one.
    pub(super) fn admit(&self, action: &Action) -> Result<Option<Program>, ExecutorError> {
        let policy = self.policy.again().map_err(|error| trouble::refused(error.problem()))?;
        let (host, root, home) = (&self.looker.host, &self.looker.root, &self.looker.home);
        match action {
            Action::Exec(exec) => {
                let program = Program::of_exec(exec, host, (root, home))?;
                self.decide(&policy, &program, &exec.env, false)?;
                Ok(Some(program))
            }
            Action::Shell(_) if !policy.allows_shell() => Err(trouble::refused(shell::denied())),
            Action::Shell(script) => {
                let program = Program::of_shell(script, host, home)?;
                self.decide(&policy, &program, &script.env, true)?;
                Ok(Some(program))
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
            Action::Packages(_)
            | Action::RefreshIndex(_)
            | Action::Service(_)
            | Action::GroupMember(_) => Ok(None),
        }
    }

    fn decide(
        &self,
        policy: &Policy,
        program: &Program,
        given: &BTreeMap<String, String>,
        is_script: bool,
    ) -> Result<(), ExecutorError> {
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
            walls: None,
        };
        let device = Device::look(&request, &self.looker.home);
        match policy.decide(&request, &device) {
            Decision::Allow { digest, .. } => {
                tracing::info!(%digest, "the policy lets a step run");
                Ok(())
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
