//! Waiting for whoever else is at the package database, and saying who that is.

use super::{
    Apt,
    lock::{Holder, holder_of},
};
use crate::packages::{Run, ToolError, trouble::Trouble};
use d1_core::{Ended, Manager, Outcome};
use std::{path::PathBuf, time::Duration};
use tokio::time::Instant;

/// The longest we wait for somebody else, however much time the step has.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// How often we look.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often we say that we still wait.
const TELL_EVERY: Duration = Duration::from_secs(10);

impl Apt {
    /// Whoever is at the package database now.
    pub(super) async fn holder(&self) -> Result<Option<Holder>, ToolError> {
        Ok(holder_of(&self.hands.host, &self.layout().await?.install_locks()))
    }

    /// Returns when none of `locks` is held. Half of the step's time is for waiting,
    /// the rest for the work. Nothing has begun meanwhile, so even a step that must
    /// not be interrupted can be called off here.
    pub(super) async fn wait_for(&self, locks: &[PathBuf], run: &Run<'_>) -> Result<(), Ended> {
        let started = Instant::now();
        let patience = (run.timeout / 2).min(LONGEST_WAIT);
        let mut told: Option<(Holder, Instant)> = None;
        while let Some(holder) = holder_of(&self.hands.host, locks) {
            let waited = started.elapsed();
            if waited >= patience {
                let problem =
                    Trouble::LockHeld { holder: holder.to_string() }.problem(Manager::Apt, &[]);
                return Err(Ended::quietly(Outcome::Failed).because(problem));
            }
            let due = told
                .as_ref()
                .is_none_or(|(known, at)| *known != holder || at.elapsed() >= TELL_EVERY);
            if due {
                run.note(line(&holder, waited)).await;
                told = Some((holder, Instant::now()));
            }
            tokio::select! {
                () = run.stop.kill().cancelled() => return Err(Ended::quietly(Outcome::Killed)),
                () = run.stop.now().cancelled() => return Err(Ended::quietly(Outcome::Cancelled)),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        if told.is_some() {
            run.note("the package database is free now\n").await;
        }
        Ok(())
    }
}

fn line(holder: &Holder, waited: Duration) -> String {
    let seconds = waited.as_secs();
    format!("waiting for the package database: {holder} has it, {seconds} s so far\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_the_holder_and_the_wait() {
        let holder = Holder { pid: 2180, command: "unattended-upgr".into() };
        assert_eq!(
            line(&holder, Duration::from_millis(12_300)),
            "waiting for the package database: unattended-upgr (pid 2180) has it, 12 s so far\n"
        );
    }
}
