//! What is wrong may stay so for a while, when its owner says why.

use crate::patient::Patient;
use d1_core::{Acceptance, Finding, Timestamp, Verdict, memory::ManualClock};
use d1_executor::{Accepted, Doctor, Selection};
use futures_util::StreamExt as _;
use std::sync::Arc;

const OF_MACHINE: &str = "/etc/d1-doctor/doctor.toml";
/// The first of December 2026, in milliseconds.
const FIRST_OF_DECEMBER: u64 = 1_796_083_200_000;

fn patient() -> Patient {
    let mut patient = Patient::healthy();
    patient.sight.host.clock = Arc::new(ManualClock::starting_at(Timestamp(FIRST_OF_DECEMBER)));
    patient.mode("/tmp", 0o777);
    patient
}

async fn sticky(patient: &Patient) -> Finding {
    let doctor = Doctor::new(patient.sight.clone()).accepting(Accepted::of(&patient.sight));
    let selection = Selection { names: vec!["sys.tmp.sticky".into()], deep: false };
    doctor.examine(&selection).next().await.unwrap()
}

fn acceptance(check: &str, until: &str) -> String {
    format!("[[accept]]\ncheck = \"{check}\"\nreason = \"a lab\"\nuntil = {until}\n")
}

#[tokio::test]
async fn what_is_accepted_is_no_trouble_until_its_last_day_is_over() {
    let patient = patient();
    for (until, accepted) in [("2026-12-01", true), ("2027-11-30", true), ("2026-11-30", false)] {
        patient.write(OF_MACHINE, acceptance("sys.tmp.sticky", until));
        let finding = sticky(&patient).await;
        assert_eq!(finding.verdict, Verdict::Fail, "it is as wrong as ever");
        assert_eq!(finding.is_trouble(), !accepted, "{until}");
        let expected = Acceptance { reason: "a lab".into(), until: until.into() };
        assert_eq!(finding.accepted, accepted.then_some(expected));
    }
    let last = sticky(&patient).await.details.pop();
    assert_eq!(last.as_deref(), Some("was accepted until 2026-11-30: a lab"));
}

#[tokio::test]
async fn only_the_check_that_is_named_is_accepted() {
    let patient = patient();
    patient.write(OF_MACHINE, acceptance("sys.tmp.noexec", "2027-01-01"));
    assert!(sticky(&patient).await.is_trouble());
}

#[tokio::test]
async fn a_user_accepts_in_a_file_of_their_own() {
    let mut patient = patient();
    patient.write(
        "/home/maya/.config/d1-doctor/doctor.toml",
        acceptance("sys.tmp.sticky", "2027-01-01"),
    );
    assert!(!sticky(&patient).await.is_trouble());
    patient.set("XDG_CONFIG_HOME", "/elsewhere");
    assert!(sticky(&patient).await.is_trouble());
    patient.write("/elsewhere/d1-doctor/doctor.toml", acceptance("sys.tmp.sticky", "2027-01-01"));
    assert!(!sticky(&patient).await.is_trouble());
}

#[tokio::test]
async fn a_file_that_cannot_be_used_accepts_nothing_and_a_check_tells_why() {
    let patient = patient();
    let good = acceptance("sys.tmp.sticky", "2027-01-01");
    for (text, why) in [
        (good.replace("until = 2027-01-01", ""), "missing field `until`"),
        (good.replace("a lab", " "), "give a reason of 1 to 500 bytes"),
        (good.replace("2027-01-01", "2028-01-01"), "more than 366 days away"),
        (good.replace("2027-01-01", "2027-02-30"), "2027-02-30"),
        (good.replace("2027-01-01", "2027-01-01T10:00:00"), "`until` is a day"),
        (good.replace("check", "chekc"), "unknown field `chekc`"),
        (good.replace("sys.tmp.sticky", "../x"), "cannot appear"),
    ] {
        patient.write(OF_MACHINE, &text);
        assert!(sticky(&patient).await.is_trouble(), "{text}");
        let findings = patient.examine().await;
        let told = &findings["d1.acceptances"];
        assert_eq!(told.verdict, Verdict::Fail);
        let details = told.details.join("\n");
        assert!(details.contains(why), "{text}: {details}");
        assert!(details.contains(OF_MACHINE), "{details}");
    }
}
