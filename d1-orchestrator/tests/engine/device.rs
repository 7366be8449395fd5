//! A device that keeps the delivery contract, does as it is told by a script, and whose
//! link can be made to misbehave.

use d1_core::{
    Action, Category, Change, DeviceId, DeviceLink, Digest, Facts, FromDevice, Hello,
    IsolationReport, Link, LinkSender, Manager, Manifest, Os, Outcome, Output, OutputChunk,
    PROTOCOL, Presence, Preview, ProbeAnswer, Problem, Receipt, Resource, SetupId, State, Step,
    StepId, StopMode, Stream, Supervisor, TaskCommand, TaskId, TaskResult, Timestamp, ToDevice,
    Undo,
};
use d1_orchestrator::Hub;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What an attempt of a step does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Play {
    /// Works, and changes one package.
    Succeed,
    /// Finds that it is so already.
    Same,
    /// Fails, and changes nothing.
    Fail,
    /// Was cut off, and this is what a probe finds.
    CutOff(ProbeAnswer),
    /// Runs until it is told to end, or stopped.
    Run,
    /// Is written down, and nothing is said or begun.
    Nothing,
}

/// How the link misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noise {
    /// Everything is said twice.
    pub(crate) twice: bool,
    /// Results are said before what came before them.
    pub(crate) results_first: bool,
    /// The first result is never said by itself.
    pub(crate) lose_a_result: bool,
    /// Nothing is said about tasks.
    pub(crate) mute: bool,
}

#[derive(Debug)]
struct Record {
    command: TaskCommand,
    result: Option<TaskResult>,
    chunks: Vec<OutputChunk>,
    begun: bool,
}

#[derive(Debug, Default)]
struct Memory {
    records: BTreeMap<TaskId, Record>,
    epochs: HashMap<SetupId, u64>,
    script: HashMap<StepId, VecDeque<Play>>,
    noise: Noise,
    to: Option<(LinkSender<FromDevice>, CancellationToken)>,
    starts: Vec<(String, u32)>,
    stale: usize,
    cancels: Vec<StopMode>,
    heard: Vec<&'static str>,
    present: bool,
    blocks: Option<Problem>,
    is_ordinary: bool,
    asked: usize,
    forgotten: usize,
    newest: Option<u32>,
}

/// A device, and everything it remembers.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    memory: Arc<Mutex<Memory>>,
    moments: Arc<watch::Sender<u64>>,
    supervisor: Supervisor,
}

impl Device {
    pub(crate) fn new(supervisor: Supervisor) -> Self {
        let moments = Arc::new(watch::Sender::new(0));
        Self { id: DeviceId::generate(), memory: Arc::default(), moments, supervisor }
    }

    /// The same device after it has lost all memory.
    pub(crate) fn blank(&self) -> Self {
        Self { id: self.id, ..Self::new(self.supervisor.clone()) }
    }

    /// Connects, and says Hello.
    pub(crate) async fn connect(&self, hub: &Hub) {
        let (ours, theirs) = Link::pair();
        let cut = CancellationToken::new();
        self.memory().to = Some((theirs.tx.clone(), cut.clone()));
        let hello = FromDevice::Hello(Box::new(self.hello()));
        theirs.tx.send(hello).await.unwrap();
        let device = self.clone();
        self.supervisor.run("scripted device", async move {
            tokio::select! {
                () = device.listen(theirs) => {}
                () = cut.cancelled() => {}
            }
        });
        assert_eq!(hub.attach(ours).await.unwrap(), self.id);
    }

    pub(crate) fn hello(&self) -> Hello {
        let memory = self.memory();
        let known = memory.epochs.iter();
        let known = known.filter(|(setup, _)| {
            memory.records.values().any(|record| record.command.setup == **setup)
        });
        Hello {
            device: self.id,
            protocol_min: *PROTOCOL.start(),
            protocol_max: memory.newest.unwrap_or(*PROTOCOL.end()),
            version: "1.2.3".into(),
            facts: Self::facts(!memory.is_ordinary),
            epochs: known.map(|(setup, epoch)| (*setup, *epoch)).collect(),
            seal: None,
        }
    }

    /// Cuts the link.
    pub(crate) fn cut(&self) {
        if let Some((_, cut)) = self.memory().to.take() {
            cut.cancel();
        }
    }

    /// What the next attempts of a step do; without a word it succeeds.
    pub(crate) fn play(&self, step: &str, plays: impl IntoIterator<Item = Play>) {
        self.memory().script.insert(step.parse().unwrap(), plays.into_iter().collect());
    }

