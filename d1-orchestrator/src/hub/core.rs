//! The hub: devices take their seats, watchers listen to them.

use super::{
    DeviceNews, DeviceStatus, HubError, Watching,
    deliver::{Undelivered, deliver},
    greet::greet,
    seat::{Seat, Watcher},
};
use crate::{
    Fleet,
    orders::{OrderDesk, Seal},
};
use d1_core::{
    AuditEntry, AuditError, AuditLog, Clock, DeviceId, Hello, LinkSender, OrchestratorLink,
    Problem, Supervisor, TaskId, ToDevice,
};
use std::{
    collections::{BTreeSet, HashMap},
    future::{self, Future},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// How long a device may take to accept a message; then its link counts as lost.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How much news may wait for one watcher; after that its device's link waits.
const WATCHER_QUEUE: usize = 64;

/// Which device is on which link, and who listens to it.
///
/// 1. A device says Hello, is welcomed, and takes its seat. A newer link of the same
///    device takes the seat of the older one.
/// 2. What it says about tasks goes, in order, to whoever watches those tasks; answers
///    go to whoever asked.
/// 3. Nothing is unbounded: a watcher that is slow slows its device's link, and a device
///    that accepts nothing for a few seconds loses its link.
///
/// Cloning gives another handle on the same hub.
#[derive(Clone, Debug)]
pub struct Hub(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) supervisor: Supervisor,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) fleet: OnceLock<Fleet>,
    desk: OnceLock<OrderDesk>,
    pub(super) departures: watch::Sender<u64>,
    pub(super) audit: Option<Arc<dyn AuditLog>>,
    state: Mutex<State>,
    arrivals: watch::Sender<u64>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) seats: HashMap<DeviceId, Seat>,
    pub(super) watchers: HashMap<DeviceId, Vec<Watcher>>,
    next_number: u64,
}

impl Hub {
    /// A hub without devices, whose orchestrator keeps no audit log: on the machine itself, the
    /// device's own tells everything.
    #[must_use]
    pub fn new(supervisor: Supervisor, clock: Arc<dyn Clock>) -> Self {
        Self::make(supervisor, clock, None)
    }

    /// The same, with an audit log: what cannot be written there is not sent.
    #[must_use]
    pub fn audited(
        supervisor: Supervisor,
        clock: Arc<dyn Clock>,
        audit: Arc<dyn AuditLog>,
    ) -> Self {
        Self::make(supervisor, clock, Some(audit))
    }

    fn make(
        supervisor: Supervisor,
        clock: Arc<dyn Clock>,
        audit: Option<Arc<dyn AuditLog>>,
    ) -> Self {
        Self(Arc::new(Inner {
            supervisor,
            clock,
            audit,
            fleet: OnceLock::new(),
            desk: OnceLock::new(),
            departures: watch::Sender::new(0),
            state: Mutex::default(),
            arrivals: watch::Sender::new(0),
        }))
    }

    /// Signs orders to devices that want them signed, from now on. Once; a second time changes
    /// nothing. A device that wants that of a hub which cannot does nothing for it.
    pub fn sign_orders(&self, desk: OrderDesk) {
        let _is_set = self.0.desk.set(desk);
    }

    /// Writes into the audit log, where there is one, what is about to be done.
    pub async fn note(&self, entry: AuditEntry) -> Result<(), AuditError> {
        match &self.0.audit {
            Some(audit) => audit.append(entry, self.0.clock.now()).await.map(drop),
            None => Ok(()),
        }
    }

    /// Welcomes the device at the other end of `link`, and listens to it from now on.
    ///
    /// On error the link is dropped.
    pub async fn attach(&self, link: OrchestratorLink) -> Result<DeviceId, HubError> {
        self.attach_if(link, |_anybody| future::ready(Ok(()))).await
    }

