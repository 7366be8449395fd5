//! Measures the machine.

use crate::doctor::space_of;
use d1_core::Vitals;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use sysinfo::{
    Components, CpuRefreshKind, MemoryRefreshKind, Networks, Pid, ProcessRefreshKind,
    ProcessesToUpdate, System, get_current_pid,
};

/// A rate over less time than this says nothing.
const SHORTEST: Duration = Duration::from_millis(250);
/// The networks that lead to no other machine.
const INSIDE: [&str; 2] = ["lo", "lo0"];

/// Measures the machine, and remembers what rates need. Each reading takes around a millisecond
/// and asks no other machine: of the disks, only the one where state is kept is looked at, as
/// one that is far away may not answer.
#[derive(Debug)]
pub struct Gauge {
    place: PathBuf,
    /// Each is nothing where this system is not known.
    system: Option<System>,
    networks: Option<Networks>,
    sensors: Option<Components>,
    own: Option<Pid>,
    before: Option<Before>,
}

/// What was so at the last reading.
#[derive(Clone, Copy, Debug)]
struct Before {
    at: Instant,
    own: Duration,
}

impl Gauge {
    /// Measures this machine; its disk is the one that holds `place`.
    #[must_use]
    pub fn at(place: &Path) -> Self {
        Self {
            place: place.to_owned(),
            system: System::new().ok(),
            networks: Networks::new().ok(),
            sensors: Components::new().ok(),
            own: get_current_pid().ok(),
            before: None,
        }
    }

    /// What can be told at once, without rates and sensors.
    #[must_use]
    pub fn glance(place: &Path) -> Vitals {
        let mut gauge = Self::at(place);
        gauge.levels()
    }

    /// Everything. The first reading has no rates.
    #[must_use]
    pub fn read(&mut self) -> Vitals {
        let mut vitals = self.levels();
        let at = Instant::now();
        let elapsed = self.before.map(|before| at.saturating_duration_since(before.at));
        if elapsed.is_some_and(|elapsed| elapsed < SHORTEST) {
            return vitals;
        }
        let own = self.measure_own(&mut vitals);
        let busy = self.busy();
        let moved = self.moved();
        vitals.hottest_celsius = self.hottest();
        if let (Some(elapsed), Some(before)) = (elapsed, self.before) {
            let elapsed = elapsed.as_secs_f64();
            vitals.cpu = busy;
            vitals.own_cpu = Some(own.saturating_sub(before.own).as_secs_f64() / elapsed);
            vitals.received_per_second = moved.map(|(came, _)| per_second(came, elapsed));
            vitals.sent_per_second = moved.map(|(_, went)| per_second(went, elapsed));
        }
        self.before = Some(Before { at, own });
        vitals
    }

    fn levels(&mut self) -> Vitals {
        if let Some(system) = &mut self.system {
            system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        }
        let memory = |of: fn(&System) -> u64| self.system.as_ref().map_or(0, of);
        let space = space_of(&self.place).ok();
        Vitals {
            load: System::load_average().map_or(0.0, |load| load.one),
            memory_available_bytes: memory(System::available_memory),
            memory_total_bytes: memory(System::total_memory),
            disk_free_bytes: space.map_or(0, |space| space.free_bytes),
            disk_total_bytes: space.map_or(0, |space| space.total_bytes),
            ..Vitals::default()
        }
    }

    /// Notes the daemon's own memory, and tells how long it has worked so far.
    fn measure_own(&mut self, vitals: &mut Vitals) -> Duration {
        let (Some(own), Some(system)) = (self.own, &mut self.system) else { return Duration::ZERO };
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[own]),
            true,
            ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks(),
        );
        let Some(process) = system.process(own) else { return Duration::ZERO };
        vitals.own_memory_bytes = process.memory();
        Duration::from_millis(process.accumulated_cpu_time())
    }

    /// How busy the processors were since the last reading; of the first one that is nonsense.
    fn busy(&mut self) -> Option<f64> {
        let system = self.system.as_mut()?;
        system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
        Some((f64::from(system.global_cpu_usage()) / 100.0).clamp(0.0, 1.0))
    }

    fn hottest(&mut self) -> Option<f64> {
        let sensors = self.sensors.as_mut()?;
        sensors.refresh(true);
        let warm = sensors.iter().filter_map(sysinfo::Component::temperature);
        warm.filter(|celsius| celsius.is_finite()).max_by(f32::total_cmp).map(f64::from)
    }

    /// What came and what went since the last reading.
    fn moved(&mut self) -> Option<(u64, u64)> {
        let networks = self.networks.as_mut()?;
        networks.refresh(true);
        let outside = networks.iter().filter(|(name, _)| INSIDE.iter().all(|it| name != it));
        Some(outside.fold((0, 0), |(received, sent), (_, network)| {
            (received + network.received(), sent + network.transmitted())
        }))
    }
}

fn per_second(bytes: u64, seconds: f64) -> u64 {
    (bytes as f64 / seconds) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has the processor do something that can be measured.
    fn work(least: Duration) {
        let began = Instant::now();
        while began.elapsed() < least {
            std::hint::black_box(std::fs::read("/proc/self/stat").unwrap_or_default());
        }
    }

    #[test]
    fn this_machine_is_measured_and_rates_come_with_the_second_reading() {
        let mut gauge = Gauge::at(Path::new("/"));
        let first = gauge.read();
        assert!(first.memory_total_bytes > first.memory_available_bytes);
        assert!(first.memory_available_bytes > 0 && first.disk_total_bytes > first.disk_free_bytes);
        assert!(first.own_memory_bytes > 100_000, "{first:?}");
        assert_eq!((first.cpu, first.own_cpu, first.sent_per_second), (None, None, None));
        work(SHORTEST * 2);
        let second = gauge.read();
        let own = second.own_cpu.unwrap();
        assert!(own > 0.01, "it worked all the time: {second:?}");
        assert!((0.0..=1.0).contains(&second.cpu.unwrap()), "{second:?}");
        assert!(second.received_per_second.is_some() && second.is_sound());
    }

    #[test]
    fn a_place_that_is_not_there_has_no_disk_and_the_rest_is_told() {
        let vitals = Gauge::glance(Path::new("/nowhere/at/all"));
        assert_eq!((vitals.disk_free_bytes, vitals.disk_total_bytes), (0, 0));
        assert!(vitals.memory_total_bytes > 0);
    }
}
