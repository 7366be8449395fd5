//! The agent itself: accepts orders, keeps the queue, knows what is on its way.

use super::{
    attendance::Attendance,
    audit,
    condition::Condition,
    conversation::Conversation,
    gate::{Gate, OrderGuard},
    here::Here,
    live::Live,
    party::{CloudTerms, Party},
    queue::Queue,
    unwritten::Unwritten,
    verdict, work,
};
use d1_core::{
    AuditEntry, AuditError, AuditKind, AuditLog, Category, Clock, DeviceId, DeviceLink, Entry,
    Executor, Journal, JournalError, Outcome, Problem, Reception, Stage, Supervisor, TaskCommand,
    TaskId, TaskResult, Timestamp,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// What an agent is made of.
#[derive(Clone, Debug)]
pub struct AgentParts {
    /// Which device this is.
    pub device: DeviceId,
    /// The version of the program it is part of.
    pub version: String,
    /// Carries out actions.
    pub executor: Arc<dyn Executor>,
    /// Remembers tasks.
    pub journal: Arc<dyn Journal>,
    /// Where what is done is written down before it is done.
    pub audit: Arc<dyn AuditLog>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Owns the background work.
    pub supervisor: Supervisor,
}

/// The device's half of the delivery contract.
///
/// 1. An order is written down before it is acknowledged ([`FromDevice::Received`](d1_core::FromDevice::Received)).
/// 2. Its beginning is written down, with everything as it was before, before its first effect.
/// 3. Its result is written down before it is told, and kept until it may be forgotten.
/// 4. An order that comes again is answered from the journal.
/// 5. A task that was begun when the process died is probed, never blindly begun again.
/// 6. An order of an older epoch than was seen for its setup is refused.
/// 7. What cannot be written into the audit log is not done.
///
/// Cloning gives another handle on the same agent. Several orchestrators may talk to
/// one agent at the same time.
#[derive(Clone, Debug)]
pub struct Agent(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) parts: AgentParts,
    pub(super) started_at: Timestamp,
    deeds: AtomicU64,
    state: Mutex<State>,
    pub(super) condition: watch::Sender<Condition>,
    /// How many orchestrators are told how the machine is.
    pub(super) listeners: watch::Sender<usize>,
    /// Tasks about which somebody at the machine has answered.
    pub(super) answered: broadcast::Sender<TaskId>,
    draining: CancellationToken,
    drained: CancellationToken,
    broken: CancellationToken,
}

/// How many answers a conversation may be behind before it looks at all that it asked.
const ANSWERS: usize = 64;
/// The most attempts of which it is remembered what output of them is stored elsewhere; of
/// others all of it is told again.
const MOST_STORED: usize = 4096;

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    live: HashMap<TaskId, Live>,
    attendance: Attendance,
    here: Here,
    /// The last chunk of output that an orchestrator has stored.
    stored: HashMap<(TaskId, u32), u64>,
    broken: Option<Problem>,
}

/// What became of an order.
pub(super) enum Accepted {
    /// It is on its way, from now on or since before.
    Live(Live),
    /// It was over before.
    Over(Box<TaskResult>),
}

impl Agent {
    /// An agent that has not looked into its journal yet; call [`Agent::recover`] first.
    #[must_use]
    pub fn new(parts: AgentParts) -> Self {
        let started_at = parts.clock.now();
        Self(Arc::new(Inner {
            parts,
            started_at,
            deeds: AtomicU64::new(0),
            state: Mutex::default(),
            condition: watch::Sender::default(),
            listeners: watch::Sender::default(),
            answered: broadcast::Sender::new(ANSWERS),
            draining: CancellationToken::new(),
            drained: CancellationToken::new(),
            broken: CancellationToken::new(),
        }))
    }

    /// Takes up what an earlier process left: tasks it had begun are probed, each in its
    /// turn; tasks it had only received wait for their orchestrator to order them again.
    ///
    /// Drops tombstones that are old enough. Returns how many tasks are being probed.
    pub async fn recover(&self) -> Result<usize, JournalError> {
        let journal = &self.0.parts.journal;
        let too_old =
            self.0.parts.clock.now().0.saturating_sub(
                u64::try_from(d1_core::TOMBSTONE_AGE.as_millis()).unwrap_or(u64::MAX),
            );
        journal.purge(Timestamp(too_old)).await?;
        let mut probing = 0;
        for entry in journal.entries().await? {
            match entry.stage {
                Stage::Started(_) => {
                    probing += 1;
                    self.enqueue(Live::cut_off(entry.command));
                }
                Stage::Received | Stage::Finished(_) | Stage::Forgotten(_) => {}
            }
        }
        Ok(probing)
    }

    /// Talks to one orchestrator until it is gone, the agent drains, or the journal fails. What
    /// it orders is written into the audit log as ordered `by` it.
    ///
    /// Tasks go on when the conversation ends. The error is a journal that cannot be
    /// written: no task is accepted or begun without it.
    pub async fn serve(&self, link: DeviceLink, by: &str) -> Result<(), Problem> {
        self.talk(link, by, None, Party::Known).await
    }