    /// The same, if the device that introduces itself is admitted; otherwise it is told why
    /// not.
    pub async fn attach_if<A: Future<Output = Result<(), Problem>> + Send>(
        &self,
        mut link: OrchestratorLink,
        admit: impl FnOnce(DeviceId) -> A + Send,
    ) -> Result<DeviceId, HubError> {
        let (hello, protocol) = greet(&mut link, self.0.clock.now(), admit).await?;
        let device = hello.device;
        let (number, left) = self.seat((hello, protocol), link.tx.clone());
        let hub = self.clone();
        self.0.supervisor.run("device link", async move {
            hub.pump((device, number), link.rx, left).await;
        });
        self.claim(device, number).await;
        self.0.arrivals.send_modify(|count| *count += 1);
        Ok(device)
    }

    /// Says something to a device. Waits while the device is slow, but not for ever.
    pub async fn send(&self, device: DeviceId, message: ToDevice) -> Result<(), HubError> {
        let seat = self.state().seats.get(&device).map(Seat::way);
        let (to, seal, left) = seat.ok_or(HubError::Offline(device))?;
        let delivered = timeout(SEND_WITHIN, deliver(&to, seal.as_deref(), message)).await;
        let Ok(delivered) = delivered else {
            tracing::warn!(%device, "a device accepts nothing more; its link is dropped");
            left.cancel();
            return Err(HubError::Silent(device));
        };
        delivered.map_err(|undelivered| {
            // What was to be said on it is said again on the next one.
            if matches!(undelivered, Undelivered::NoKey(_)) {
                left.cancel();
            }
            undelivered.of(device)
        })
    }

    /// Listens for what `device` says about `tasks`. The first news is whether it is
    /// connected; a device that is not may be watched, too.
    #[must_use]
    pub fn watch(&self, device: DeviceId, tasks: BTreeSet<TaskId>) -> Watching {
        let (to, news) = mpsc::channel(WATCHER_QUEUE);
        let mut state = self.state();
        let number = state.fresh_number();
        let told = state.seats.get(&device).map(|seat| seat.number);
        let first = if told.is_some() { DeviceNews::Up } else { DeviceNews::Down };
        // The queue is new, so there is room.
        let _has_room = to.try_send(first);
        let watcher = Watcher { number, tasks: Arc::new(tasks), to, told };
        state.watchers.entry(device).or_default().push(watcher);
        Watching { hub: self.clone(), device, number, news }
    }

    /// Every device that is connected.
    #[must_use]
    pub fn devices(&self) -> Vec<DeviceStatus> {
        let status = |seat: &Seat| DeviceStatus {
            hello: Arc::clone(&seat.hello),
            since: seat.since,
            heard: seat.heard,
            health: seat.health.clone(),
            link: seat.number,
        };
        let mut devices: Vec<_> = self.state().seats.values().map(status).collect();
        devices.sort_by_key(|device| device.hello.device);
        devices
    }

    /// Whether a device is connected.
    #[must_use]
    pub fn is_connected(&self, device: DeviceId) -> bool {
        self.state().seats.contains_key(&device)
    }

    /// Changes whenever a device takes its seat.
    #[must_use]
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.0.arrivals.subscribe()
    }

    /// No method leaves the state half changed, so that of a thread that panicked is fine.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget_watcher(&self, device: DeviceId, number: u64) {
        let mut state = self.state();
        if let Some(watchers) = state.watchers.get_mut(&device) {
            watchers.retain(|watcher| watcher.number != number);
            if watchers.is_empty() {
                state.watchers.remove(&device);
            }
        }
    }

    fn seat(
        &self,
        (hello, protocol): (Hello, u32),
        to: LinkSender<ToDevice>,
    ) -> (u64, CancellationToken) {
        let (left, now) = (CancellationToken::new(), self.0.clock.now());
        let mut state = self.state();
        let number = state.fresh_number();
        let device = hello.device;
        let asked = self.0.desk.get().zip(hello.seal.as_ref());
        let seal = asked.map(|(desk, asked)| Arc::new(Seal::new(desk, device, asked)));
        let seat = Seat {
            number,
            to,
            seal,
            hello: Arc::new(hello),
            protocol,
            since: now,
            heard: now,
            health: None,
            anchor: None,
            questions: HashMap::new(),
            fence: 0,
            left: left.clone(),
        };
        if let Some(older) = state.seats.insert(device, seat) {
            older.left.cancel();
        }
        (number, left)
    }
}

impl State {
    fn fresh_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}
