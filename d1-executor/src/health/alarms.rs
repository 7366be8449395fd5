//! What is wrong with a machine by what was measured of it.
//!
//! Each of its resources is fine, low or nearly gone. It gets worse as soon as a threshold is
//! passed, and better only when that is passed by some margin, so that a value that moves around
//! a threshold is not told again and again.

use crate::doctor::size;
use d1_core::{CheckId, Symptom, Timestamp, Verdict, Vitals};
use std::time::Duration;

/// This share of a resource left, and it is low; but never more than the bytes beside it.
const DISK_LOW: (f64, f64) = (0.10, (5_u64 << 30) as f64);
/// The same, and it is nearly gone.
const DISK_GONE: (f64, f64) = (0.05, (1_u64 << 30) as f64);
/// This share of memory left, and it is low.
const MEMORY_LOW: f64 = 0.05;
/// The same, and it is nearly gone: programs are about to be ended.
const MEMORY_GONE: f64 = 0.02;
/// So much of a resource has to be left, in shares of the threshold, until it is better again.
const MARGIN: f64 = 1.25;
/// A machine slows itself down around here, in degrees Celsius.
const HOT: f64 = 90.0;
/// And ends itself around here.
const TOO_HOT: f64 = 100.0;
/// It has to cool down by so much until it is better again.
const COOLED: f64 = 5.0;
/// A clock that differs by more than this makes certificates and deadlines fail.
const CLOCKS_APART: Duration = Duration::from_secs(60);

/// The state of each resource, from one measurement to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alarms {
    disk: Level,
    memory: Level,
    heat: Level,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    #[default]
    Fine,
    Low,
    Gone,
}

impl Level {
    /// Where it stands when `left` is left: worse below a threshold, better above its way back.
    fn next(self, left: f64, low: Threshold, gone: Threshold) -> Self {
        if gone.holds(self >= Self::Gone, left) {
            Self::Gone
        } else if low.holds(self >= Self::Low, left) {
            Self::Low
        } else {
            Self::Fine
        }
    }

    fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Fine => None,
            Self::Low => Some(Verdict::Warn),
            Self::Gone => Some(Verdict::Fail),
        }
    }
}

/// Where it becomes bad, and where it is good again.
#[derive(Clone, Copy, Debug)]
struct Threshold {
    bad: f64,
    good: f64,
}

impl Threshold {
    fn left(bad: f64) -> Self {
        Self { bad, good: bad * MARGIN }
    }

    /// What is left below a heat: less the hotter it is.
    fn below(celsius: f64) -> Self {
        Self { bad: -celsius, good: COOLED - celsius }
    }

    fn holds(self, is_bad: bool, left: f64) -> bool {
        left < if is_bad { self.good } else { self.bad }
    }
}

impl Alarms {
    /// Takes a measurement in, and tells what is wrong, the worst first.
    pub fn take(&mut self, vitals: &Vitals) -> Vec<Symptom> {
        let (free, total) = (vitals.disk_free_bytes as f64, vitals.disk_total_bytes as f64);
        let of_disk = |(share, most): (f64, f64)| Threshold::left(most.min(total * share));
        self.disk = self.disk.next(free, of_disk(DISK_LOW), of_disk(DISK_GONE));
        let memory = vitals.memory_total_bytes as f64;
        let of_memory = |share: f64| Threshold::left(memory * share);
        let left = vitals.memory_available_bytes as f64;
        self.memory = self.memory.next(left, of_memory(MEMORY_LOW), of_memory(MEMORY_GONE));
        self.heat = match vitals.hottest_celsius {
            Some(it) => self.heat.next(-it, Threshold::below(HOT), Threshold::below(TOO_HOT)),
            None => Level::Fine,
        };
        let space = |left, all| format!("{} left of {}", size(left), size(all));
        let disk = space(vitals.disk_free_bytes, vitals.disk_total_bytes);
        let memory = space(vitals.memory_available_bytes, vitals.memory_total_bytes);
        let heat = vitals.hottest_celsius.unwrap_or_default();
        let mut wrong: Vec<Symptom> = [
            symptom("health.disk", self.disk.verdict(), || {
                format!("the disk is nearly full: {disk}")
            }),
            symptom("health.memory", self.memory.verdict(), || format!("memory is low: {memory}")),
            symptom("health.heat", self.heat.verdict(), || format!("it is hot: {heat:.0} °C")),
        ]
        .into_iter()
        .flatten()
        .collect();
        wrong.sort_by_key(|symptom| std::cmp::Reverse(symptom.verdict));
        wrong
    }
}

