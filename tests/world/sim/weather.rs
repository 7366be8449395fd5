//! What goes wrong in one world, and how often: drawn once, from its seed.
//!
//! Not everything goes wrong everywhere. A world in which everything always breaks never gets
//! far enough for the rarer kinds of trouble.

use super::chance::Chance;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// What goes wrong in one world.
#[derive(Debug)]
pub(super) struct Weather {
    calm: AtomicBool,
    /// How long the storm lasts.
    pub(super) storm: Duration,
    delay: Duration,
    drop: u32,
    repeat: u32,
    reorder: u32,
    slow_write: u32,
    death_at_write: u32,
    /// Between two accidents of one kind; none when that kind does not happen.
    pub(super) cuts: Option<Duration>,
    pub(super) partitions: Option<Duration>,
    pub(super) deaths: Option<Duration>,
    pub(super) pauses: Option<Duration>,
    /// How far clocks are apart at most.
    pub(super) skew: Duration,
    /// How often a child outlives the daemon that started it.
    pub(super) orphans: u32,
    /// How often a device dials another node before it lets go of the one it has.
    overlaps: u32,
    /// Whether the leases of setups keep nobody from taking what others have: they are no fence,
    /// and every promise has to hold without them.
    pub(super) leases_fail: bool,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    IsLost,
    ArrivesTwice,
    ArrivesLater,
}

const SECOND: Duration = Duration::from_secs(1);

impl Weather {
    pub(super) fn of(chance: &Chance) -> Self {
        let sometimes = |per_mille| if chance.happens(500) { per_mille } else { 0 };
        let every =
            |most: u32| chance.happens(600).then(|| SECOND * 5 + chance.within(SECOND * most));
        Self {
            calm: AtomicBool::new(false),
            storm: SECOND * 60 + chance.within(SECOND * 240),
            delay: *chance.pick(&[Duration::ZERO, SECOND / 20, SECOND / 2, SECOND * 3]),
            drop: sometimes(20),
            repeat: sometimes(50),
            reorder: sometimes(30),
            slow_write: sometimes(100),
            death_at_write: sometimes(8),
            cuts: every(60),
            partitions: every(120),
            deaths: every(180),
            pauses: every(120),
            skew: *chance.pick(&[Duration::ZERO, SECOND, SECOND * 3600]),
            orphans: sometimes(500),
            overlaps: sometimes(500),
            leases_fail: chance.happens(500),
        }
    }

    /// From now on nothing goes wrong any more.
    pub(super) fn calm_down(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::SeqCst)
    }

    /// How long a message travels.
    pub(super) fn delay(&self, chance: &Chance) -> Duration {
        if self.is_calm() { Duration::ZERO } else { chance.within(self.delay) }
    }

    pub(super) fn fate(&self, chance: &Chance) -> Fate {
        let bad = |per_mille| !self.is_calm() && chance.happens(per_mille);
        if bad(self.drop) {
            Fate::IsLost
        } else if bad(self.repeat) {
            Fate::ArrivesTwice
        } else if bad(self.reorder) {
            Fate::ArrivesLater
        } else {
            Fate::Arrives
        }
    }

    /// How long a disk takes to write.
    pub(super) fn write_takes(&self, chance: &Chance) -> Duration {
        let slow = !self.is_calm() && chance.happens(self.slow_write);
        if slow { chance.within(SECOND * 4) } else { Duration::from_millis(1) }
    }

    /// How long a device has one link alone before it dials another; for ever when it does not.
    pub(super) fn overlaps_after(&self, chance: &Chance) -> Option<Duration> {
        let overlaps = !self.is_calm() && chance.happens(self.overlaps);
        overlaps.then(|| chance.within(self.storm / 2))
    }

    /// Whether a process dies at this write.
    pub(super) fn dies_writing(&self, chance: &Chance) -> bool {
        !self.is_calm() && chance.happens(self.death_at_write)
    }
}
