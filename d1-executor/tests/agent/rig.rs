//! An agent with everything around it in the hands of a test.

use crate::puppet::{Puppet, the_change};
use d1_core::{
    AuditKey, AuditLog, DeviceId, Executor, FromDevice, Health, Hello, IsolationReport, Journal,
    Link, OrchestratorLink, Outcome, Problem, Receipt, Stage, StopMode, Supervisor, TaskCommand,
    TaskId, TaskResult, Timestamp, ToDevice, conformance,
    memory::{ManualClock, MemoryAuditLog, MemoryJournal},
};
use d1_executor::{Agent, AgentParts, CloudTerms, OrderGuard};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// What the clock shows until it is told otherwise.
pub(crate) const NOW: Timestamp = Timestamp(1_000);

/// How long a test waits for a word that does not come. Time is paused where it can be.
const PATIENCE: Duration = Duration::from_secs(60);

/// An agent, and what it is made of.
#[derive(Debug)]
pub(crate) struct Rig {
    pub(crate) agent: Agent,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) audit: Arc<dyn AuditLog>,
    pub(crate) puppet: Arc<Puppet>,
    pub(crate) clock: Arc<ManualClock>,
}

impl Rig {
    /// A fresh agent that remembers nothing yet. Work ends well at once.
    pub(crate) fn new() -> Self {
        Self::on(Arc::new(MemoryJournal::new()))
    }

    /// A fresh agent whose work goes on until it is released or stopped.
    pub(crate) fn holding() -> Self {
        let rig = Self::new();
        rig.puppet.script().holds = true;
        rig
    }

    /// An agent that remembers this.
    pub(crate) fn on(journal: Arc<dyn Journal>) -> Self {
        Self::with(journal, Arc::new(an_audit_log()))
    }

    /// An agent that remembers this, and writes what it does there.
    pub(crate) fn with(journal: Arc<dyn Journal>, audit: Arc<dyn AuditLog>) -> Self {
        let (puppet, clock) = (Arc::new(Puppet::new()), Arc::new(ManualClock::starting_at(NOW)));
        let agent = Agent::new(AgentParts {
            device: DeviceId::from_bytes([1; 16]),
            version: "1.2.3".to_owned(),
            executor: Arc::clone(&puppet) as _,
            journal: Arc::clone(&journal),
            audit: Arc::clone(&audit),
            clock: Arc::clone(&clock) as _,
            supervisor: Supervisor::default(),
        });
        Self { agent, journal, audit, puppet, clock }
    }

    /// A conversation with this agent.
    pub(crate) fn link(&self) -> Desk {
        let (ours, theirs) = Link::pair();
        let mut conversation = JoinSet::new();
        let agent = self.agent.clone();
        conversation.spawn(async move { agent.serve(theirs, "a test").await });
        Desk { link: ours, conversation }
    }

    /// A conversation with this agent in which it heeds signed orders only.
    pub(crate) fn signed_link(&self, guard: OrderGuard) -> Desk {
        let (ours, theirs) = Link::pair();
        let mut conversation = JoinSet::new();
        let agent = self.agent.clone();
        conversation.spawn(async move { agent.serve_signed(theirs, "a test", guard).await });
        Desk { link: ours, conversation }
    }

    /// A conversation with this agent, as a cloud of which it wants this.
    pub(crate) fn cloud_link(&self, terms: CloudTerms) -> Desk {
        let (ours, theirs) = Link::pair();
        let mut conversation = JoinSet::new();
        let agent = self.agent.clone();
        conversation.spawn(async move { agent.serve_cloud(theirs, "a cloud", terms).await });
        Desk { link: ours, conversation }
    }

    /// A conversation with this agent, as somebody at the machine.
    pub(crate) fn here_link(&self, decides: bool) -> Desk {
        let (ours, theirs) = Link::pair();
        let mut conversation = JoinSet::new();
        let agent = self.agent.clone();
        conversation.spawn(async move { agent.serve_here(theirs, "somebody here", decides).await });
        Desk { link: ours, conversation }
    }

    /// How far a task has come, in the journal.
    pub(crate) async fn stage(&self, order: &TaskCommand) -> Option<Stage> {
        self.journal.entry(order.task).await.unwrap().map(|entry| entry.stage)
    }
}

/// An audit log that is gone with the test.
pub(crate) fn an_audit_log() -> MemoryAuditLog {
    MemoryAuditLog::new("device:test", AuditKey::from_seed(&[7; 32]))
}

/// A conversation with an agent that works by `executor`, and what it remembers.
pub(crate) fn served_by(executor: Arc<dyn Executor>) -> (Arc<dyn Journal>, Desk) {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let agent = Agent::new(AgentParts {
        device: DeviceId::from_bytes([1; 16]),
        version: "1.2.3".to_owned(),
        executor,
        journal: Arc::clone(&journal),
        audit: Arc::new(an_audit_log()),
        clock: Arc::new(ManualClock::starting_at(NOW)),
        supervisor: Supervisor::default(),
    });
    let (ours, theirs) = Link::pair();
    let mut conversation = JoinSet::new();
    conversation.spawn(async move { agent.serve(theirs, "a test").await });
    (journal, Desk { link: ours, conversation })
}

/// Lets everything happen that can happen now. Time is paused: it moves when nobody has
/// anything left to do.
pub(crate) async fn rest() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// The orchestrator's end of a conversation.
#[derive(Debug)]
pub(crate) struct Desk {
    link: OrchestratorLink,
    conversation: JoinSet<Result<(), Problem>>,
}

impl Desk {
    pub(crate) async fn say(&self, message: ToDevice) {
        self.link.tx.send(message).await.unwrap();
    }

