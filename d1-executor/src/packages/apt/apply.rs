//! Apply and verify: `apt-get` does the work, dpkg's own records tell what it did.
//!
//! 1. What is already so ends at once.
//! 2. Wait until nobody else is at the database; read how everything is then.
//! 3. Look once more for what the preview looked for: things may have changed since.
//! 4. Run `apt-get`. Whatever it says, only the difference before/after is told.

use super::{
    Apt,
    ask::{Installed, SAFE},
    preview::{Task, spelled, task, verb},
    reach::Reach,
    sources::Network,
};
use crate::{
    packages::{Command, Run, ToolError, notables::Notables, trouble::Trouble},
    refused,
};
use d1_core::{
    Change, Ended, Manager, Outcome, PackageOperation, Packages, Problem, Resource, State,
};
use tokio::time::Instant;

/// How `apt-get` is told to ask nothing, draw nothing, and keep changed configuration.
const QUIET: [&str; 11] = [
    "-y",
    "-q",
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "Dpkg::Use-Pty=0",
    "-o",
    "APT::Color=0",
    "-o",
];
/// Between our look at the lock and apt's own, somebody may have taken it.
const LOCK_TIMEOUT: &str = "DPkg::Lock::Timeout=30";

impl Apt {
    pub(super) async fn apply_packages(
        &self,
        wanted: &Packages,
        run: &Run<'_>,
    ) -> Result<Ended, ToolError> {
        let started = Instant::now();
        let at_first = self.installed().await?;
        let first = task(wanted, &at_first);
        if first.is_done() {
            return Ok(nothing_to_do(&first, &at_first));
        }
        let locks = self.layout().await?.install_locks();
        if let Err(ended) = self.wait_for(&locks, run).await {
            return Ok(ended);
        }
        let before = self.installed().await?;
        let task = task(wanted, &before);
        if task.is_done() {
            return Ok(nothing_to_do(&task, &before));
        }
        if let Some(trouble) = self.obstacle(wanted, &task, &before).await? {
            return Ok(refused(trouble));
        }
        if !self.hands.may_change().await {
            return Ok(refused(Trouble::NeedsRoot));
        }
        if let Err(trouble) = self.moves(wanted.operation, &task, &before).await? {
            return Ok(refused(trouble));
        }
        let notables = Notables::look(&self.hands.host);
        let mut ended = self.work(wanted.operation, &task, &rest_of(run, started)).await?;
        ended.relies_on = task.there.iter().map(|name| before.snapshot.resource(name)).collect();
        let marked = match ended.outcome == Outcome::Succeeded {
            true => self.mark("manual", &task.to_mark).await,
            false => Ok(()),
        };
        ended.duration = started.elapsed();
        let ended = self.settle(ended, marked, &before, |after| not_as_wanted(wanted, after)).await;
        Ok(self.with_manifest(ended, &notables).await)
    }

    /// The same, with what it brought beside packages; nothing when nothing changed.
    pub(super) async fn with_manifest(&self, mut ended: Ended, before: &Notables) -> Ended {
        if ended.changes.is_empty() {
            return ended;
        }
        let lists = match self.layout().await {
            Ok(layout) => layout.lists_of(&ended.changes),
            // What lies in the usual folders is found all the same.
            Err(_silent) => Vec::new(),
        };
        let host = &self.hands.host;
        ended.manifest = Notables::look(host).since(before, host, &lists);
        ended
    }

    /// Reads how everything is now, and settles how it ended. From here on there is
    /// no way back to "nothing was started", so trouble in looking is told as an end.
    pub(super) async fn settle(
        &self,
        mut ended: Ended,
        marked: Result<(), ToolError>,
        before: &Installed,
        missing: impl FnOnce(&Installed) -> Vec<String> + Send,
    ) -> Ended {
        match self.installed().await {
            Ok(after) => {
                ended.changes = after.snapshot.changes_since(&before.snapshot);
                self.verify(&mut ended, || missing(&after), &after);
            }
            Err(error) => {
                let tail = vec![error.to_string()];
                let problem = Trouble::Failed { tail }.problem(Manager::Apt, &[]);
                ended.problem =
                    Some(problem.leaving("it ran, but nobody could look at the result"));
                ended.opaque = true;
                ended.outcome = Outcome::Failed;
            }
        }
        if let Err(error) = marked {
            let trouble = Trouble::Failed { tail: vec![error.to_string()] };
            ended.outcome = Outcome::Failed;
            ended.problem =
                ended.problem.or_else(|| Some(trouble.problem(Manager::Apt, &ended.changes)));
        }
        ended
    }

    async fn work(
        &self,
        operation: PackageOperation,
        task: &Task,
        run: &Run<'_>,
    ) -> Result<Ended, ToolError> {
        if task.work_on.is_empty() {
            return Ok(Ended::quietly(Outcome::Succeeded));
        }
        let mut words = verb(operation).to_vec();
        if operation == PackageOperation::Install {
            words.push("--no-remove");
        }
        let command = self.reaching(self.get(&words, &task.work_on), run).await?;
        self.hands.tool.stream(&command, run).await
    }

    /// The same, with where it works beyond the system's own folders, and whom it calls.
    pub(super) async fn reaching(
        &self,
        command: Command,
        run: &Run<'_>,
    ) -> Result<Command, ToolError> {
        let Reach { writes, reads } = self.reach().await?;
        let Network { egress: network, straight: behind_walls } = self.network(run.hosts).await?;
        Ok(Command { writes, reads, network, behind_walls, ..command })
    }

