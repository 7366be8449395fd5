//! The driver of one setup: the only writer of it in this process.
//!
//! 1. An order comes; the setup is read, and what is wished is done and saved.
//! 2. While the setup is held and under way, the driver hears its device, keeps what it
//!    says, and tells it what follows.
//! 3. When the setup is over and wound up, or somebody else has taken it over, the driver
//!    ends. When this process stops, it ends too, and leaves the setup as it is; only what
//!    belongs to an end that was saved already is still done.

use super::{core::Engine, error::EngineError, orders::Order, settle::Chores, told::Told};
use crate::{DeviceNews, Watching};
use d1_core::{Hello, OutputChunk, Setup, SetupId, TaskId};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// How long a task on the device may give no sign of life before it is sent again.
const REMIND_AFTER: Duration = Hello::LEASE;

/// What a driver knows of its setup.
pub(super) struct Driver {
    pub(super) engine: Engine,
    /// As it was saved last.
    pub(super) setup: Setup,
    /// Whether it is this driver that may move it.
    pub(super) held: bool,
    /// Whether its device is connected.
    pub(super) linked: bool,
    /// Since when it is known to be away.
    pub(super) away_since: Option<Instant>,
    pub(super) watching: Option<Watching>,
    pub(super) told: Told,
    /// Output that came and is not kept yet.
    pub(super) pending: Vec<OutputChunk>,
    /// When each task was heard of last, or sent.
    pub(super) quiet_since: HashMap<TaskId, Instant>,
    /// What was written into the audit log as sent, by this driver.
    pub(super) dispatched: HashSet<(TaskId, u32)>,
    pub(super) chores: Option<Chores>,
}

/// What a driver wakes up for.
enum Wake {
    Order(Order),
    News(DeviceNews),
    Chores,
    Remind,
    Expire,
}

/// Serves whoever comes to the desk of a setup, until nobody does.
pub(super) async fn attend(engine: Engine, id: SetupId, mut orders: mpsc::Receiver<Order>) {
    let stopping = engine.0.parts.supervisor.stopping();
    loop {
        let Ok(order) = orders.try_recv() else {
            if engine.close_desk(id, &orders) {
                return;
            }
            continue;
        };
        if stopping.is_cancelled() && !order.wish.ends_something() {
            // Whoever wished it hears that this process stops.
            continue;
        }
        match engine.0.parts.store.get(id).await {
            Ok(setup) => Driver::new(engine.clone(), setup).serve(order, &mut orders).await,
            Err(error) => {
                let _nobody_waits = order.reply.send(Err(error.into()));
            }
        }
    }
}

impl Driver {
    fn new(engine: Engine, setup: Setup) -> Self {
        Self {
            engine,
            setup,
            held: false,
            linked: false,
            away_since: None,
            watching: None,
            told: Told::default(),
            pending: Vec::new(),
            quiet_since: HashMap::new(),
            dispatched: HashSet::new(),
            chores: None,
        }
    }

    /// Does what is ordered, and drives the setup as long as there is something to do.
    async fn serve(mut self, order: Order, orders: &mut mpsc::Receiver<Order>) {
        let stopping = self.engine.0.parts.supervisor.stopping();
        let mut going = self.obey(order).await;
        while going.is_ok() && self.is_busy() {
            let wake = tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                Some(order) = orders.recv() => Wake::Order(order),
                () = until(self.chores.as_ref().map(|chores| chores.due)) => Wake::Chores,
                () = until(self.reminder()) => Wake::Remind,
                () = until(self.expiry()) => Wake::Expire,
                Some(news) = next(&mut self.watching) => Wake::News(news),
            };
            going = match wake {
                Wake::Order(order) => self.obey(order).await,
                Wake::News(news) => self.hear(news).await,
                Wake::Remind => self.remind().await,
                Wake::Expire => self.expire().await,
                Wake::Chores => {
                    self.wind_up().await;
                    Ok(())
                }
            };
        }
        if let Err(error) = going {
            tracing::warn!(setup = %self.setup.id, %error, "let go of a setup");
            if error.is_stale() {
                self.look_whether_it_is_over();
            }
        }
    }

    /// Answers an order. An error means that the setup has been taken over.
    async fn obey(&mut self, order: Order) -> Result<(), EngineError> {
        let done = self.grant(order.wish).await;
        let id = self.setup.id;
        let stale = done.as_ref().is_err_and(EngineError::is_stale);
        let _nobody_waits = order.reply.send(done.map(|()| self.setup.clone()));
        if stale { Err(d1_core::StoreError::Stale(id).into()) } else { Ok(()) }
    }

    fn is_busy(&self) -> bool {
        let drives = self.held && self.setup.state.is_under_way();
        drives || self.chores.is_some() || self.watching.is_some()
    }

    /// When the next task has been quiet for too long.
    fn reminder(&self) -> Option<Instant> {
        if !self.linked {
            return None;
        }
        let out = self.setup.tasks.iter().filter(|task| task.state.is_out());
        let heard = out.filter_map(|task| self.quiet_since.get(&task.id));
        heard.min().map(|heard| *heard + REMIND_AFTER)
    }

    /// Sends again what has been quiet for too long. What ran is only silent for that.
    async fn remind(&mut self) -> Result<(), EngineError> {
        let now = Instant::now();
        let quiet = |task: &TaskId| {
            self.quiet_since.get(task).is_some_and(|heard| *heard + REMIND_AFTER <= now)
        };
        let out = self.setup.tasks.iter().filter(|task| task.state.is_out());
        let due: Vec<_> = out.map(|task| task.id).filter(quiet).collect();
        for task in due {
            tracing::debug!(setup = %self.setup.id, %task, "quiet; sent again");
            self.fall_silent(task).await?;
            self.dispatch(task).await;
        }
        Ok(())
    }
}

/// Waits until this moment; for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The next news; none ever when nobody watches.
async fn next(watching: &mut Option<Watching>) -> Option<DeviceNews> {
    match watching {
        Some(watching) => watching.next().await,
        None => std::future::pending().await,
    }
}
