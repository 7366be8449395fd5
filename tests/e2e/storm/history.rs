//! What must be so afterwards, by what servers, machines and logs tell.

use super::{
    place::{MACHINES, Machine, Place},
    say,
    work::{Calls, end_of},
};
use d1_core::SetupId;
use d1_protocol::{
    ApiClient,
    api::{CancelRequest, CreateRequest, SetupView},
};
use d1_world::CloudDesk;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// How long everything may take to come to its end once all is well.
const END_WITHIN: Duration = Duration::from_secs(60);
/// What the account of the tests has in the beginning, in micro-credits.
const FUNDS: u64 = 1_000_000_000;

/// Panics unless every promise was kept.
pub(super) async fn check(place: &Place) {
    let calls = place.calls();
    let setups = every_setup_ends(&calls).await;
    let succeeded = setups.iter().filter(|setup| setup.state == "succeeded").count();
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for setup in &setups {
        *ends.entry(&setup.state).or_default() += 1;
    }
    say(&format!("{} setups: {ends:?}", setups.len()));
    assert!(succeeded >= MACHINES, "hardly anything worked: {}", setups.len());
    every_credit_is_accounted_for(&calls, &setups).await;
    for machine in &place.machines {
        nothing_is_left_on_the_machine(machine).await;
    }
    let mut begun = BTreeSet::new();
    for machine in &place.machines {
        begun.extend(every_attempt_began_once(machine));
    }
    every_result_was_kept(&setups, &begun);
    for node in &place.nodes {
        the_log_of_a_server_holds(place, node.cloud.as_ref().unwrap());
    }
    every_machine_still_works(place, &calls).await;
}

async fn all(calls: &Calls) -> Option<Vec<SetupView>> {
    let (mut setups, mut cursor) = (Vec::new(), None);
    loop {
        let page = calls.ask(0, async |client: &ApiClient| client.list(cursor).await).await?;
        setups.extend(page.setups);
        cursor = page.cursor;
        if cursor.is_none() {
            return Some(setups);
        }
    }
}

/// Every setup is final, also those of which nobody heard that they were made.
async fn every_setup_ends(calls: &Calls) -> Vec<SetupView> {
    let began = Instant::now();
    loop {
        let setups = all(calls).await.unwrap_or_default();
        let open: Vec<_> = setups.iter().filter(|setup| !setup.is_over()).collect();
        if !setups.is_empty() && open.is_empty() {
            return setups;
        }
        // What was made and never approved waits for a person.
        for setup in open.iter().filter(|setup| setup.state == "awaiting approval") {
            let how = CancelRequest::of(d1_core::StopMode::AfterStep);
            calls.ask(0, async |client: &ApiClient| client.cancel(setup.id, how).await).await;
        }
        assert!(began.elapsed() < END_WITHIN, "these never end: {open:#?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Nothing is held, and what is gone was charged.
async fn every_credit_is_accounted_for(calls: &Calls, setups: &[SetupView]) {
    let charged: u64 = setups.iter().map(|setup| setup.charged_micro).sum();
    let began = Instant::now();
    loop {
        let balance = calls.ask(1, async |client: &ApiClient| client.balance().await).await;
        if let Some(balance) = &balance
            && balance.held_micro == 0
        {
            assert_eq!(FUNDS - balance.posted_micro, charged, "credits were lost or made");
            return;
        }
        assert!(began.elapsed() < END_WITHIN, "credits stay held: {balance:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// No package manager is at work, and the log of the machine holds.
async fn nothing_is_left_on_the_machine(machine: &Machine) {
    let began = Instant::now();
    while machine.apt.is_busy() {
        assert!(began.elapsed() < END_WITHIN, "something still works on a machine");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let verified = machine.desk.doctor(&["audit", "verify"]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
}

/// The attempts that began on a machine: each once, and none of an older epoch than one before.
fn every_attempt_began_once(machine: &Machine) -> BTreeSet<(String, String)> {
    let exported = machine.desk.doctor(&["audit", "export", "-"]);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let (mut begun, mut epochs) = (BTreeSet::new(), BTreeMap::<String, u64>::new());
    for record in records(&exported.stdout, "task.started") {
        let text = |name: &str| record["about"][name].as_str().unwrap_or_default().to_owned();
        let attempt = (text("task"), text("attempt"));
        assert!(begun.insert(attempt), "it began twice: {record}");
        let epoch: u64 = text("epoch").parse().unwrap();
        let newest = epochs.entry(text("setup")).or_default();
        assert!(*newest <= epoch, "an older server was obeyed: {record}");
        *newest = epoch;
    }
    begun
}

/// What the servers say has succeeded did begin on its machine.
fn every_result_was_kept(setups: &[SetupView], begun: &BTreeSet<(String, String)>) {
    let worked = |setup: &&SetupView| setup.state == "succeeded";
    for setup in setups.iter().filter(worked) {
        for step in
            setup.steps.iter().filter(|step| step.outcome == Some(d1_core::Outcome::Succeeded))
        {
            let task = d1_core::TaskId::of_step(setup.id, &step.id).to_string();
            let has_begun = begun.iter().any(|(known, _)| *known == task);
            assert!(has_begun, "nobody did {} of {}", step.id, setup.id);
            let has_receipt =
                setup.receipts.iter().any(|receipt| receipt.step.as_ref() == Some(&step.id));
            assert!(has_receipt, "the receipt of {} of {} is lost", step.id, setup.id);
        }
    }
}

/// The log of a server holds, through all its lives.
fn the_log_of_a_server_holds(place: &Place, cloud: &CloudDesk) {
    let exported = cloud.operate(&["audit", "export"], "");
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let file = cloud.desk().state("audit.jsonl");
    std::fs::write(&file, &exported.stdout).unwrap();
    let key = exported.stderr.lines().find_map(|line| line.strip_prefix("key: ")).unwrap();
    let verified =
        place.machines[0].desk.doctor(&["audit", "verify", file.to_str().unwrap(), "--key", key]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
}

/// Whatever a machine went through, it does what it is asked to now.
async fn every_machine_still_works(place: &Place, calls: &Calls) {
    for device in place.devices().await {
        let install = vec!["greeter".parse().unwrap()];
        let wish = CreateRequest { approve: true, ..CreateRequest::of(install, device) };
        // A busy server may take longer than an answer is waited for; by its key it is made once.
        let (key, began) = (format!("after the storm, {device}"), Instant::now());
        let made: SetupId = loop {
            let create = async |client: &ApiClient| client.create(&wish, Some(&key)).await;
            if let Some(setup) = calls.ask(2, create).await {
                break setup.id;
            }
            assert!(began.elapsed() < END_WITHIN, "nothing can be made on {device} any more");
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let ended = end_of(calls, 2, made).await.expect("it ends");
        assert!(["succeeded", "no_change"].contains(&ended.state.as_str()), "{ended:#?}");
    }
}

/// The records of this kind, in order.
fn records(log: &str, kind: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let records = lines.map(|line| line["record"].clone());
    records.filter(|record| record["kind"] == kind).collect()
}