    pub(crate) async fn order(&self, order: &TaskCommand) {
        self.say(ToDevice::Run(Box::new(order.clone()))).await;
    }

    pub(crate) async fn cancel(&self, order: &TaskCommand, mode: StopMode) {
        let TaskCommand { task, setup, epoch, .. } = *order;
        self.say(ToDevice::Cancel { task, setup, epoch, mode }).await;
    }

    /// The first word.
    pub(crate) async fn hello(&mut self) -> Hello {
        match self.link.rx.recv().await {
            Some(FromDevice::Hello(hello)) => *hello,
            other => panic!("`{other:?}` is no hello"),
        }
    }

    /// The next word about a task or about trouble; `None` once the agent is gone.
    pub(crate) async fn hear(&mut self) -> Option<FromDevice> {
        let next = async {
            loop {
                let message = self.link.rx.recv().await;
                if !message.as_ref().is_some_and(is_chatter) {
                    return message;
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap()
    }

    /// Listens until a result comes.
    pub(crate) async fn result(&mut self) -> TaskResult {
        loop {
            match self.hear().await {
                Some(FromDevice::Finished(result)) => return *result,
                Some(_) => {}
                None => panic!("gone without a result"),
            }
        }
    }

    /// Every word about tasks or trouble until nothing more comes by itself.
    pub(crate) async fn heard(&mut self) -> Vec<FromDevice> {
        let mut heard = Vec::new();
        loop {
            rest().await;
            let before = heard.len();
            while let Ok(message) = self.link.rx.try_recv() {
                heard.push(message);
            }
            if heard.len() == before {
                heard.retain(|message| !is_chatter(message));
                return heard;
            }
        }
    }

    /// How the machine is, the next time it tells.
    pub(crate) async fn health(&mut self) -> Health {
        let next = async {
            loop {
                if let Some(FromDevice::Health(health)) = self.link.rx.recv().await {
                    return *health;
                }
            }
        };
        tokio::time::timeout(3 * PATIENCE, next).await.unwrap()
    }

    /// The tasks that the agent says still run, in its next sign of life.
    pub(crate) async fn lease(&mut self) -> Vec<TaskId> {
        let next = async {
            loop {
                if let Some(FromDevice::Lease(tasks)) = self.link.rx.recv().await {
                    return tasks;
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap()
    }

    /// Goes, and tells what the agent ends the conversation with.
    pub(crate) async fn hang_up(self) -> Result<(), Problem> {
        let Self { link, mut conversation } = self;
        drop(link);
        conversation.join_next().await.unwrap().unwrap()
    }

    /// Waits until the agent ends the conversation, and tells what it ended with.
    pub(crate) async fn ended(&mut self) -> Result<(), Problem> {
        let ended = self.conversation.join_next();
        tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap().unwrap()
    }
}

/// What comes by itself, however the tasks go.
fn is_chatter(message: &FromDevice) -> bool {
    matches!(
        message,
        FromDevice::Hello(_) | FromDevice::Health(_) | FromDevice::Lease(_) | FromDevice::Anchor(_)
    )
}

/// A fresh order that shares nothing with another.
pub(crate) fn an_order() -> TaskCommand {
    let mut order = conformance::an_order();
    order.step.resource_keys = Vec::new();
    order
}

/// A fresh order of something that takes this resource.
pub(crate) fn an_order_for(resource: &str) -> TaskCommand {
    let mut order = an_order();
    order.step.resource_keys = vec![resource.parse().unwrap()];
    order
}

/// The same order, as another attempt.
pub(crate) fn attempt(order: &TaskCommand, attempt: u32) -> TaskCommand {
    TaskCommand { attempt, ..order.clone() }
}

/// The same order, by another orchestrator.
pub(crate) fn epoch(order: &TaskCommand, epoch: u64) -> TaskCommand {
    TaskCommand { epoch, ..order.clone() }
}

pub(crate) fn received(order: &TaskCommand) -> FromDevice {
    FromDevice::Received { task: order.task, attempt: order.attempt }
}

pub(crate) fn started(order: &TaskCommand) -> FromDevice {
    FromDevice::Started { task: order.task, attempt: order.attempt }
}

pub(crate) fn finished(result: TaskResult) -> FromDevice {
    FromDevice::Finished(Box::new(result))
}

/// How an order ends that was carried out by the puppet.
pub(crate) fn carried_out(order: &TaskCommand, outcome: Outcome) -> TaskResult {
    let receipt = Receipt {
        task: order.task,
        setup: order.setup,
        attempt: order.attempt,
        at: NOW,
        changes: vec![the_change()],
        relies_on: Vec::new(),
        opaque: false,
        kept: Vec::new(),
        reverts: None,
        manifest: d1_core::Manifest::default(),
        isolation: IsolationReport::none(),
        grant: None,
    };
    TaskResult { receipt: Some(receipt), ..without_beginning(order, outcome) }
}

/// How an order ends that never began.
pub(crate) fn without_beginning(order: &TaskCommand, outcome: Outcome) -> TaskResult {
    TaskResult::not_started(order.task, order.attempt, order.epoch, outcome)
}

/// The code of the trouble that was told.
pub(crate) fn code(message: Option<&FromDevice>) -> &str {
    match message {
        Some(FromDevice::Error(problem)) => &problem.code,
        other => panic!("`{other:?}` is no error"),
    }
}

/// The code of what a task ended with.
pub(crate) fn why(result: &TaskResult) -> Option<&str> {
    result.problem.as_ref().map(|problem| problem.code.as_str())
}
