//! A home to work in, and commands that run behind walls.

use d1_core::{Argv, Output, Stop};
use d1_executor::{
    Confinement, Demand, Egress, Fence, Grant, How, Limits, LinuxConfig, LinuxSandbox, Profile,
    SandboxBackend, SandboxError, Surroundings, run_confined,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// Long enough on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A home, and what runs in it.
pub(crate) struct Rig {
    pub(crate) home: TempDir,
    pub(crate) sandbox: Arc<dyn SandboxBackend>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::at(tempfile::tempdir_in("/var/tmp").unwrap())
    }

    pub(crate) fn at(home: TempDir) -> Self {
        let around = Surroundings { home: home.path().to_path_buf(), ours: Vec::new() };
        let config = LinuxConfig { around, allow_bare: false, ahead: true };
        Self { home, sandbox: Arc::new(LinuxSandbox::new(config)) }
    }

    /// What an ordinary command gets that works in this home.
    pub(crate) fn grant(&self, argv: &[&str]) -> Grant {
        let home = self.home.path().to_str().unwrap().to_owned();
        let env = [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", &home), ("LANG", "C.UTF-8")];
        Grant {
            profile: Profile::Home,
            argv: Argv::new(argv.iter().copied()).unwrap(),
            env: BTreeMap::from(env.map(|(name, value)| (name.to_owned(), value.to_owned()))),
            cwd: self.home.path().to_path_buf(),
            script: None,
            touches: Vec::new(),
            keep: Vec::new(),
            network: Egress::none(),
            limits: Limits::USUAL,
            demand: Demand::Required,
        }
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, grant: &Grant) -> Result<Confinement, SandboxError> {
        self.run_until(grant, PATIENCE, &Stop::new()).await
    }

    /// The same, with another timeout and somebody who may stop it.
    pub(crate) async fn run_until(
        &self,
        grant: &Grant,
        timeout: Duration,
        stop: &Stop,
    ) -> Result<Confinement, SandboxError> {
        // Few of these end politely.
        let grace = Duration::from_millis(200);
        self.run_within(grant, Fence { timeout, grace, interruptible: true }, stop).await
    }

    /// The same, with this time to end politely.
    pub(crate) async fn run_within(
        &self,
        grant: &Grant,
        fence: Fence,
        stop: &Stop,
    ) -> Result<Confinement, SandboxError> {
        let (to, mut from) = mpsc::channel::<Output>(16);
        let run = run_confined(&self.sandbox, grant, fence, &to, stop);
        let drain = async { while from.recv().await.is_some() {} };
        tokio::select! {
            ended = run => ended,
            () = drain => unreachable!("the sender lives as long as the run"),
        }
    }

    /// Runs a shell line and gives its output; it must end well.
    pub(crate) async fn shell(&self, line: &str) -> String {
        let ended = self.run(&self.grant(&["sh", "-c", line])).await.unwrap();
        assert_eq!(ended.report.how, How::Exited(0), "{line}: {}", ended.report.stderr);
        ended.report.stdout
    }
}
