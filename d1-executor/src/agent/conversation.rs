//! One conversation with one orchestrator.

use super::report::Reports;
use super::{
    anchors::Anchors,
    approvals::Approvals,
    audit,
    core::{Accepted, Agent},
    follow::{Followed, Telling, follow},
    gate::Gate,
    live::{Live, News},
    party::Party,
    unwritten::Unwritten,
    verdict, work,
};
use crate::health::HEALTH_EVERY;
use d1_core::{
    Category, DeviceLink, FromDevice, Health, Hello, JournalError, Outcome, PROTOCOL, Problem,
    Proposal, Query, RequestId, SetupId, SignedHead, Stage, StopMode, TaskCommand, TaskId,
    TaskResult, Timestamp, ToDevice, Welcome,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use tokio::{
    sync::{Semaphore, broadcast, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// The most questions of one orchestrator that are answered at once.
const QUESTIONS_AT_ONCE: usize = 4;
/// One conversation with one orchestrator.
pub(super) struct Conversation {
    pub(super) agent: Agent,
    link: DeviceLink,
    /// Who is at the other end.
    pub(super) by: Arc<str>,
    /// What lets their words in.
    pub(super) gate: Gate,
    /// Who they are.
    pub(super) party: Party,
    /// What waits for a yes at the machine, by their order.
    pub(super) asked_here: HashMap<TaskId, TaskCommand>,
    answers: broadcast::Receiver<TaskId>,
    anchors: Anchors,
    followed: Followed,
    questions: Arc<Semaphore>,
    approvals: Approvals,
    reports: Reports,
    /// Ends what tells of tasks when the conversation does.
    over: CancellationToken,
}

/// Why a conversation cannot go on.
pub(super) enum End {
    Gone,
    Journal(JournalError),
    /// The journal failed in another conversation, or under a task; or this orchestrator speaks
    /// another language.
    Broken(Problem),
}

impl From<JournalError> for End {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// Whoever welcomes it in words that are not spoken here is told so, and left.
fn welcomed(welcome: &Welcome) -> Result<(), End> {
    if PROTOCOL.contains(&welcome.protocol) {
        tracing::debug!(version = welcome.version, "welcomed");
        return Ok(());
    }
    Err(End::Broken(verdict::upgrade_required(welcome)))
}

impl Conversation {
    pub(super) fn new(agent: Agent, link: DeviceLink, by: &str, gate: Gate, party: Party) -> Self {
        Self {
            answers: agent.0.answered.subscribe(),
            agent,
            party,
            asked_here: HashMap::new(),
            link,
            by: Arc::from(by),
            gate,
            anchors: Anchors::default(),
            followed: Followed::default(),
            questions: Arc::new(Semaphore::new(QUESTIONS_AT_ONCE)),
            approvals: Approvals::default(),
            reports: Reports::default(),
            over: CancellationToken::new(),
        }
    }

    /// Talks until the other side is gone, the agent drains, or the journal fails.
    pub(super) async fn hold(mut self) -> Result<(), Problem> {
        let _over = self.over.clone().drop_guard();
        let _listens = self.agent.listen();
        let problem = match self.talk().await {
            Ok(()) | Err(End::Gone) => return Ok(()),
            Err(End::Broken(problem)) => problem,
            Err(End::Journal(error)) => {
                let error = Unwritten::from(error);
                self.agent.fail(&error);
                error.problem()
            }
        };
        let _gone = self.link.tx.send(FromDevice::Error(problem.clone())).await;
        Err(problem)
    }

    async fn talk(&mut self) -> Result<(), End> {
        self.greet().await?;
        let mut lease = tokio::time::interval(Hello::LEASE / 3);
        let mut health = tokio::time::interval(HEALTH_EVERY);
        let agent = self.agent.clone();
        let mut condition = agent.condition();
        let stopping = agent.0.parts.supervisor.stopping();
        loop {
            tokio::select! {
                // What is rare comes first, so that what is frequent keeps nothing waiting.
                biased;
                () = stopping.cancelled() => return Ok(()),
                () = agent.broken().cancelled() => {
                    return Err(agent.trouble().map_or(End::Gone, End::Broken));
                }
                () = agent.drained().cancelled() => return Ok(()),
                task = self.approvals.overdue() => self.deny(task).await?,
                answered = self.answers.recv() => self.hear_answer(answered.ok()).await?,
                _ = lease.tick() => self.renew_leases().await?,
                _ = health.tick() => {
                    let due = self.reports.due(&agent, &condition.borrow());
                    self.tell_health(due).await?;
                    self.tell_head().await?;
                }
                // The agent outlives its conversations, so this never ends.
                _ = condition.changed() => {
                    let now = self.reports.now(&agent, &condition.borrow_and_update());
                    self.tell_health(Some(now)).await?;
                }
                message = self.link.rx.recv() => match message {
                    Some(message) => self.let_in(message).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    pub(super) async fn say(&self, message: FromDevice) -> Result<(), End> {
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
        let mut epochs: BTreeMap<SetupId, u64> = BTreeMap::new();
        for entry in entries {
            let seen = epochs.entry(entry.command.setup).or_default();
            *seen = (*seen).max(entry.command.epoch);
        }
        self.say(FromDevice::Hello(Box::new(Hello {
            device: parts.device,
            protocol_min: *PROTOCOL.start(),
            protocol_max: *PROTOCOL.end(),
            version: parts.version.clone(),
            facts,
            epochs: epochs.into_iter().collect(),
            seal: self.gate.request().map_err(End::Broken)?,
        })))
        .await
    }

    pub(super) async fn hear(&mut self, message: ToDevice) -> Result<(), End> {
        match message {
            ToDevice::Welcome(welcome) => {
                welcomed(&welcome)?;
                self.compare_clocks(welcome.server_time).await
            }
            ToDevice::Run(command) => self.order(*command).await,
            ToDevice::Cancel { task, setup, epoch, mode } => {
                self.cancel(task, setup, epoch, mode).await
            }
            // It only says that nothing needs to be sent again; what ends the keeping is `Forget`.
            ToDevice::ResultStored { .. } => Ok(()),
            ToDevice::OutputStored { task, attempt, seq } => {
                self.agent.output_is_stored((task, attempt), seq);
                Ok(())
            }
            ToDevice::Forget { task, attempt } => {
                let parts = &self.agent.0.parts;
                self.agent.forget_stored(task);
                match parts.journal.forget(task, attempt, parts.clock.now()).await {
                    // What is unknown needs no forgetting; what has not ended is told to end first.
                    Err(JournalError::Unknown(_) | JournalError::NotFinished(_)) => Ok(()),
                    other => Ok(other?),
                }
            }
            ToDevice::Ask { request, queries } => {
                self.answer(request, queries);
                Ok(())
            }
            ToDevice::Preview { request, proposals } => {
                self.preview(request, proposals);
                Ok(())
            }
            ToDevice::Confirmed { task, yes: true } => match self.approvals.take(task) {
                Some(command) => self.vet(command).await,
                None => Ok(()),
            },
            ToDevice::Confirmed { task, yes: false } => self.deny(task).await,
            ToDevice::Drain => {
                // From this word on nothing is accepted.
                self.agent.draining().cancel();
                let agent = self.agent.clone();
                self.agent.0.parts.supervisor.run("drain", async move { agent.drain().await });
                Ok(())
            }
            ToDevice::Anchor(head) => {
                self.keep_head(&head).await;
                Ok(())
            }
            ToDevice::Error(problem) => {
                tracing::warn!(%problem, "the orchestrator complains");
                Ok(())
            }
            ToDevice::OrderKeys(keys) => self.learn(&keys).await,
            ToDevice::ShowWaiting { request, place } => self.show_waiting(request, place).await,
            ToDevice::Decide { request, task, what, yes } => {
                self.decide_here(request, (task, what), yes).await
            }
            // The gate has opened it, or refused it.
            ToDevice::Signed(_) => Ok(()),
        }
    }

    async fn order(&mut self, command: TaskCommand) -> Result<(), End> {
        if self.agent.draining().is_cancelled() {
            let problem = Problem::new("D1-DEVICE-006", Category::Daemon, "the daemon is stopping")
                .leaving("the task was not accepted; it is sent again after the next start");
            return self.say(FromDevice::Error(problem)).await;
        }
        if command.require_confirmation && !self.has_begun(&command).await? {
            return self.ask_a_person(command).await;
        }
        self.vet(command).await
    }

    /// Whether this attempt was begun, or ended, and so needs no yes any more.
    pub(super) async fn has_begun(&self, command: &TaskCommand) -> Result<bool, End> {
        if self.agent.live(command.task).is_some() {
            return Ok(true);
        }
        let entry = self.agent.0.parts.journal.entry(command.task).await?;
        Ok(entry.is_some_and(|entry| {
            let succeeded = match &entry.stage {
                Stage::Received => return false,
                Stage::Started(_) => return true,
                Stage::Finished(result) => result.outcome.is_success(),
                Stage::Forgotten(outcome) => outcome.is_success(),
            };
            succeeded || entry.command.attempt >= command.attempt
        }))
    }

    pub(super) async fn take_on(&mut self, command: TaskCommand) -> Result<(), End> {
        let (task, attempt) = (command.task, command.attempt);
        match self.agent.accept(command, &self.by).await {
            Ok(Accepted::Live(live)) => {
                let attempt = live.command.attempt;
                self.say(FromDevice::Received { task, attempt }).await?;
                self.follow(task, live.command.attempt, live.news.subscribe());
                Ok(())
            }
            Ok(Accepted::Over(result)) => {
                self.say(FromDevice::Received { task, attempt }).await?;
                let last_chunk = u64::MAX;
                // What never began has no receipt.
                let started = result.receipt.is_some();
                let news = News { started, last_chunk, result: Some(Arc::new(*result)) };
                self.follow(task, attempt, watch::channel(news).1);
                Ok(())
            }
            Err(error @ JournalError::Backend { .. }) => Err(error.into()),
            Err(error) => self.say(FromDevice::Error(verdict::journal_problem(&error))).await,
        }
    }

    /// Tells this orchestrator how an attempt goes, once at a time.
    fn follow(&self, task: TaskId, attempt: u32, news: watch::Receiver<News>) {
        let Some(turn) = self.followed.begin((task, attempt)) else { return };
        let parts = &self.agent.0.parts;
        let telling = Telling {
            journal: Arc::clone(&parts.journal),
            name: (task, attempt),
            stored: self.agent.stored((task, attempt)),
            to: self.link.tx.clone(),
            over: self.over.clone(),
        };
        let agent = self.agent.clone();
        agent.attend(task);
        parts.supervisor.run("task news", async move {
            follow(telling, news).await;
            drop(turn);
            agent.leave(task).await;
        });
    }

    async fn ask_a_person(&mut self, command: TaskCommand) -> Result<(), End> {
        if !self.is_fenced(command.setup, command.epoch).await? {
            return Ok(());
        }
        let what = command.step.title.clone();
        let confirm = FromDevice::Confirm { task: command.task, what, here: false };
        if self.approvals.wait(command) {
            return self.say(confirm).await;
        }
        let title = "too many tasks wait for a yes; answer those first";
        self.say(FromDevice::Error(Problem::new("D1-DEVICE-007", Category::Denied, title))).await
    }

    /// A person said no, or nothing for too long.
    async fn deny(&mut self, task: TaskId) -> Result<(), End> {
        let Some(command) = self.approvals.take(task) else { return Ok(()) };
        let why = Problem::new("D1-TASK-003", Category::Denied, "nobody said yes to this step")
            .leaving("nothing was changed by this step");
        self.end_unbegun(command, Outcome::DeniedByUser, why).await
    }

    /// Writes down that a task ends before it began, and tells it; unless it has begun.
    pub(super) async fn end_unbegun(
        &self,
        command: TaskCommand,
        outcome: Outcome,
        why: Problem,
    ) -> Result<(), End> {
        match self.agent.end_unbegun(&command, outcome, why).await {
            Ok(Some(result)) => self.say(FromDevice::Finished(Box::new(result))).await,
            Ok(None) => Ok(()),
            Err(error @ JournalError::Backend { .. }) => Err(error.into()),
            Err(error) => self.say(FromDevice::Error(verdict::journal_problem(&error))).await,
        }
    }

    /// Whether this orchestrator may still speak for the setup; it is told when it may not.
    pub(super) async fn is_fenced(&self, setup: SetupId, epoch: u64) -> Result<bool, End> {
        match self.agent.0.parts.journal.fence(setup, epoch).await {
            Ok(()) => Ok(true),
            Err(error @ JournalError::Backend { .. }) => Err(error.into()),
            Err(error) => {
                self.say(FromDevice::Error(verdict::journal_problem(&error))).await?;
                Ok(false)
            }
        }
    }

    async fn cancel(
        &mut self,
        task: TaskId,
        setup: SetupId,
        epoch: u64,
        mode: StopMode,
    ) -> Result<(), End> {
        if !self.is_fenced(setup, epoch).await? {
            return Ok(());
        }
        self.asked_here.remove(&task);
        let waits = self.approvals.take(task).or_else(|| self.agent.stop_waiting(task));
        if let Some(command) = waits {
            return self.end_unbegun(command, Outcome::Cancelled, work::called_off()).await;
        }
        if let Some(live) = self.agent.withdraw(task) {
            let agent = self.agent.clone();
            let work = async move { work::call_off(&agent, live, work::called_off()).await };
            self.agent.0.parts.supervisor.run("call off", work);
            return Ok(());
        }
        match self.agent.live(task) {
            Some(Live { stop, .. }) => {
                stop.ask(mode);
                Ok(())
            }
            None => self.stop_what_is_not_here(task).await,
        }
    }

    /// Answers a call to stop from the journal.
    async fn stop_what_is_not_here(&mut self, task: TaskId) -> Result<(), End> {
        let Some(entry) = self.agent.0.parts.journal.entry(task).await? else {
            let title = format!("there is no task {task} here to be stopped");
            let problem = Problem::new("D1-DEVICE-012", Category::Task, title)
                .because("it was never ordered here, or was forgotten long ago")
                .leaving("this message changed nothing");
            return self.say(FromDevice::Error(problem)).await;
        };
        match entry.stage {
            Stage::Received => {
                self.end_unbegun(entry.command, Outcome::Cancelled, work::called_off()).await
            }
            // Its process died under it: what became of it has to be found out.
            Stage::Started(_) => self.take_on(entry.command).await,
            Stage::Finished(result) => self.say(FromDevice::Finished(result)).await,
            Stage::Forgotten(outcome) => {
                let TaskCommand { task, attempt, epoch, .. } = entry.command;
                let result = TaskResult::not_started(task, attempt, epoch, outcome);
                self.say(FromDevice::Finished(Box::new(result))).await
            }
        }
    }

    async fn renew_leases(&self) -> Result<(), End> {
        let running = self.agent.running();
        let ours: Vec<_> = running.into_iter().filter(|task| self.followed.has(*task)).collect();
        if ours.is_empty() { Ok(()) } else { self.say(FromDevice::Lease(ours)).await }
    }

    async fn tell_health(&self, health: Option<Health>) -> Result<(), End> {
        match health {
            Some(health) => self.say(FromDevice::Health(Box::new(health))).await,
            None => Ok(()),
        }
    }

    async fn compare_clocks(&mut self, theirs: Timestamp) -> Result<(), End> {
        let ours = self.agent.0.parts.clock.now();
        if !self.reports.compare_clocks(ours, theirs) {
            return Ok(());
        }
        let now = self.reports.now(&self.agent, &self.agent.condition().borrow());
        self.tell_health(Some(now)).await
    }

    /// Tells the head of the audit log, when there is something new in it: whoever has it sees
    /// later whether the log was cut or written anew.
    async fn tell_head(&mut self) -> Result<(), End> {
        let deeds = self.agent.deeds();
        if !self.anchors.is_news(deeds) {
            return Ok(());
        }
        let parts = &self.agent.0.parts;
        match parts.audit.head(parts.clock.now()).await {
            Ok(head) => self.say(FromDevice::Anchor(Box::new(head))).await,
            Err(error) => {
                tracing::error!(%error, "the head of the audit log cannot be told");
                Ok(())
            }
        }
    }

    /// Keeps the head of the orchestrator's own log in ours.
    async fn keep_head(&mut self, head: &SignedHead) {
        if !head.is_signed() || !self.anchors.is_new(head, Instant::now()) {
            return;
        }
        let parts = &self.agent.0.parts;
        if let Err(error) = parts.audit.append(audit::anchored(head), parts.clock.now()).await {
            tracing::error!(%error, "the head of the orchestrator's audit log cannot be kept");
        }
    }

    fn answer(&self, request: RequestId, queries: Vec<Query>) {
        let executor = Arc::clone(&self.agent.0.parts.executor);
        self.in_background(request, async move {
            let facts = Box::new(executor.facts(&queries).await?);
            Ok(FromDevice::Facts { request, facts })
        });
    }

    fn preview(&self, request: RequestId, proposals: Vec<Proposal>) {
        let executor = Arc::clone(&self.agent.0.parts.executor);
        let owner = self.party.owner().cloned();
        self.in_background(request, async move {
            let mut previews = Vec::with_capacity(proposals.len());
            for what in &proposals {
                let preview = executor.preview(what).await?;
                previews.push(match &owner {
                    Some(owner) => owner.annotate(what, preview),
                    None => preview,
                });
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