    /// An `apt-get` that works.
    pub(super) fn get(&self, verb: &[&str], names: &[String]) -> Command {
        let mut words = vec!["apt-get"];
        words.extend(QUIET);
        words.push(LOCK_TIMEOUT);
        words.extend(SAFE);
        words.extend(verb);
        if !names.is_empty() {
            words.push("--");
        }
        words.extend(names.iter().map(String::as_str));
        self.hands.changing(&words)
    }

    /// Marks packages as `auto` or `manual`.
    pub(super) async fn mark(&self, how: &str, names: &[String]) -> Result<(), ToolError> {
        if names.is_empty() {
            return Ok(());
        }
        let words: Vec<&str> =
            ["apt-mark", how].into_iter().chain(names.iter().map(String::as_str)).collect();
        self.hands.change(&words).await
    }

    pub(super) async fn refresh_index(&self, run: &Run<'_>) -> Result<Ended, ToolError> {
        let started = Instant::now();
        if !self.hands.may_change().await {
            return Ok(refused(Trouble::NeedsRoot));
        }
        let layout = self.layout().await?;
        if let Err(ended) = self.wait_for(&layout.index_locks(), run).await {
            return Ok(ended);
        }
        // Without this, apt says that all is well when a mirror was not there.
        let words = ["update", "-o", "APT::Update::Error-Mode=any"];
        let command = self.reaching(self.get(&words, &[]), run).await?;
        let mut ended = self.hands.tool.stream(&command, &rest_of(run, started)).await?;
        ended.duration = started.elapsed();
        if let Some(trouble) = self.trouble_of(&ended) {
            ended.problem = Some(with_refusals(index_problem(trouble), &ended));
        }
        Ok(ended)
    }

    /// Settles how it ended: only what is verified succeeded.
    fn verify(&self, ended: &mut Ended, missing: impl FnOnce() -> Vec<String>, after: &Installed) {
        let trouble = match self.trouble_of(ended) {
            Some(trouble) => Some(trouble),
            None if ended.outcome == Outcome::Succeeded => {
                let names = missing();
                (!names.is_empty()).then_some(Trouble::NotThere { names })
            }
            None => None,
        };
        let Some(trouble) = trouble else {
            if ended.outcome == Outcome::Succeeded && ended.changes.is_empty() {
                ended.outcome = Outcome::NoChange;
            }
            return;
        };
        if ended.outcome == Outcome::Succeeded {
            ended.outcome = Outcome::Failed;
        }
        let problem = trouble.problem(Manager::Apt, &ended.changes);
        let mut problem = with_refusals(problem, ended);
        let repair = "sudo dpkg --configure -a".to_owned();
        if !after.snapshot.broken().is_empty() && !problem.next.contains(&repair) {
            problem.next.insert(0, repair);
        }
        ended.problem = Some(problem);
    }

    /// What its words and its end mean; `None` when it went well or was called off.
    fn trouble_of(&self, ended: &Ended) -> Option<Trouble> {
        match ended.outcome {
            Outcome::Failed => {
                Some(self.trouble_in(&format!("{}\n{}", ended.stdout, ended.stderr)))
            }
            Outcome::TimedOut => Some(Trouble::TimedOut),
            Outcome::Succeeded
            | Outcome::NoChange
            | Outcome::Cancelled
            | Outcome::Killed
            | Outcome::DeniedByPolicy
            | Outcome::DeniedByUser
            | Outcome::Undeliverable
            | Outcome::Interrupted
            | Outcome::Lost
            | Outcome::Superseded => None,
        }
    }
}

/// A refresh changes no package; its problem says how the index is instead.
fn index_problem(trouble: Trouble) -> Problem {
    trouble
        .problem(Manager::Apt, &[])
        .leaving("the index is as it was, or partly newer; no package changed")
}

/// What it was refused may be why it failed.
fn with_refusals(problem: Problem, ended: &Ended) -> Problem {
    let words = format!("{}\n{}", ended.stdout, ended.stderr);
    refused::told(problem, &ended.isolation.network, &words)
}

/// The same run, with the time that is left.
pub(super) fn rest_of<'a>(run: &Run<'a>, started: Instant) -> Run<'a> {
    Run { timeout: run.timeout.saturating_sub(started.elapsed()), ..*run }
}

pub(super) fn refused(trouble: Trouble) -> Ended {
    Ended::quietly(Outcome::Failed).because(trouble.problem(Manager::Apt, &[] as &[Change]))
}

fn nothing_to_do(task: &Task, now: &Installed) -> Ended {
    let relies_on: Vec<Resource> = task.there.iter().map(|n| now.snapshot.resource(n)).collect();
    Ended { relies_on, ..Ended::quietly(Outcome::NoChange) }
}

/// The packages that are not as they were wanted.
pub(super) fn not_as_wanted(wanted: &Packages, now: &Installed) -> Vec<String> {
    let names = spelled(wanted, &now.native).into_iter();
    let wrong = names.filter(|name| match wanted.operation {
        PackageOperation::Install => !now.snapshot.has(name),
        PackageOperation::Remove => now.snapshot.state(name) != State::Absent,
    });
    wrong.map(|name| name.to_string()).collect()
}
