//! A cloud and its daemons hold each other's heads: neither rewrites its log alone.

use super::{kinds, shown};
use d1_core::SetupId;
use d1_protocol::{ApiClient, api::CreateRequest};
use d1_world::{AptRoot, CloudDesk, Desk, PATIENCE, until};
use std::{
    fs,
    time::{Duration, Instant},
};

/// How many heads of others the machine has in its log.
fn heads_kept(machine: &Desk) -> usize {
    kinds(&shown(machine)).iter().filter(|kind| **kind == "peer.anchored").count()
}

async fn succeeded(client: &ApiClient, setup: SetupId) {
    let began = Instant::now();
    while client.get(setup).await.unwrap().state != "succeeded" {
        assert!(began.elapsed() < PATIENCE, "it never ended");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_cloud_and_a_daemon_prove_each_others_logs() {
    let apt = AptRoot::usual();
    let (cloud, machine) = (CloudDesk::start(), Desk::at(&apt));
    let daemon = machine.daemon(&cloud.daemon_args());
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await;
    let install = vec!["single".parse().unwrap()];
    let request = CreateRequest { approve: true, ..CreateRequest::of(install, device) };
    let setup = client.create(&request, None).await.unwrap();
    succeeded(&client, setup.id).await;
    // The next greeting brings what was done since the last one.
    assert_eq!(daemon.stop(), 0);
    let daemon = machine.daemon(&cloud.daemon_args());
    until("the machine has kept two heads of the cloud", || heads_kept(&machine) >= 2);
    let exported = cloud.operate(&["audit", "export"], "");
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let theirs = machine.state("cloud.jsonl");
    fs::write(&theirs, &exported.stdout).unwrap();
    let theirs = theirs.to_str().unwrap();

    // The machine's log holds, and the cloud has heads of it; the cloud's holds by the key that
    // the machine was told.
    let ours = machine.doctor(&["audit", "verify", "--anchor", theirs, "--json"]);
    assert_eq!(ours.code, 0, "{}", ours.stderr);
    assert!(ours.json()["log"]["anchors"].as_u64().unwrap() >= 2, "{}", ours.stdout);
    let verified = machine.doctor(&["audit", "verify", theirs, "--json"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    assert!(verified.json()["log"]["anchors"].as_u64().unwrap() >= 1, "{}", verified.stdout);

    // Who asked, who said yes, what was sent and what came of it, by the same names on both sides.
    let told: Vec<serde_json::Value> =
        exported.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| {
        let line = told.iter().find(|line| line["record"]["kind"] == kind);
        line.unwrap_or_else(|| panic!("no {kind} in {}", exported.stdout))["record"]["about"]
            .clone()
    };
    let id = setup.id.to_string();
    assert_eq!(of("setup.asked")["setup"], id);
    assert_eq!(of("setup.asked")["user"], "the development token");
    assert_eq!(of("setup.decided")["decision"], "approve");
    assert_eq!(of("task.dispatched")["task"], of("task.reported")["task"]);
    let here = shown(&machine);
    let begun = here.iter().find(|it| it["record"]["kind"] == "task.started").unwrap();
    assert_eq!(begun["record"]["about"]["task"], of("task.dispatched")["task"]);
    let by = begun["words"]["text"]["by"].as_str().unwrap();
    assert!(by.starts_with("the cloud ws://127.0.0.1:"), "{by}");

    // A cloud that cuts its log is found out by the head that the machine holds.
    let cut: String = exported.stdout.lines().take(2).map(|line| format!("{line}\n")).collect();
    fs::write(theirs, cut).unwrap();
    let missed = machine.doctor(&["audit", "verify", theirs]);
    assert_eq!(missed.code, 1, "{}", missed.stdout);
    assert!(missed.stderr.contains("gone from the end"), "{}", missed.stderr);
    assert_eq!(daemon.stop(), 0);
}