/// What is wrong with the clock of a device, by the clock of whoever welcomed it.
pub(crate) fn clock_differs(ours: Timestamp, theirs: Timestamp) -> Option<Symptom> {
    let (apart, how) = if ours > theirs {
        (ours.since(theirs), "ahead of")
    } else {
        (theirs.since(ours), "behind")
    };
    let wrong = (apart > CLOCKS_APART).then_some(Verdict::Warn);
    let seconds = apart.as_secs();
    symptom("health.clock", wrong, || {
        format!("its clock is {seconds} s {how} that of its orchestrator")
    })
}

fn symptom(
    check: &str,
    verdict: Option<Verdict>,
    summary: impl FnOnce() -> String,
) -> Option<Symptom> {
    let (verdict, check) = (verdict?, check.parse::<CheckId>().ok()?);
    Some(Symptom { check, verdict, summary: summary() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn disk(free: u64, total: u64) -> Vitals {
        Vitals { disk_free_bytes: free, disk_total_bytes: total, ..Vitals::default() }
    }

    fn memory(percent: u64) -> Vitals {
        let total = 100 * GIB;
        let left = percent * GIB;
        Vitals { memory_available_bytes: left, memory_total_bytes: total, ..Vitals::default() }
    }

    fn heat(celsius: f64) -> Vitals {
        Vitals { hottest_celsius: Some(celsius), ..Vitals::default() }
    }

    /// What is said to each measurement, one after the other.
    fn told(measured: impl IntoIterator<Item = Vitals>) -> Vec<String> {
        let mut alarms = Alarms::default();
        let one = |it: &Symptom| format!("{} {:?}", it.check, it.verdict);
        let all = measured.into_iter().map(|vitals| alarms.take(&vitals));
        all.map(|found| found.iter().map(one).collect::<Vec<_>>().join(", ")).collect()
    }

    #[test]
    fn a_disk_gets_low_then_full_and_is_not_well_again_at_the_threshold() {
        let left = [50 * GIB, 4 * GIB, GIB / 2, GIB, GIB + GIB / 2, 5 * GIB, 7 * GIB];
        let (fine, low, full) = ("", "health.disk Warn", "health.disk Fail");
        assert_eq!(
            told(left.map(|free| disk(free, 1000 * GIB))),
            [fine, low, full, full, low, low, fine]
        );
    }

    #[test]
    fn a_small_disk_is_not_low_because_it_is_small() {
        let left = [3 * GIB, 2 * GIB - 1, GIB - 1];
        let said = told(left.map(|free| disk(free, 20 * GIB)));
        assert_eq!(said, ["", "health.disk Warn", "health.disk Fail"]);
    }

    #[test]
    fn memory_and_heat_are_told_the_same_way() {
        assert_eq!(
            told([20, 4, 1, 2, 3, 6, 7].map(memory)),
            [
                "",
                "health.memory Warn",
                "health.memory Fail",
                "health.memory Fail",
                "health.memory Warn",
                "health.memory Warn",
                ""
            ]
        );
        assert_eq!(
            told([60.0, 91.0, 87.0, 101.0, 96.0, 94.0, 84.0].map(heat)),
            [
                "",
                "health.heat Warn",
                "health.heat Warn",
                "health.heat Fail",
                "health.heat Fail",
                "health.heat Warn",
                ""
            ]
        );
    }

    #[test]
    fn the_worst_is_told_first_and_what_was_not_measured_is_fine() {
        let both = Vitals { hottest_celsius: Some(95.0), ..disk(1, 100 * GIB) };
        assert_eq!(told([both]), ["health.disk Fail, health.heat Warn"]);
        assert_eq!(told([Vitals::default()]), [""]);
    }

    #[test]
    fn clocks_that_are_far_apart_are_told_with_the_way_they_differ() {
        let differs = |ours, theirs| {
            clock_differs(Timestamp(ours), Timestamp(theirs)).map(|symptom| symptom.summary)
        };
        assert_eq!(differs(100_000, 160_000), None);
        let ahead = "its clock is 61 s ahead of that of its orchestrator";
        assert_eq!(differs(161_000, 100_000).as_deref(), Some(ahead));
        let behind = "its clock is 61 s behind that of its orchestrator";
        assert_eq!(differs(100_000, 161_000).as_deref(), Some(behind));
    }
}
