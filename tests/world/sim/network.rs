//! The network between devices and nodes: it delays, loses, repeats and reorders what it
//! carries, breaks its links, and parts who belongs together.

use super::{
    chance::Chance,
    ground::{Ground, in_the_background},
    history::Event,
    life::Life,
    weather::Fate,
};
use d1_core::{DeviceLink, FromDevice, Link, LinkReceiver, LinkSender, OrchestratorLink, ToDevice};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// After how long a link over which nothing comes counts as broken: pings go unanswered.
const HALF_OPEN: Duration = Duration::from_secs(45);

/// How long a message that was overtaken waits for the one that overtakes it.
const OVERTAKEN: Duration = Duration::from_secs(1);

/// Between which node and which device.
pub(super) type Between = (usize, usize);

/// The network of one world.
#[derive(Debug)]
pub(super) struct Network {
    ground: Arc<Ground>,
    chance: Chance,
    state: Mutex<State>,
    healed: Notify,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<Line>,
    parted: BTreeSet<Between>,
    opened: usize,
}

/// One link, seen from the network.
#[derive(Clone, Debug)]
struct Line {
    between: Between,
    cut: CancellationToken,
}

impl Network {
    pub(super) fn new(ground: Arc<Ground>) -> Self {
        let chance = ground.chance.of("network");
        Self { ground, chance, state: Mutex::default(), healed: Notify::new() }
    }

    /// A link between a device and a node that live as told; none when nothing gets through.
    pub(super) fn open(
        self: &Arc<Self>,
        between: Between,
        (node, device): (&Life, &Life),
    ) -> Option<(DeviceLink, OrchestratorLink)> {
        let (device_end, from_device) = DeviceLink::pair();
        let (node_end, from_node) = OrchestratorLink::pair();
        let cut = CancellationToken::new();
        let line = Line { between, cut };
        let number = {
            let mut state = self.state();
            if state.parted.contains(&between) {
                return None;
            }
            state.lines.retain(|line| !line.cut.is_cancelled());
            state.lines.push(line.clone());
            state.opened += 1;
            state.opened
        };
        let Link { tx: to_device, rx: from_device } = from_device;
        let Link { tx: to_node, rx: from_node } = from_node;
        self.start(
            &line,
            (number, "up"),
            from_device,
            to_node,
            (device, node),
            |_: &FromDevice| {},
        );
        let ground = Arc::clone(&self.ground);
        let overhear = move |message: &ToDevice| {
            if let ToDevice::ResultStored { task, attempt } = *message {
                ground.history.note(Event::Acknowledged { task, attempt });
            }
        };
        self.start(&line, (number, "down"), from_node, to_device, (node, device), overhear);
        Some((device_end, node_end))
    }

    /// Breaks one link, whichever.
    pub(super) fn cut_one(&self) {
        let lines: Vec<Line> = self.lines();
        if lines.is_empty() {
            return;
        }
        let line = self.chance.pick(&lines);
        self.befell(format!(
            "the link between node {} and device {} breaks",
            line.between.0, line.between.1
        ));
        line.cut.cancel();
    }

    /// Breaks every link, and heals every partition.
    pub(super) fn begin_anew(&self) {
        self.state().parted.clear();
        self.healed.notify_waiters();
        self.lines().iter().for_each(|line| line.cut.cancel());
    }

    /// Lets nothing through between these two for a while. Their links stay open, as far as
    /// either can tell, until pings have gone unanswered for too long.
    pub(super) async fn part(&self, between: Between, lasting: Duration) {
        self.befell(format!(
            "node {} and device {} are parted for {lasting:?}",
            between.0, between.1
        ));
        self.state().parted.insert(between);
        tokio::time::sleep(lasting.min(HALF_OPEN)).await;
        if lasting > HALF_OPEN {
            let lines = self.lines().into_iter().filter(|line| line.between == between);
            lines.for_each(|line| line.cut.cancel());
            tokio::time::sleep(lasting - HALF_OPEN).await;
        }
        self.state().parted.remove(&between);
        self.healed.notify_waiters();
    }

    fn lines(&self) -> Vec<Line> {
        let lines = self.state().lines.clone();
        lines.into_iter().filter(|line| !line.cut.is_cancelled()).collect()
    }

    fn befell(&self, what: String) {
        self.ground.history.note(Event::Befell(what));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start<M: Clone + Send + 'static>(
        self: &Arc<Self>,
        line: &Line,
        way: (usize, &'static str),
        from: LinkReceiver<M>,
        to: LinkSender<M>,
        (sender, receiver): (&Life, &Life),
        overhear: impl Fn(&M) + Send + Sync + 'static,
    ) {
        let pipe = Pipe {
            network: Arc::clone(self),
            line: line.clone(),
            chance: self.chance.of(way),
            sender: sender.clone(),
            receiver: receiver.clone(),
        };
        in_the_background(async move {
            tokio::select! {
                biased;
                () = pipe.line.cut.cancelled() => {}
                () = pipe.sender.death() => {}
                () = pipe.receiver.death() => {}
                () = pipe.carry(from, to, overhear) => {}
            }
            pipe.line.cut.cancel();
        });
    }
}

/// One direction of one link.
struct Pipe {
    network: Arc<Network>,
    line: Line,
    chance: Chance,
    sender: Life,
    receiver: Life,
}

impl Pipe {
    async fn carry<M: Clone>(
        &self,
        mut from: LinkReceiver<M>,
        to: LinkSender<M>,
        overhear: impl Fn(&M),
    ) {
        let mut overtaken: Option<M> = None;
        loop {
            let message = match overtaken.take() {
                None => from.recv().await,
                Some(late) => match tokio::time::timeout(OVERTAKEN, from.recv()).await {
                    Ok(Some(message)) => {
                        overtaken = Some(late);
                        Some(message)
                    }
                    Ok(None) | Err(_) => Some(late),
                },
            };
            let Some(message) = message else { return };
            overhear(&message);
            let copies = match self.network.ground.weather.fate(&self.chance) {
                Fate::Arrives => 1,
                Fate::ArrivesTwice => 2,
                Fate::IsLost => 0,
                Fate::ArrivesLater if overtaken.is_none() => {
                    overtaken = Some(message);
                    continue;
                }
                Fate::ArrivesLater => 1,
            };
            for _copy in 0..copies {
                self.deliver(message.clone(), &to).await;
            }
            if let Some(late) = overtaken.take() {
                self.deliver(late, &to).await;
            }
            if to.is_closed() {
                return;
            }
        }
    }

    async fn deliver<M>(&self, message: M, to: &LinkSender<M>) {
        self.sender.breathe().await;
        tokio::time::sleep(self.network.ground.weather.delay(&self.chance)).await;
        self.wait_until_passable().await;
        self.receiver.breathe().await;
        let _gone = to.send(message).await;
    }

    async fn wait_until_passable(&self) {
        loop {
            let mut healed = std::pin::pin!(self.network.healed.notified());
            // From here on no healing is missed.
            healed.as_mut().enable();
            if !self.network.state().parted.contains(&self.line.between) {
                return;
            }
            healed.await;
        }
    }
}
