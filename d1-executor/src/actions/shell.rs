//! Shell scripts: an exception that the owner of the machine has to grant.

use super::{
    exec::{Program, environment},
    trouble,
};
use crate::facts::Host;
use d1_core::{Category, ExecutorError, Problem, Shell};
use std::path::Path;

impl Program {
    /// The program of a `shell` action.
    pub(crate) fn of_shell(shell: &Shell, host: &Host, home: &Path) -> Result<Self, ExecutorError> {
        let argv = ["sh", "-c", shell.script.as_str()].map(str::to_owned).to_vec();
        let env = environment(host, &shell.env)?;
        Ok(Self { argv, cwd: home.to_path_buf(), env, told_where: false })
    }
}

/// A shell script that nobody has granted.
pub(crate) fn denied() -> Problem {
    Problem::new("D1-POL-001", Category::Denied, "shell scripts are not allowed on this machine")
        .because("a script can do anything, and its effects cannot be undone")
        .leaving(trouble::UNTOUCHED)
        .next("use a typed action, or `exec` with a program and its arguments")
        .next("or let the owner set `allow_shell = true` in /etc/d1-doctor/policy.toml")
}
