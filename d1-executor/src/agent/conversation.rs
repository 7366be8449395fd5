//! One conversation with one orchestrator.

use super::{
    core::{Accepted, Agent},
    follow::follow,
    live::{Live, News},
    verdict, work,
};
use crate::health;
use d1_core::{
    Action, Category, DeviceLink, FromDevice, Hello, JournalError, PROTOCOL, Problem, Query,
    RequestId, SetupId, StopMode, TaskCommand, TaskId, ToDevice,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

/// How often a device tells how it is.
const HEALTH_EVERY: Duration = Duration::from_secs(30);
/// The most questions of one orchestrator that are answered at once.
const QUESTIONS_AT_ONCE: usize = 4;
/// How long a person may think before a task that needs their yes is given up.
const CONFIRM_WITHIN: Duration = Duration::from_secs(15 * 60);
/// The most tasks of one conversation that may wait for a yes.
const MAX_CONFIRMATIONS: usize = 64;

/// One conversation with one orchestrator.
pub(super) struct Conversation {
    agent: Agent,
    link: DeviceLink,
    followed: HashSet<(TaskId, u32)>,
    questions: Arc<Semaphore>,
    confirmations: HashMap<TaskId, oneshot::Sender<bool>>,
    confirmed: (mpsc::Sender<TaskCommand>, mpsc::Receiver<TaskCommand>),
}

/// Why a conversation cannot go on.
enum End {
    Gone,
    Journal(JournalError),
}

impl From<JournalError> for End {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl Conversation {
    pub(super) fn new(agent: Agent, link: DeviceLink) -> Self {
        Self {
            agent,
            link,
            followed: HashSet::new(),
            questions: Arc::new(Semaphore::new(QUESTIONS_AT_ONCE)),
            confirmations: HashMap::new(),
            confirmed: mpsc::channel(MAX_CONFIRMATIONS),
        }
    }

    /// Talks until the other side is gone, the agent drains, or the journal fails.
    pub(super) async fn hold(mut self) -> Result<(), Problem> {
        match self.talk().await {
            Ok(()) | Err(End::Gone) => Ok(()),
            Err(End::Journal(error)) => {
                self.agent.fail(&error);
                let problem = verdict::journal_problem(&error);
                let _gone = self.link.tx.send(FromDevice::Error(problem.clone())).await;
                Err(problem)
            }
        }
    }

    async fn talk(&mut self) -> Result<(), End> {
        self.greet().await?;
        let mut lease = tokio::time::interval(Hello::LEASE / 3);
        let mut health = tokio::time::interval(HEALTH_EVERY);
        let (broken, stopping) =
            (self.agent.broken().clone(), self.agent.0.parts.supervisor.stopping());
        loop {
            tokio::select! {
                message = self.link.rx.recv() => match message {
                    Some(message) => self.hear(message).await?,
                    None => return Ok(()),
                },
                Some(command) = self.confirmed.1.recv() => self.take_on(command).await?,
                _ = lease.tick() => self.renew_leases().await?,
                _ = health.tick() => self.tell_health().await?,
                () = broken.cancelled() => {
                    let problem = self.agent.trouble();
                    if let Some(problem) = problem {
                        self.say(FromDevice::Error(problem)).await?;
                    }
                    return Err(End::Gone);
                }
                () = stopping.cancelled() => return Ok(()),
            }
        }
    }

    async fn say(&self, message: FromDevice) -> Result<(), End> {
        self.link.tx.send(message).await.map_err(|_| End::Gone)
    }

    async fn greet(&self) -> Result<(), End> {
        let parts = &self.agent.0.parts;
        let facts = match parts.executor.facts(&[]).await {
            Ok(facts) => facts,
            Err(error) => {
                let problem = verdict::problem_of(&error);
                self.say(FromDevice::Error(problem)).await?;
                return Err(End::Gone);
            }
        };
        let entries = parts.journal.entries().await?;
        let mut epochs: HashMap<SetupId, u64> = HashMap::new();
        for entry in entries {
            let seen = epochs.entry(entry.command.setup).or_default();
            *seen = (*seen).max(entry.command.epoch);
        }
        self.say(FromDevice::Hello(Hello {
            device: parts.device,
            protocol_min: *PROTOCOL.start(),
            protocol_max: *PROTOCOL.end(),
            version: parts.version.clone(),
            facts,
            epochs: epochs.into_iter().collect(),
        }))
        .await
    }

    async fn hear(&mut self, message: ToDevice) -> Result<(), End> {
        match message {
            ToDevice::Welcome(welcome) => {
                tracing::debug!(version = welcome.version, "welcomed");
                Ok(())
            }
            ToDevice::Run(command) => self.order(*command).await,
            ToDevice::Cancel { task, setup, epoch, mode } => {
                self.cancel(task, setup, epoch, mode).await
            }
            // Both only say that nothing needs to be sent again; what ends the keeping is `Forget`.
            ToDevice::ResultStored { .. } | ToDevice::OutputStored { .. } => Ok(()),
            ToDevice::Forget(task) => {
                let parts = &self.agent.0.parts;
                match parts.journal.forget(task, parts.clock.now()).await {
                    // What is unknown needs no forgetting; what has not ended is told to end first.
                    Err(JournalError::Unknown(_) | JournalError::NotFinished(_)) => Ok(()),
                    other => Ok(other?),
                }
            }
            ToDevice::Ask { request, queries } => {
                self.answer(request, queries);
                Ok(())
            }
            ToDevice::Preview { request, actions } => {
                self.preview(request, actions);
                Ok(())
            }
            ToDevice::Confirmed { task, yes } => {
                if let Some(waiting) = self.confirmations.remove(&task) {
                    let _gave_up = waiting.send(yes);
                }
                Ok(())
            }
            ToDevice::Drain => {
                let agent = self.agent.clone();
                self.agent.0.parts.supervisor.run("drain", async move { agent.drain().await });
                Ok(())
            }
            ToDevice::Error(problem) => {
                tracing::warn!(%problem, "the orchestrator complains");
                Ok(())
            }
        }
    }

    async fn order(&mut self, command: TaskCommand) -> Result<(), End> {
        if self.agent.draining().is_cancelled() {
            let problem = Problem::new("D1-DEVICE-006", Category::Daemon, "the daemon is stopping")
                .leaving("the task was not accepted; it is sent again after the next start");
            return self.say(FromDevice::Error(problem)).await;
        }
        if command.require_confirmation && self.agent.live(command.task).is_none() {
            return self.ask_a_person(command).await;
        }
        self.take_on(command).await
    }

    async fn take_on(&mut self, command: TaskCommand) -> Result<(), End> {
        let (task, attempt) = (command.task, command.attempt);
        match self.agent.accept(command).await {
            Ok(Accepted::Live(live)) => {
                let attempt = live.command.attempt;
                self.say(FromDevice::Received { task, attempt }).await?;
                self.follow(task, live.command.attempt, live.news.subscribe());
                Ok(())
            }
            Ok(Accepted::Over(result)) => {
                self.say(FromDevice::Received { task, attempt }).await?;
                let last_chunk = u64::MAX;
                let news = News { started: true, last_chunk, result: Some(Arc::new(*result)) };
                self.followed.remove(&(task, attempt));
                self.follow(task, attempt, watch::channel(news).1);
                Ok(())
            }
            Err(error @ JournalError::Backend { .. }) => Err(error.into()),
            Err(error) => self.say(FromDevice::Error(verdict::journal_problem(&error))).await,
        }
    }

    /// Tells this orchestrator how an attempt goes, once per conversation.
    fn follow(&mut self, task: TaskId, attempt: u32, news: watch::Receiver<News>) {
        let over = news.borrow().result.is_some();
        if !self.followed.insert((task, attempt)) && !over {
            return;
        }
        let journal = Arc::clone(&self.agent.0.parts.journal);
        let to = self.link.tx.clone();
        let work = follow(journal, (task, attempt), news, to);
        self.agent.0.parts.supervisor.run("task news", work);
    }

    async fn ask_a_person(&mut self, command: TaskCommand) -> Result<(), End> {
        self.confirmations.retain(|_, waiting| !waiting.is_closed());
        if self.confirmations.len() >= MAX_CONFIRMATIONS {
            let problem = Problem::new(
                "D1-DEVICE-007",
                Category::Denied,
                "too many tasks wait for a yes; answer those first",
            );
            return self.say(FromDevice::Error(problem)).await;
        }
        let (answer, answered) = oneshot::channel();
        let task = command.task;
        self.confirmations.insert(task, answer);
        self.say(FromDevice::Confirm { task, what: command.step.title.clone() }).await?;
        let (agent, to, confirmed) =
            (self.agent.clone(), self.link.tx.clone(), self.confirmed.0.clone());
        self.agent.0.parts.supervisor.run("confirmation", async move {
            let yes = tokio::time::timeout(CONFIRM_WITHIN, answered).await;
            if matches!(yes, Ok(Ok(true))) {
                let _gone = confirmed.send(command).await;
            } else {
                deny(&agent, command, &to).await;
            }
        });
        Ok(())
    }

    async fn cancel(
        &mut self,
        task: TaskId,
        setup: SetupId,
        epoch: u64,
        mode: StopMode,
    ) -> Result<(), End> {
        match self.agent.0.parts.journal.fence(setup, epoch).await {
            Ok(()) => {}
            Err(error @ JournalError::Backend { .. }) => return Err(error.into()),
            Err(error) => {
                return self.say(FromDevice::Error(verdict::journal_problem(&error))).await;
            }
        }
        if let Some(live) = self.agent.withdraw(task) {
            let agent = self.agent.clone();
            let work = async move { work::call_off(&agent, live).await };
            self.agent.0.parts.supervisor.run("call off", work);
        } else if let Some(Live { stop, .. }) = self.agent.live(task) {
            stop.ask(mode);
        }
        Ok(())
    }

    async fn renew_leases(&self) -> Result<(), End> {
        let running = self.agent.running();
        let is_ours = |task: &TaskId| self.followed.iter().any(|(followed, _)| followed == task);
        let ours: Vec<_> = running.into_iter().filter(is_ours).collect();
        if ours.is_empty() { Ok(()) } else { self.say(FromDevice::Lease(ours)).await }
    }

    async fn tell_health(&self) -> Result<(), End> {
        let clock = &self.agent.0.parts.clock;
        let (running, waiting) = self.agent.load();
        let mut report = health::read(clock.now());
        report.running = u32::try_from(running).unwrap_or(u32::MAX);
        report.waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        report.uptime_seconds = clock.now().since(self.agent.0.started_at).as_secs();
        self.say(FromDevice::Health(report)).await
    }

    fn answer(&self, request: RequestId, queries: Vec<Query>) {
        let executor = Arc::clone(&self.agent.0.parts.executor);
        self.in_background(request, async move {
            let facts = Box::new(executor.facts(&queries).await?);
            Ok(FromDevice::Facts { request, facts })
        });
    }

    fn preview(&self, request: RequestId, actions: Vec<Action>) {
        let executor = Arc::clone(&self.agent.0.parts.executor);
        self.in_background(request, async move {
            let mut previews = Vec::with_capacity(actions.len());
            for action in &actions {
                previews.push(executor.preview(action).await?);
            }
            Ok(FromDevice::Previews { request, previews })
        });
    }

    fn in_background(
        &self,
        request: RequestId,
        work: impl Future<Output = Result<FromDevice, d1_core::ExecutorError>> + Send + 'static,
    ) {
        let (questions, to) = (Arc::clone(&self.questions), self.link.tx.clone());
        self.agent.0.parts.supervisor.run("question", async move {
            let Ok(_turn) = questions.acquire().await else { return };
            let answer = work.await.unwrap_or_else(|error| FromDevice::Refused {
                request,
                problem: verdict::problem_of(&error),
            });
            let _gone = to.send(answer).await;
        });
    }
}

/// Writes down that a person said no, and tells it.
async fn deny(agent: &Agent, command: TaskCommand, to: &mpsc::Sender<FromDevice>) {
    let why = Problem::new("D1-TASK-003", Category::Denied, "nobody said yes to this step")
        .leaving("nothing was changed by this step");
    let result = verdict::not_begun(&command, d1_core::Outcome::DeniedByUser, why);
    let (journal, clock) = (&agent.0.parts.journal, &agent.0.parts.clock);
    let written = async {
        journal.receive(&command, clock.now()).await?;
        journal.finish(&result, clock.now()).await
    };
    match written.await {
        Ok(()) => {
            let _gone = to.send(FromDevice::Finished(Box::new(result))).await;
        }
        Err(error) => tracing::warn!(task = %command.task, %error, "a no was not written down"),
    }
}
