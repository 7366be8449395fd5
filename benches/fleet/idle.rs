//! Devices that are linked and do nothing but tell how they are: as cheap as a link can be, so
//! that a fleet fits beside its server.

use backon::{BackoffBuilder as _, ExponentialBuilder};
use d1_core::{
    Clock as _, DeviceId, DeviceLink, Facts, FromDevice, Health, Hello, Os, PROTOCOL, Supervisor,
    SystemClock, ToDevice, Transport as _, Vitals,
};
use d1_protocol::websocket::Dial;
use d1_world::CloudDesk;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// As often as a daemon tells at most.
const HEALTH_EVERY: Duration = Duration::from_secs(30);
/// How many dial at first at once.
const AT_ONCE: usize = 128;
/// The first wait after a lost link, and the longest; by chance up to twice as long.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));
/// How long a whole fleet may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A fleet of them, linked until it is dropped.
#[derive(Debug)]
pub(crate) struct Fleet {
    supervisor: Supervisor,
    /// How often a server has welcomed one of them.
    welcomes: Arc<AtomicUsize>,
    size: usize,
}

impl Fleet {
    /// Links so many.
    pub(crate) async fn link(url: &str, size: u32) -> Self {
        let fleet = Self {
            supervisor: Supervisor::default(),
            welcomes: Arc::default(),
            size: size as usize,
        };
        let turns = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        for number in 0..size {
            let (supervisor, welcomes) = (fleet.supervisor.clone(), Arc::clone(&fleet.welcomes));
            let dial = Dial::new(url, Some(CloudDesk::TOKEN.to_owned()), supervisor.clone());
            let (dial, turns) = (dial.unwrap(), Arc::clone(&turns));
            let phase = HEALTH_EVERY * number / size;
            supervisor.clone().run("device", async move {
                let mut turn = Some(turns.acquire_owned().await.unwrap());
                let stopping = supervisor.stopping();
                let life = live(DeviceId::generate(), &dial, &welcomes, phase, &mut turn);
                stopping.run_until_cancelled(life).await;
            });
        }
        fleet.until_welcomed(1).await;
        fleet
    }

    /// Waits until each of them was welcomed so often; tells how long that took.
    pub(crate) async fn until_welcomed(&self, times: usize) -> Duration {
        let began = Instant::now();
        while self.welcomes.load(Ordering::Relaxed) < times * self.size {
            assert!(began.elapsed() < PATIENCE, "not everybody was welcomed: {self:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        began.elapsed()
    }

    /// Hangs up.
    pub(crate) async fn leave(self) {
        self.supervisor.shut_down(PATIENCE).await;
    }
}

/// Links, and links again whenever the link breaks.
async fn live(
    device: DeviceId,
    dial: &Dial,
    welcomes: &AtomicUsize,
    phase: Duration,
    turn: &mut Option<tokio::sync::OwnedSemaphorePermit>,
) {
    let waits = || {
        let (first, longest) = WAITS;
        let waits = ExponentialBuilder::default().with_min_delay(first).with_max_delay(longest);
        waits.with_jitter().without_max_times().build()
    };
    let mut wait = waits();
    loop {
        if let Ok(link) = dial.connect().await
            && talk(device, link, welcomes, phase, turn).await
        {
            wait = waits();
        }
        tokio::time::sleep(wait.next().unwrap_or(WAITS.1)).await;
    }
}

/// Talks until the link breaks; whether it was welcomed.
async fn talk(
    device: DeviceId,
    mut link: DeviceLink,
    welcomes: &AtomicUsize,
    phase: Duration,
    turn: &mut Option<tokio::sync::OwnedSemaphorePermit>,
) -> bool {
    let hello = Hello {
        device,
        protocol_min: *PROTOCOL.start(),
        protocol_max: *PROTOCOL.end(),
        version: "fleet".to_owned(),
        facts: Facts::bare(Os::Linux),
        epochs: Vec::new(),
        seal: None,
    };
    if link.tx.send(FromDevice::Hello(Box::new(hello))).await.is_err() {
        return false;
    }
    let mut welcomed = false;
    let mut health = tokio::time::interval_at(tokio::time::Instant::now() + phase, HEALTH_EVERY);
    loop {
        tokio::select! {
            said = link.rx.recv() => match said {
                Some(ToDevice::Welcome(_)) => {
                    welcomed = true;
                    welcomes.fetch_add(1, Ordering::Relaxed);
                    drop(turn.take());
                }
                Some(_) => {}
                None => return welcomed,
            },
            _ = health.tick() => {
                let vitals = Vitals { load: 0.1, ..Vitals::default() };
                let at = SystemClock::new().now();
                let health = Health { at, vitals, ..Health::default() };
                if link.tx.send(FromDevice::Health(Box::new(health))).await.is_err() {
                    return welcomed;
                }
            }
        }
    }
}