    /// The same, with somebody at this machine, who is shown what waits for a yes here. Their yes
    /// is one only when it `decides`: when a person is known to sit there.
    pub async fn serve_here(
        &self,
        link: DeviceLink,
        by: &str,
        decides: bool,
    ) -> Result<(), Problem> {
        self.talk(link, by, None, Party::Here { decides }).await
    }

    /// The same, with a cloud, of which the device wants this. The error may also be that
    /// something came which is not to be heeded: it was written into the audit log, and the link
    /// was left.
    pub async fn serve_cloud(
        &self,
        link: DeviceLink,
        by: &str,
        terms: CloudTerms,
    ) -> Result<(), Problem> {
        self.talk(link, by, terms.guard, Party::Cloud(terms.owner.map(Box::new))).await
    }

    async fn talk(
        &self,
        link: DeviceLink,
        by: &str,
        guard: Option<OrderGuard>,
        party: Party,
    ) -> Result<(), Problem> {
        let device = self.0.parts.device;
        let gate = match guard {
            Some(guard) => Gate::guarded(device, guard)?,
            None => Gate::open(device),
        };
        Conversation::new(self.clone(), link, by, gate, party).hold().await
    }

    /// The same, with an orchestrator whose orders are heeded only when they are signed.
    pub async fn serve_signed(
        &self,
        link: DeviceLink,
        by: &str,
        guard: OrderGuard,
    ) -> Result<(), Problem> {
        self.serve_cloud(link, by, CloudTerms { guard: Some(guard), owner: None }).await
    }

    /// Writes into the audit log what is about to be, or has been.
    pub(super) async fn note(&self, entry: AuditEntry) -> Result<(), AuditError> {
        let parts = &self.0.parts;
        parts.audit.append(entry, parts.clock.now()).await?;
        self.0.deeds.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// How much was written into the audit log by this process, heads of others aside.
    pub(super) fn deeds(&self) -> u64 {
        self.0.deeds.load(Ordering::Relaxed)
    }

    /// Writes down how a task ended that never began. That nothing was done is told also when
    /// the audit log is in trouble.
    pub(super) async fn note_refusal(&self, command: &TaskCommand, result: &TaskResult) {
        let entry = audit::ended(AuditKind::TaskRefused, command, result);
        if let Err(error) = self.note(entry).await {
            tracing::error!(%error, task = %command.task, "a refusal is not in the audit log");
        }
    }

    /// Starts nothing more, and waits until what runs has ended. What only waits is kept
    /// in the journal and ordered again after the next start.
    pub async fn drain(&self) {
        self.0.draining.cancel();
        loop {
            let running = self.state().queue.running();
            let Some(live) = running.iter().find_map(|task| self.live(*task)) else {
                self.0.drained.cancel();
                return;
            };
            let mut news = live.news.subscribe();
            tokio::select! {
                biased;
                ended = news.wait_for(|news| news.result.is_some()) => drop(ended),
                () = self.0.broken.cancelled() => return,
            }
            tokio::task::yield_now().await;
        }
    }

    /// How many tasks run, and how many wait.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        let state = self.state();
        (state.queue.running().len(), state.queue.waiting())
    }

    pub(super) fn running(&self) -> Vec<TaskId> {
        self.state().queue.running()
    }

    pub(super) fn live(&self, task: TaskId) -> Option<Live> {
        self.state().live.get(&task).cloned()
    }

    pub(super) fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    /// Fires when it drains and nothing runs any more.
    pub(super) fn drained(&self) -> &CancellationToken {
        &self.0.drained
    }

    /// An orchestrator has stored an attempt's output up to this chunk.
    pub(super) fn output_is_stored(&self, name: (TaskId, u32), seq: u64) {
        let mut state = self.state();
        if state.stored.len() < MOST_STORED || state.stored.contains_key(&name) {
            let last = state.stored.entry(name).or_default();
            *last = (*last).max(seq);
        }
    }

    /// The last chunk of an attempt's output that an orchestrator has stored.
    pub(super) fn stored(&self, name: (TaskId, u32)) -> u64 {
        self.state().stored.get(&name).copied().unwrap_or_default()
    }

    /// Nothing of this task will be told again.
    pub(super) fn forget_stored(&self, task: TaskId) {
        self.state().stored.retain(|(known, _), _| *known != task);
    }

    /// Fires when the journal has failed.
    pub(super) fn broken(&self) -> &CancellationToken {
        &self.0.broken
    }

    /// Why, once it has.
    pub(super) fn trouble(&self) -> Option<Problem> {
        self.state().broken.clone()
    }

