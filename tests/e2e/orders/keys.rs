//! The keys of orders come and go, and machines know.

use super::scene::{Machine, Scene, order_key, order_keys};
use crate::{enrolment::scene as enrolling, sharing::fleet::end_of};
use d1_world::{CloudDesk, Desk, Server};
use serde_json::Value;

/// The keys that a machine knows, and those that it knows to be withdrawn.
fn known(machine: &Machine) -> (Vec<String>, Vec<String>) {
    let listed = machine.desk.doctor(&["keys", "list", "--json"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    let cloud = &listed.json()["clouds"][0];
    let texts = |all: &Value, name: Option<&str>| -> Vec<String> {
        let text = |it: &Value| name.map_or(it, |name| &it[name]).as_str().unwrap().to_owned();
        all.as_array().unwrap().iter().map(text).collect()
    };
    (texts(&cloud["keys"], Some("key")), texts(&cloud["withdrawn"], None))
}

/// The keys that the audit log of a machine says were believed in, each time.
fn pinned(desk: &Desk) -> Vec<String> {
    let shown = desk.doctor(&["audit", "show", "--limit", "1000", "--json"]).json();
    let records = shown["records"].as_array().unwrap().iter().map(|it| &it["record"]);
    let pinned = records.filter(|record| record["kind"] == "key.pinned");
    pinned.map(|record| record["about"]["keys"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_daemon_is_started_with_is_on_record_once() {
    let scene = Scene::new().await;
    let key = order_key(&scene.cloud, "signs");
    for _ in 0..2 {
        assert_eq!(scene.daemon().stop(), 0);
    }
    let pinned = pinned(&scene.machine.desk);
    assert_eq!(pinned.iter().filter(|keys| **keys == key).count(), 1, "{pinned:?}");
}

async fn installs(scene: &Scene, thing: &str) {
    let setup = scene.planned(thing).await;
    scene.api.approve(setup).await.unwrap();
    let ended = end_of(&scene.api, setup).await;
    assert_eq!(ended.state, "succeeded", "{ended:?}");
}

fn operate(cloud: &CloudDesk, args: &[&str]) {
    let ran = cloud.operate(args, "");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_learns_the_next_keys_by_the_word_of_those_it_knows() {
    let mut scene = Scene::new().await;
    let first = order_key(&scene.cloud, "signs");
    let _daemon = scene.daemon();
    installs(&scene, "single").await;
    let all: Vec<String> = order_keys(&scene.cloud).into_iter().map(|(key, _)| key).collect();
    assert_eq!(known(&scene.machine), (all.clone(), Vec::new()));
    // Twice, as when a machine sleeps through a rotation: the one that signs then is not known.
    operate(&scene.cloud, &["order-keys", "rotate"]);
    operate(&scene.cloud, &["order-keys", "rotate"]);
    let signs = order_key(&scene.cloud, "signs");
    assert!(!all.contains(&signs));
    scene.cloud = scene.cloud.crash_and_restart();
    installs(&scene, "greeter").await;
    assert!(known(&scene.machine).0.contains(&signs));
    operate(&scene.cloud, &["order-keys", "withdraw", &first]);
    scene.cloud = scene.cloud.crash_and_restart();
    let undone = scene.planned("greeter").await;
    assert!(scene.api.get(undone).await.is_ok());
    let (good, withdrawn) = known(&scene.machine);
    assert!(!good.contains(&first));
    assert_eq!(withdrawn, [first]);
    assert!(scene.machine.refused().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_is_forgotten_here_is_not_heeded_from_that_moment_on() {
    let scene = Scene::new().await;
    let _daemon = scene.daemon();
    let setup = scene.planned("single").await;
    let forgotten = scene.machine.desk.doctor(&["keys", "forget-cloud", &scene.relay.url]);
    assert_eq!(forgotten.code, 0, "{}", forgotten.stderr);
    scene.api.approve(setup).await.unwrap();
    let codes = scene.machine.until_refused(1).await;
    assert_eq!(codes[0], "D1-ORDER-004");
    assert_eq!(scene.machine.apt.installed(), "");
    assert!(known(&scene.machine).0.is_empty());
    let again = scene.machine.desk.doctor(&["keys", "forget-cloud", &scene.relay.url]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    let said = scene.machine.desk.doctor(&["status"]).stdout;
    assert!(said.contains("heeds signed orders only"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_orders_are_not_asked_for_without_a_key_to_know_them_by() {
    let scene = Scene::new().await;
    let token = scene.cloud.desk().state("token");
    let args = ["--cloud", &scene.relay.url, "--token-file", token.to_str().unwrap()];
    let args = [&args[..], &["--orders", "signed"]].concat();
    let refused = Server::try_start(scene.machine.desk.program("d1-daemon"), &args, "ready on");
    let said = refused.unwrap_err();
    assert!(said.contains("no key is known") && said.contains("--order-key"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_enrols_knows_the_keys_of_its_cloud_and_heeds_nothing_else() {
    let cloud = enrolling::cloud(86_400);
    let machine = enrolling::Machine::enrolled(&cloud);
    let listed = machine.desk.doctor(&["keys", "list"]).stdout;
    let pinned = pinned(&machine.desk);
    assert_eq!(pinned.len(), 1, "{pinned:?}");
    for (key, _) in order_keys(&cloud) {
        assert!(listed.contains(&key) && pinned[0].contains(&key), "{listed}, {pinned:?}");
    }
    let _daemon = machine.daemon();
    enrolling::eventually("the device is linked", || enrolling::linked(&cloud).len() == 1).await;
    let said = machine.desk.doctor(&["status"]).stdout;
    assert!(said.contains("heeds signed orders only"), "{said}");
}
