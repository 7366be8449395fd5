//! Tasks that wait for a yes at the machine itself, whichever link ordered them.
//!
//! 1. A conversation with a cloud brings a task here, with whoever it was that ordered it.
//! 2. People at the machine see it, exactly as it would run, and say yes or no to that.
//! 3. Nobody's answer is a no. A process that ends forgets what waited, and nothing of it has
//!    begun: when the cloud orders it again, people are asked again.

use super::{
    audit,
    core::{Accepted, Agent},
    owner::{Admission, Owner, Said},
    verdict,
};
use d1_core::{
    AuditKind, Category, Digest, JournalError, Outcome, Problem, Reception, Stage, TaskCommand,
    TaskId, TaskResult, WaitingTask,
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long somebody at the machine may think before a task that needs their yes is given up.
const WITHIN: Duration = Duration::from_secs(60 * 60);
/// The most tasks that may wait for a yes at the machine.
const MOST: usize = 64;
/// The code of a step that the owner does not want at all.
pub(super) const RISK_REFUSED: &str = "D1-RISK-001";

/// Tasks that wait for a yes at the machine, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Here(Vec<Asked>);

#[derive(Clone, Debug)]
struct Asked {
    task: WaitingTask,
    owner: Owner,
    by: Arc<str>,
    /// Fires when it waits no more.
    answered: CancellationToken,
}

/// The answer of somebody at the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Silence,
}

impl Here {
    fn take(&mut self, task: TaskId) -> Option<Asked> {
        let at = self.0.iter().position(|asked| asked.task.command.task == task)?;
        let asked = self.0.remove(at);
        asked.answered.cancel();
        Some(asked)
    }

    fn find(&self, task: TaskId) -> Option<&Asked> {
        self.0.iter().find(|asked| asked.task.command.task == task)
    }
}

impl Agent {
    /// Lets a task wait for a yes at the machine. What waits already goes on waiting, until the
    /// time that was said first; something else in its place is asked anew.
    pub(super) fn ask_here(
        &self,
        command: TaskCommand,
        reckoning: crate::policy::Reckoning,
        owner: &Owner,
        by: &Arc<str>,
    ) -> Result<(), Problem> {
        let (task, what) = (command.task, WaitingTask::of(&command));
        let until = owner.clock.now().after(WITHIN);
        let crate::policy::Reckoning { risk, why } = reckoning;
        let waiting = WaitingTask { command, risk, why, by: by.to_string(), until };
        let answered = CancellationToken::new();
        let new = Asked {
            task: waiting,
            owner: owner.clone(),
            by: Arc::clone(by),
            answered: answered.clone(),
        };
        let asked = self.here(|here| {
            if here.find(task).is_some_and(|known| known.task.what() == what) {
                return Ok(false);
            }
            drop(here.take(task));
            if here.0.len() >= MOST {
                return Err(too_many());
            }
            here.0.push(new);
            Ok(true)
        })?;
        if asked {
            let agent = self.clone();
            self.0.parts.supervisor.run("wait for a yes here", async move {
                tokio::select! {
                    () = answered.cancelled() => {}
                    () = tokio::time::sleep(WITHIN) => agent.give_up_waiting(task, what).await,
                }
            });
        }
        Ok(())
    }

    /// Whether exactly this waits for a yes at the machine.
    pub(super) fn waits_here(&self, command: &TaskCommand) -> bool {
        let what = WaitingTask::of(command);
        self.here(|here| here.find(command.task).is_some_and(|known| known.task.what() == what))
    }

    /// How many tasks wait, and the one at this place.
    pub(super) fn show_waiting(&self, place: u32) -> (u32, Option<WaitingTask>) {
        self.here(|here| {
            let count = u32::try_from(here.0.len()).unwrap_or(u32::MAX);
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            (count, here.0.get(place).map(|asked| asked.task.clone()))
        })
    }

    /// Takes a task out that waits for a yes at the machine: it was called off.
    pub(super) fn stop_waiting(&self, task: TaskId) -> Option<TaskCommand> {
        self.here(|here| here.take(task)).map(|asked| asked.task.command)
    }

    /// Somebody at the machine has said yes or no to exactly this.
    pub(super) async fn decide(
        &self,
        (task, what): (TaskId, Digest),
        yes: bool,
        who: &str,
    ) -> Result<(), Problem> {
        if yes && self.draining().is_cancelled() {
            return Err(stopping());
        }
        let asked = self.here(|here| match here.find(task) {
            Some(asked) if asked.task.what() == what => here.take(task),
            Some(_) | None => None,
        });
        let asked = asked.ok_or_else(|| not_waiting(task))?;
        self.answer(asked, if yes { Answer::Yes } else { Answer::No }, who).await
    }