    /// Writes an order down and puts it into the queue, unless it is known.
    pub(super) async fn accept(
        &self,
        command: TaskCommand,
        by: &Arc<str>,
    ) -> Result<Accepted, JournalError> {
        let parts = &self.0.parts;
        let entry = match parts.journal.receive(&command, parts.clock.now()).await? {
            Reception::New => return self.admit(Live::received(command, by)).await,
            Reception::Known(entry) => *entry,
        };
        let Entry { command: known, stage, .. } = entry;
        Ok(match stage {
            Stage::Finished(result) => Accepted::Over(result),
            Stage::Forgotten(outcome) => Accepted::Over(Box::new(TaskResult::not_started(
                known.task,
                known.attempt,
                known.epoch,
                outcome,
            ))),
            // It has not begun, so the newest word about it counts: it may come too late now.
            Stage::Received if known.attempt == command.attempt => {
                return self.admit(Live::received(command, by)).await;
            }
            Stage::Received => return self.admit(Live::received(known, by)).await,
            Stage::Started(_) => Accepted::Live(self.enqueue(Live::cut_off(known))),
        })
    }

    /// Puts a task into the queue; one that finds no place there ends at once.
    async fn admit(&self, live: Live) -> Result<Accepted, JournalError> {
        let parts = &self.0.parts;
        if !self.is_full() || self.live(live.command.task).is_some() {
            return Ok(Accepted::Live(self.enqueue(live)));
        }
        let why = Problem::new("D1-TASK-004", Category::Task, "too many tasks wait here already")
            .leaving("nothing was changed by this step")
            .next("order it again when some have ended");
        let result = verdict::not_begun(&live.command, Outcome::Undeliverable, why);
        self.note_refusal(&live.command, &result).await;
        parts.journal.finish(&result, parts.clock.now()).await?;
        Ok(Accepted::Over(Box::new(result)))
    }

    fn is_full(&self) -> bool {
        let state = self.state();
        state.queue.waiting() >= Queue::MAX_WAITING
    }

    /// Puts a task into the queue, unless it is on its way already.
    fn enqueue(&self, live: Live) -> Live {
        let task = live.command.task;
        let mut state = self.state();
        if let Some(known) = state.live.get(&task) {
            return known.clone();
        }
        state.queue.push(task, &live.command.step.resource_keys);
        state.live.insert(task, live.clone());
        drop(state);
        self.start_what_can();
        live
    }

    /// Takes a task out of the queue that has not begun, and hands it over. One that was begun
    /// by an earlier process stays: what became of it has to be found out.
    pub(super) fn withdraw(&self, task: TaskId) -> Option<Live> {
        let mut state = self.state();
        let live = state.live.get(&task).filter(|live| !live.cut_off).cloned()?;
        state.queue.withdraw(task).then_some(live)
    }

    /// Makes the end of a task known: first to those who follow it.
    pub(super) fn publish(&self, live: &Live, result: TaskResult) {
        live.news.send_modify(|news| news.result = Some(Arc::new(result)));
        let mut state = self.state();
        state.queue.done(live.command.task);
        state.live.remove(&live.command.task);
        state.attendance.forget(live.command.task);
    }

    /// The journal or the audit log has failed: no conversation goes on without it.
    pub(super) fn fail(&self, error: &Unwritten) {
        tracing::error!(%error, "what happened cannot be written down");
        self.state().broken = Some(error.problem());
        self.0.broken.cancel();
    }

    pub(super) fn start_what_can(&self) {
        while !self.0.draining.is_cancelled() && !self.0.broken.is_cancelled() {
            let mut state = self.state();
            let State { queue, live, attendance, .. } = &mut *state;
            let may = |task| live.get(&task).is_none_or(|live| attendance.lets_begin(live));
            let Some(task) = queue.next(may) else { return };
            let live = state.live.get(&task).cloned();
            let Some(live) = live else {
                state.queue.done(task);
                continue;
            };
            drop(state);
            let command = Arc::clone(&live.command);
            let mut slot = Slot { agent: self.clone(), command, is_over: false };
            self.0.parts.supervisor.run("task", async move {
                work::carry_out(&slot.agent, live).await;
                slot.end();
            });
        }
    }

    /// Looks at, or changes, what waits for a yes at the machine.
    pub(super) fn here<T>(&self, with: impl FnOnce(&mut Here) -> T) -> T {
        with(&mut self.state().here)
    }

    /// Looks at, or notes, who attends what.
    pub(super) fn attendance<T>(&self, with: impl FnOnce(&mut Attendance) -> T) -> T {
        with(&mut self.state().attendance)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the running tasks; whatever happens to the work, it becomes free.
struct Slot {
    agent: Agent,
    command: Arc<TaskCommand>,
    is_over: bool,
}

impl Slot {
    /// The work has come to its end.
    fn end(&mut self) {
        self.is_over = true;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.agent.state();
        // After a proper end this place may already belong to the next attempt.
        let task = self.command.task;
        let known = state.live.get(&task);
        if known.is_some_and(|live| Arc::ptr_eq(&live.command, &self.command)) {
            state.queue.done(task);
            state.live.remove(&task);
        }
        drop(state);
        // Work that is dropped in the middle is dropped because the process ends: nothing new
        // begins then.
        if self.is_over || std::thread::panicking() {
            self.agent.start_what_can();
        }
    }
}
