//! How the machine is, told now and then, and at once when something new is wrong.

use crate::rig::Rig;
use d1_core::{Clock as _, Symptom, Timestamp, ToDevice, Verdict, Vitals, Welcome};
use d1_executor::watch_vitals;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
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

fn vitals(load: f64) -> Vitals {
    Vitals { load, ..Vitals::default() }
}

#[tokio::test(start_paused = true)]
async fn the_machine_is_measured_while_somebody_listens_and_told_when_that_is_news() {
    let rig = Rig::new();
    let (agent, count) = (rig.agent.clone(), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&count);
    let mut measuring = tokio::task::JoinSet::new();
    measuring.spawn(async move {
        let busy = move || vitals(5.0 * (1 + counted.fetch_add(1, Ordering::SeqCst)) as f64);
        watch_vitals(&agent, busy).await;
    });
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(count.load(Ordering::SeqCst), 0, "nobody listened");
    let mut desk = rig.link();
    let began = Instant::now();
    let mut first = desk.health().await.vitals;
    if first == Vitals::default() {
        // It was told before it was measured.
        first = desk.health().await.vitals;
    }
    assert_eq!(first, vitals(5.0), "the first measurement comes at once");
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(count.load(Ordering::SeqCst), 1, "the next one comes in its time");
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(desk.health().await.vitals, vitals(10.0));
    assert!(began.elapsed() < Duration::from_secs(65));
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_idles_is_told_of_less_often_and_one_in_trouble_at_once() {
    let rig = Rig::new();
    let mut desk = rig.link();
    desk.health().await;
    rig.agent.tell_vitals(vitals(0.5), vec![]);
    desk.health().await;
    let began = Instant::now();
    rig.agent.tell_vitals(vitals(0.6), vec![]);
    assert_eq!(desk.health().await.vitals, vitals(0.6));
    assert!(began.elapsed() > Duration::from_secs(60), "{:?}", began.elapsed());
    let began = Instant::now();
    rig.agent.tell_vitals(vitals(0.6), vec![symptom("health.disk")]);
    assert_eq!(desk.health().await.symptoms, [symptom("health.disk")]);
    assert_eq!(began.elapsed(), Duration::ZERO);
    rig.agent.tell_symptoms(vec![symptom("apt.broken")]);
    let both = [symptom("health.disk"), symptom("apt.broken")];
    assert_eq!(desk.health().await.symptoms, both, "one does not hide the other");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_differs_from_that_of_the_orchestrator_is_told_to_it() {
    let rig = Rig::new();
    let mut desk = rig.link();
    assert_eq!(desk.health().await.symptoms, []);
    let server_time = Timestamp(rig.clock.now().0 + 100_000);
    desk.say(ToDevice::Welcome(Welcome { protocol: 1, version: "1".into(), server_time })).await;
    let told = desk.health().await.symptoms;
    let told: Vec<_> = told.iter().map(|it| (it.check.as_str(), it.summary.as_str())).collect();
    let behind = "its clock is 100 s behind that of its orchestrator";
    assert_eq!(told, [("health.clock", behind)]);
    let mut other = rig.link();
    assert_eq!(other.health().await.symptoms, [], "another one has another clock");
}