    async fn give_up_waiting(&self, task: TaskId, what: Digest) {
        let asked = self.here(|here| match here.find(task) {
            Some(asked) if asked.task.what() == what => here.take(task),
            Some(_) | None => None,
        });
        let Some(asked) = asked else { return };
        if let Err(problem) = self.answer(asked, Answer::Silence, "nobody").await {
            tracing::error!(%task, %problem, "a task that nobody said yes to is not ended");
        }
    }

    /// Does as was answered, and lets the conversations know. What the log does not have was not
    /// answered.
    async fn answer(&self, asked: Asked, answer: Answer, who: &str) -> Result<(), Problem> {
        let entry = audit::decided(&asked.task, answer.name(), who);
        self.note(entry).await.map_err(|error| error.problem())?;
        let done = match answer {
            Answer::Yes => self.begin_approved(&asked).await,
            Answer::No => {
                self.decline(&asked.task.command, "somebody at the machine said no").await
            }
            Answer::Silence => {
                self.decline(&asked.task.command, "nobody at the machine said yes in time").await
            }
        };
        // Nobody may be there to hear it.
        let _unheard = self.0.answered.send(asked.task.command.task);
        done
    }

    async fn begin_approved(&self, asked: &Asked) -> Result<(), Problem> {
        let command = &asked.task.command;
        let admitted = self.admitted(&asked.owner, command, Said::Yes).await;
        match admitted.map_err(|error| verdict::journal_problem(&error))? {
            Admission::Take => match self.accept(command.clone(), &asked.by).await {
                Ok(Accepted::Live(_) | Accepted::Over(_)) => Ok(()),
                Err(error) => Err(verdict::journal_problem(&error)),
            },
            Admission::Refuse(problem) => {
                self.end_refused(command, Outcome::DeniedByPolicy, (*problem).clone()).await?;
                Err(*problem)
            }
            // A yes is never asked for twice.
            Admission::Ask(_) => Err(not_waiting(command.task)),
        }
    }

    async fn decline(&self, command: &TaskCommand, title: &str) -> Result<(), Problem> {
        let why = Problem::new("D1-TASK-003", Category::Denied, title)
            .leaving("nothing was changed by this step");
        self.end_refused(command, Outcome::DeniedByUser, why).await
    }

    async fn end_refused(
        &self,
        command: &TaskCommand,
        outcome: Outcome,
        why: Problem,
    ) -> Result<(), Problem> {
        let ended = self.end_unbegun(command, outcome, why).await;
        ended.map(drop).map_err(|error| verdict::journal_problem(&error))
    }

    /// Writes down that a task ends before it began; nothing when it has begun.
    pub(super) async fn end_unbegun(
        &self,
        command: &TaskCommand,
        outcome: Outcome,
        why: Problem,
    ) -> Result<Option<TaskResult>, JournalError> {
        let parts = &self.0.parts;
        let has_begun = match parts.journal.receive(command, parts.clock.now()).await? {
            Reception::New => false,
            Reception::Known(entry) => entry.stage != Stage::Received,
        };
        if has_begun || self.live(command.task).is_some() {
            return Ok(None);
        }
        let result = verdict::not_begun(command, outcome, why);
        self.note_refusal(command, &result).await;
        parts.journal.finish(&result, parts.clock.now()).await?;
        Ok(Some(result))
    }

    /// Writes down that a task is graver than is said of it, once for each that waits or ends.
    pub(super) async fn note_overruled(
        &self,
        command: &TaskCommand,
        reckoning: &crate::policy::Reckoning,
    ) -> Result<(), Problem> {
        let claimed = d1_core::Risk::claimed(&command.step);
        if reckoning.risk <= claimed || self.waits_here(command) {
            return Ok(());
        }
        let entry = audit::overruled(AuditKind::RiskOverruled, command, claimed, reckoning);
        self.note(entry).await.map_err(|error| error.problem())
    }
}

impl Answer {
    const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Silence => "none",
        }
    }
}

fn too_many() -> Problem {
    let title = "too many tasks wait for a yes at the machine";
    Problem::new("D1-DEVICE-007", Category::Denied, title)
        .leaving("this one was not accepted")
        .next("at the machine: d1-doctor approvals list")
}

fn stopping() -> Problem {
    Problem::new("D1-DEVICE-006", Category::Daemon, "the daemon is stopping")
        .leaving("nothing was begun; it is asked again after the next start")
}

fn not_waiting(task: TaskId) -> Problem {
    let title = format!("task {} does not wait for a yes in this form", task.short());
    Problem::new("D1-RISK-003", Category::Usage, title)
        .because("it was answered or called off, or something else came in its place")
        .leaving("nothing was begun")
        .next("d1-doctor approvals list")
}
