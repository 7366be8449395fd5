//! How the machine is, told now and then, and at once when something new is wrong.

use crate::rig::Rig;
use d1_core::{Symptom, Verdict};
use std::time::Duration;
use tokio::time::Instant;

fn symptom(check: &str) -> Symptom {
    let summary = "so it is".to_owned();
    Symptom { check: check.parse().unwrap(), verdict: Verdict::Fail, summary }
}

#[tokio::test(start_paused = true)]
async fn what_is_newly_wrong_is_told_at_once_and_what_is_known_with_the_next_report() {
    let rig = Rig::new();
    let mut desk = rig.link();
    assert_eq!(desk.health().await.symptoms, []);
    let began = Instant::now();
    rig.agent.tell_symptoms(vec![symptom("apt.broken")]);
    assert_eq!(desk.health().await.symptoms, [symptom("apt.broken")]);
    assert_eq!(began.elapsed(), Duration::ZERO);
    rig.agent.tell_symptoms(vec![symptom("apt.broken")]);
    assert_eq!(desk.health().await.symptoms, [symptom("apt.broken")]);
    assert!(began.elapsed() > Duration::from_secs(1), "it was known already");
}

#[tokio::test(start_paused = true)]
async fn complaints_are_bounded() {
    let rig = Rig::new();
    let many = (0..1000).map(|n| symptom(&format!("a.x{n}"))).collect();
    rig.agent.tell_symptoms(many);
    assert_eq!(rig.link().health().await.symptoms.len(), Symptom::MAX);
}
