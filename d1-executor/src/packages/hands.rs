//! What every manager works with: the machine, something that runs programs, and `sudo`.

use super::{
    Captured, Command, Tool, ToolError,
    trouble::{Trouble, tail_of},
};
use crate::facts::Host;
use std::{sync::Arc, time::Duration};

/// How long one question to a manager may take, on a busy machine with a large index.
pub(super) const LOOK_TIMEOUT: Duration = Duration::from_secs(60);
/// How long `sudo` may take to say whether it asks for a password.
const SUDO_TIMEOUT: Duration = Duration::from_secs(5);

/// What every manager works with.
#[derive(Clone, Debug)]
pub(super) struct Hands {
    pub(super) host: Host,
    pub(super) tool: Arc<dyn Tool>,
    /// What this manager's programs find in their environment beside the usual.
    pub(super) env: &'static [(&'static str, &'static str)],
    /// Whether this manager changes things that belong to the administrator.
    pub(super) needs_root: bool,
}

impl Hands {
    /// A command that only looks.
    pub(super) fn looking<S: AsRef<str>>(&self, words: &[S]) -> Command {
        Command::new(
            words.iter().map(|word| word.as_ref().to_owned()),
            self.host.tool_env(self.env),
        )
    }

    /// A command that changes things, through `sudo` where we are not the administrator.
    pub(super) fn changing<S: AsRef<str>>(&self, words: &[S]) -> Command {
        let plain = self.looking(words);
        if self.host.is_root || !self.needs_root {
            return plain;
        }
        // sudo takes the environment away, so `env` puts it back.
        let sudo = ["sudo", "-n", "--", "env"].map(str::to_owned).into_iter();
        let pairs = plain.env.iter().map(|(name, value)| format!("{name}={value}"));
        Command::new(sudo.chain(pairs).chain(plain.argv.clone()), plain.env.clone())
    }

    /// Whether we may change packages at all.
    pub(super) async fn may_change(&self) -> bool {
        if self.host.is_root || !self.needs_root {
            return true;
        }
        let ask = self.looking(&["sudo", "-n", "true"]);
        let asked = || self.tool.capture(&ask, SUDO_TIMEOUT);
        self.host.find("sudo").is_some() && asked().await.is_ok_and(|said| said.ok())
    }

    /// Runs a command that only looks.
    pub(super) async fn look<S: AsRef<str>>(&self, words: &[S]) -> Result<Captured, ToolError> {
        self.tool.capture(&self.looking(words), LOOK_TIMEOUT).await
    }

    /// Runs a short command that changes something.
    pub(super) async fn change<S: AsRef<str>>(&self, words: &[S]) -> Result<(), ToolError> {
        let said = self.tool.capture(&self.changing(words), LOOK_TIMEOUT).await?;
        let program = words.first().map(|word| word.as_ref().to_owned()).unwrap_or_default();
        accept(said.ok(), &program, &said)
    }

    /// What a manager's words mean, when `known` does not know.
    pub(super) fn trouble(&self, text: &str, known: Option<Trouble>) -> Trouble {
        known.unwrap_or_else(|| Trouble::Failed { tail: tail_of(text) })
    }

    /// How much space is free where packages go.
    pub(super) fn room(&self) -> String {
        let told = |path: &&str| {
            let free = crate::facts::disk_free(&self.host.file(path))?;
            Some(format!("{path} has {} MB free", free / 1_000_000))
        };
        ["/usr", "/var", "/tmp"].iter().filter_map(told).collect::<Vec<_>>().join(", ")
    }
}

/// An error with the program's last words, unless all is fine.
pub(super) fn accept(fine: bool, program: &str, said: &Captured) -> Result<(), ToolError> {
    if fine {
        return Ok(());
    }
    let said = tail_of(&said.text()).join("; ");
    Err(ToolError::Refused { program: program.to_owned(), said })
}
