//! How a machine is, in words.

use super::text::{bytes, inert};
use d1_core::{Symptom, Verdict, Vitals};

/// What was measured, on one line.
#[must_use]
pub fn line(vitals: &Vitals) -> String {
    let left = |free, total, what: &str| match total {
        // An older daemon does not say how much there is in all.
        0 => format!("{} {what} free", bytes(free)),
        _ => format!("{} of {} {what} free", bytes(free), bytes(total)),
    };
    let mut parts = vec![format!("load {:.2}", vitals.load)];
    parts.extend(vitals.cpu.map(|busy| format!("{:.0} % busy", busy * 100.0)));
    parts.push(left(vitals.memory_available_bytes, vitals.memory_total_bytes, "memory"));
    parts.push(left(vitals.disk_free_bytes, vitals.disk_total_bytes, "disk"));
    parts.extend(vitals.hottest_celsius.map(|celsius| format!("{celsius:.0} °C")));
    parts.join(" · ")
}

/// What is wrong, each after `before`.
#[must_use]
pub fn troubles(symptoms: &[Symptom], before: &str) -> String {
    let one = |symptom: &Symptom| {
        let how = if symptom.verdict == Verdict::Fail { "wrong" } else { "to look at" };
        format!("{before}{how}: {} ({})", inert(&symptom.summary), symptom.check)
    };
    symptoms.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_daemon_does_not_tell_is_left_out() {
        let old = Vitals {
            load: 0.5,
            memory_available_bytes: 2_000_000_000,
            disk_free_bytes: 7_000_000_000,
            ..Vitals::default()
        };
        assert_eq!(line(&old), "load 0.50 · 2.0 GB memory free · 7.0 GB disk free");
        let new = Vitals {
            cpu: Some(0.25),
            memory_total_bytes: 4_000_000_000,
            disk_total_bytes: 9_000_000_000,
            hottest_celsius: Some(61.4),
            ..old
        };
        assert_eq!(
            line(&new),
            "load 0.50 · 25 % busy · 2.0 GB of 4.0 GB memory free · 7.0 GB of 9.0 GB disk free · 61 °C"
        );
    }

    #[test]
    fn troubles_are_told_with_how_bad_they_are_and_who_says_so() {
        let check = "health.disk".parse().unwrap();
        let summary = "the disk is\u{1b}[2J nearly full".to_owned();
        let symptom = Symptom { check, verdict: Verdict::Fail, summary };
        assert_eq!(
            troubles(&[symptom], "\n  "),
            "\n  wrong: the disk is nearly full (health.disk)"
        );
    }
}
