//! When how a machine is has become news: a machine that idles says so now and then, and one that
//! works or changes says so each time.

use d1_core::Health;
use std::time::Duration;

/// How often a machine is measured while somebody listens, and the most often that it is told
/// how it is while nothing is newly wrong.
pub(crate) const HEALTH_EVERY: Duration = Duration::from_secs(30);
/// How often it is told at least.
const AT_LEAST_EVERY: Duration = Duration::from_secs(120);
/// A share of a resource that is worth telling.
const SHARE: f64 = 0.05;
/// A change of the load average that is.
const LOAD: f64 = 1.0;
/// A change of how busy the processors are that is.
const BUSY: f64 = 0.25;
/// A change of heat that is, in degrees Celsius.
const HEAT: f64 = 5.0;

/// Whether `now` is worth telling to somebody who was told `before`, so long ago.
pub(crate) fn is_news(before: &Health, now: &Health, ago: Duration) -> bool {
    let (was, is) = (&before.vitals, &now.vitals);
    let moved = |a: u64, b: u64, all: u64| a.abs_diff(b) as f64 > SHARE * all as f64;
    let changed = |a: Option<f64>, b: Option<f64>, much: f64| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() > much,
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    };
    ago >= AT_LEAST_EVERY
        || (before.running, before.waiting) != (now.running, now.waiting)
        || before.symptoms != now.symptoms
        || moved(was.memory_available_bytes, is.memory_available_bytes, is.memory_total_bytes)
        || moved(was.disk_free_bytes, is.disk_free_bytes, is.disk_total_bytes)
        || (was.load - is.load).abs() > LOAD
        || changed(was.cpu, is.cpu, BUSY)
        || changed(was.hottest_celsius, is.hottest_celsius, HEAT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::Vitals;

    fn idle() -> Health {
        let vitals = Vitals {
            load: 0.1,
            cpu: Some(0.02),
            memory_available_bytes: 80,
            memory_total_bytes: 100,
            disk_free_bytes: 50,
            disk_total_bytes: 100,
            hottest_celsius: Some(40.0),
            ..Vitals::default()
        };
        Health { vitals, ..Health::default() }
    }

    #[test]
    fn a_machine_that_idles_is_told_of_four_times_less_often() {
        let mut later = idle();
        later.at.0 += 30_000;
        later.uptime_seconds += 30;
        later.vitals.load = 0.3;
        later.vitals.sent_per_second = Some(12);
        later.vitals.memory_available_bytes = 77;
        assert!(!is_news(&idle(), &later, HEALTH_EVERY));
        assert!(!is_news(&idle(), &later, 3 * HEALTH_EVERY));
        assert!(is_news(&idle(), &later, 4 * HEALTH_EVERY));
    }

    #[test]
    fn whatever_changes_much_is_news() {
        let changes: [fn(&mut Health); 7] = [
            |it| it.running = 1,
            |it| it.waiting = 1,
            |it| it.vitals.load = 1.2,
            |it| it.vitals.cpu = Some(0.9),
            |it| it.vitals.memory_available_bytes = 60,
            |it| it.vitals.disk_free_bytes = 40,
            |it| it.vitals.hottest_celsius = None,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut now = idle();
            change(&mut now);
            assert!(is_news(&idle(), &now, HEALTH_EVERY), "change {number}");
        }
    }
}