    pub(crate) fn noise(&self, noise: Noise) {
        self.memory().noise = noise;
    }

    /// What every preview says of presence.
    pub(crate) fn everything_is_present(&self) {
        self.memory().present = true;
    }

    fn facts(is_root: bool) -> Facts {
        let mut facts = Facts::bare(Os::Linux);
        facts.user.is_root = is_root;
        facts
    }

    /// Takes the administrator's rights away.
    pub(crate) fn is_an_ordinary_user(&self) {
        self.memory().is_ordinary = true;
    }

    /// From its next link on it speaks protocols up to this one.
    pub(crate) fn speaks_up_to(&self, newest: u32) {
        self.memory().newest = Some(newest);
    }

    /// Why no package can be installed.
    pub(crate) fn packages_are_blocked(&self, why: Problem) {
        self.memory().blocks = Some(why);
    }

    /// Which attempts of which steps began, in order.
    pub(crate) fn starts(&self) -> Vec<(String, u32)> {
        self.memory().starts.clone()
    }

    /// How many orders of an older epoch it refused.
    pub(crate) fn stale(&self) -> usize {
        self.memory().stale
    }

    pub(crate) fn cancels(&self) -> Vec<StopMode> {
        self.memory().cancels.clone()
    }

    /// How many questions it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.memory().asked
    }

    /// How many orders came, of any kind.
    pub(crate) fn orders(&self) -> usize {
        self.memory().heard.iter().filter(|kind| **kind == "run").count()
    }

    pub(crate) fn forgotten(&self) -> usize {
        self.memory().forgotten
    }

    /// Waits until `seen` is true of this device.
    pub(crate) async fn until(&self, seen: impl Fn(&Self) -> bool) {
        let mut moments = self.moments.subscribe();
        let waiting = async {
            while !seen(self) {
                moments.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(3600), waiting).await.expect("it never came");
    }

    /// Waits until a step has begun this often.
    pub(crate) async fn begun(&self, step: &str, times: usize) {
        let count = |device: &Self| device.starts().iter().filter(|(name, _)| name == step).count();
        self.until(|device| count(device) >= times).await;
    }

    /// A running step ends, whether or not anybody listens.
    pub(crate) async fn end(&self, step: &str, play: &Play) {
        let running: Vec<_> = {
            let memory = self.memory();
            let records = memory.records.values();
            let fits = |record: &&Record| {
                record.command.step.id.as_str() == step && record.begun && record.result.is_none()
            };
            records.filter(fits).map(|record| record.command.clone()).collect()
        };
        assert!(!running.is_empty(), "`{step}` does not run");
        for command in running {
            self.finish(&command, play).await;
        }
    }

    /// Whatever runs ends, whether or not anybody listens.
    pub(crate) async fn end_all(&self, play: &Play) {
        let running: Vec<_> = {
            let memory = self.memory();
            let records = memory.records.values();
            let running = records.filter(|record| record.begun && record.result.is_none());
            running.map(|record| record.command.clone()).collect()
        };
        for command in running {
            self.finish(&command, play).await;
        }
    }

    /// From now on no step runs until it is told to end.
    pub(crate) fn everything_ends(&self) {
        for plays in self.memory().script.values_mut() {
            plays.retain(|play| *play != Play::Run);
        }
    }

    /// How many tasks it remembers.
    pub(crate) fn remembers(&self) -> usize {
        self.memory().records.len()
    }

    /// A running step writes something.
    pub(crate) async fn write(&self, step: &str, text: &str) {
        let chunk = {
            let mut memory = self.memory();
            let mut records = memory.records.values_mut();
            let record = records.find(|r| r.command.step.id.as_str() == step).unwrap();
            let output = Output { stream: Stream::Stdout, bytes: text.as_bytes().to_vec() };
            let seq = record.chunks.len() as u64 + 1;
            let (task, attempt) = (record.command.task, record.command.attempt);
            let chunk = OutputChunk { task, attempt, seq, output };
            record.chunks.push(chunk.clone());
            chunk
        };
        self.say(FromDevice::Output(chunk)).await;
    }

    /// Says something of its own accord.
    pub(crate) async fn say(&self, message: FromDevice) {
        let (to, noise) = {
            let memory = self.memory();
            (memory.to.clone(), memory.noise)
        };
        let Some((to, _)) = to.filter(|_| !noise.mute) else { return };
        for _ in 0..=usize::from(noise.twice) {
            let _gone = to.send(message.clone()).await;
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    async fn listen(&self, mut link: DeviceLink) {
        while let Some(message) = link.rx.recv().await {
            self.hear(message).await;
            self.moments.send_modify(|count| *count += 1);
        }
    }

    async fn hear(&self, message: ToDevice) {
        match message {
            ToDevice::Run(command) => {
                self.memory().heard.push("run");
                self.order(*command).await;
            }
            ToDevice::Cancel { task, setup, epoch, mode } => {
                if self.fence(setup, epoch) {
                    self.memory().cancels.push(mode);
                    self.cancel(task, mode).await;
                }
            }
            ToDevice::Ask { request, queries } => {
                let is_root = {
                    let mut memory = self.memory();
                    memory.asked += 1;
                    !memory.is_ordinary
                };
                let mut facts = Self::facts(is_root);
                for query in queries {
                    facts.answers.insert(query, d1_core::Answer::Command(None));
                }
                self.say(FromDevice::Facts { request, facts: Box::new(facts) }).await;
            }
            ToDevice::Preview { request, proposals } => {
                let (present, blocks) = {
                    let memory = self.memory();
                    (memory.present, memory.blocks.clone())
                };
                let preview = |action: &Action| match (&blocks, action) {
                    (Some(why), Action::Packages(_)) => Preview::blocked(why.clone()),
                    (_, action) => preview(action, present),
                };
                let previews = proposals.iter().map(|what| preview(&what.action)).collect();
                self.say(FromDevice::Previews { request, previews }).await;
            }
            ToDevice::Forget { task, attempt } => {
                let mut memory = self.memory();
                let is_over =
                    |record: &Record| record.result.is_some() && record.command.attempt <= attempt;
                if memory.records.get(&task).is_some_and(is_over) {
                    memory.records.remove(&task);
                    memory.forgotten += 1;
                }
            }
            ToDevice::Welcome(_) => self.memory().heard.push("welcome"),
            ToDevice::ResultStored { .. } => self.memory().heard.push("result stored"),
            ToDevice::OutputStored { .. } => self.memory().heard.push("output stored"),
            ToDevice::Confirmed { yes: true, .. } => self.memory().heard.push("yes"),
            ToDevice::Confirmed { yes: false, .. } => self.memory().heard.push("no"),
            ToDevice::Drain
            | ToDevice::Anchor(_)
            | ToDevice::Error(_)
            | ToDevice::Signed(_)
            | ToDevice::OrderKeys(_)
            | ToDevice::ShowWaiting { .. }
            | ToDevice::Decide { .. } => {}
        }
    }

    /// How often it heard this.
    pub(crate) fn heard(&self, what: &str) -> usize {
        self.memory().heard.iter().filter(|kind| **kind == what).count()
    }

    fn fence(&self, setup: SetupId, epoch: u64) -> bool {
        let mut memory = self.memory();
        let seen = memory.epochs.entry(setup).or_default();
        let fresh = epoch >= *seen;
        *seen = epoch.max(*seen);
        memory.stale += usize::from(!fresh);
        fresh
    }

    async fn order(&self, command: TaskCommand) {
        if !self.fence(command.setup, command.epoch) {
            let problem = Problem::new("D1-DEVICE-003", Category::Denied, "that epoch is over");
            return self.say(FromDevice::Error(problem)).await;
        }
        let (task, attempt) = (command.task, command.attempt);
        let is_new = {
            let mut memory = self.memory();
            let gives_way = |record: &Record| {
                let failed = record.result.as_ref().is_some_and(|r| !r.outcome.is_success());
                failed && attempt > record.command.attempt
            };
            let is_new = memory.records.get(&task).is_none_or(gives_way);
            if is_new {
                let command = command.clone();
                let record = Record { command, result: None, chunks: Vec::new(), begun: false };
                memory.records.insert(task, record);
            }
            is_new
        };
        if is_new { self.begin(command).await } else { self.tell_again(task).await }
    }

    async fn begin(&self, command: TaskCommand) {
        let (task, attempt) = (command.task, command.attempt);
        if command.deliver_by == Some(Timestamp(0)) {
            self.say(FromDevice::Received { task, attempt }).await;
            return self.conclude(&command, Outcome::Undeliverable, None, Vec::new()).await;
        }
        let (play, noise) = {
            let mut memory = self.memory();
            let plays = memory.script.get_mut(&command.step.id);
            let play = plays.and_then(VecDeque::pop_front).unwrap_or(Play::Succeed);
            if play == Play::Nothing {
                return;
            }
            memory.starts.push((command.step.id.to_string(), attempt));
            if let Some(record) = memory.records.get_mut(&task) {
                record.begun = true;
            }
            (play, memory.noise)
        };
        let late = [FromDevice::Received { task, attempt }, FromDevice::Started { task, attempt }];
        if noise.results_first {
            self.finish(&command, &play).await;
        }
        for message in late {
            self.say(message).await;
        }
        if !noise.results_first {
            self.finish(&command, &play).await;
        }
    }

    async fn finish(&self, command: &TaskCommand, play: &Play) {
        let changes = if let Action::Revert(revert) = &command.step.action {
            revert.changes.iter().map(reversed).collect()
        } else {
            vec![installed(&command.step)]
        };
        match play {
            Play::Run | Play::Nothing => {}
            Play::Succeed => self.conclude(command, Outcome::Succeeded, None, changes).await,
            Play::Same => self.conclude(command, Outcome::NoChange, None, Vec::new()).await,
            Play::Fail => self.conclude(command, Outcome::Failed, None, Vec::new()).await,
            Play::CutOff(answer) => {
                let outcome = Outcome::Interrupted;
                self.conclude(command, outcome, Some(answer.clone()), Vec::new()).await;
            }
        }
    }

    async fn conclude(
        &self,
        command: &TaskCommand,
        outcome: Outcome,
        probe: Option<ProbeAnswer>,
        changes: Vec<Change>,
    ) {
        let TaskCommand { task, attempt, epoch, .. } = *command;
        let receipt = Receipt {
            task,
            setup: command.setup,
            attempt,
            at: Timestamp(5),
            changes,
            relies_on: Vec::new(),
            opaque: matches!(command.step.action, Action::Exec(_)),
            kept: Vec::new(),
            reverts: None,
            manifest: Manifest::default(),
            isolation: IsolationReport::none(),
            grant: None,
        };
        let result = TaskResult {
            duration: Duration::from_millis(7),
            output_digest: Digest::of(b""),
            receipt: Some(receipt),
            probe,
            ..TaskResult::not_started(task, attempt, epoch, outcome)
        };
        let lost = {
            let mut memory = self.memory();
            if let Some(record) = memory.records.get_mut(&task) {
                record.result = Some(result.clone());
            }
            std::mem::take(&mut memory.noise.lose_a_result)
        };
        if !lost {
            self.say(FromDevice::Finished(Box::new(result))).await;
        }
        self.moments.send_modify(|count| *count += 1);
    }

    /// What is known already is told again, from the beginning.
    async fn tell_again(&self, task: TaskId) {
        let messages = {
            let memory = self.memory();
            let record = &memory.records[&task];
            let attempt = record.command.attempt;
            let mut messages = vec![FromDevice::Received { task, attempt }];
            if record.begun {
                messages.push(FromDevice::Started { task, attempt });
            }
            messages.extend(record.chunks.iter().cloned().map(FromDevice::Output));
            messages.extend(record.result.clone().map(|r| FromDevice::Finished(Box::new(r))));
            messages
        };
        for message in messages {
            self.say(message).await;
        }
    }

    async fn cancel(&self, task: TaskId, mode: StopMode) {
        let running = {
            let memory = self.memory();
            let record = memory.records.get(&task).filter(|record| record.result.is_none());
            record.map(|record| record.command.clone())
        };
        let Some(command) = running else { return };
        match mode {
            StopMode::AfterStep => {}
            StopMode::Now => self.conclude(&command, Outcome::Cancelled, None, Vec::new()).await,
            StopMode::Kill => self.conclude(&command, Outcome::Killed, None, Vec::new()).await,
        }
    }
}

fn package(step: &Step) -> Resource {
    Resource::Package { manager: Manager::Apt, name: step.id.as_str().parse().unwrap() }
}

/// What a step that works changes.
pub(crate) fn installed(step: &Step) -> Change {
    let after = State::Installed { version: "1".into(), automatic: false };
    Change { resource: package(step), before: State::Absent, after }
}

fn reversed(change: &Change) -> Change {
    let Change { resource, before, after } = change.clone();
    Change { resource, before: after, after: before }
}

fn preview(action: &Action, present: bool) -> Preview {
    if present {
        return Preview::present();
    }
    let presence = if matches!(action, Action::Exec(_)) {
        Presence::Unknown("a program is never known to be done".into())
    } else {
        Presence::Absent
    };
    Preview { presence, ..Preview::absent(Undo::Exact) }
}
