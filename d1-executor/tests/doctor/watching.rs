//! A daemon looks again and again, and hears when something goes wrong and when it is mended.

use crate::patient::Patient;
use d1_core::Symptom;
use d1_executor::{Selection, watch};
use std::{cell::RefCell, time::Duration};

const TURNS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

fn acceptance() -> String {
    "[[accept]]\ncheck = \"sys.tmp.sticky\"\nreason = \"a lab\"\nuntil = 2026-12-31\n".into()
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_is_heard_of_until_it_is_mended_or_accepted() {
    let mut patient = Patient::healthy();
    // The first of December 2026, in milliseconds.
    let december = d1_core::Timestamp(1_796_083_200_000);
    let clock = d1_core::memory::ManualClock::starting_at(december);
    patient.sight.host.clock = std::sync::Arc::new(clock);
    let selection = Selection { names: vec!["sys.tmp.sticky".into()], deep: false };
    let looks = RefCell::new(Vec::new());
    let heard = |findings: Vec<d1_core::Finding>| {
        let mut looks = looks.borrow_mut();
        looks.push(Symptom::of(&findings).len());
        // What happens on the machine between one look and the next.
        match looks.len() {
            1 => patient.mode("/tmp", 0o777),
            2 => patient.write("/etc/d1-doctor/doctor.toml", acceptance()),
            3 => patient.remove("/etc/d1-doctor/doctor.toml"),
            4 => patient.mode("/tmp", 0o1777),
            _ => {}
        }
    };
    let looking = watch(&patient.sight, &selection, TURNS, heard);
    let for_a_while = TURNS.0 + TURNS.1 * 4 + Duration::from_secs(1);
    let ended = tokio::time::timeout(for_a_while, looking).await;
    assert!(ended.is_err(), "it looks for as long as it is waited for");
    assert_eq!(*looks.borrow(), [0, 1, 0, 1, 0]);
}

#[test]
fn a_daemon_looks_at_the_machine_and_at_nobody() {
    let doctor = d1_executor::Doctor::new(Patient::healthy().sight);
    let selected = doctor.selected(&Selection::of_the_machine());
    let has = |id: &str| selected.iter().any(|about| about.id == id);
    assert!(has("sys.disk.root") && has("apt.broken") && has("d1.policy"));
    assert!(!has("git.identity") && !has("ssh.perms") && !has("path.relative"));
}
