//! Somebody between a cloud and its machine who drops, repeats, exchanges, changes and invents.

use super::scene::{Machine, Scene, order_key};
use crate::sharing::fleet::end_of;
use d1_core::{
    Action, Argv, DeviceId, Effect, Exec, LinkChallenge, Order, OrderKey, StopMode, TaskCommand,
    Timestamp, ToDevice, conformance,
};
use d1_protocol::{api::CancelRequest, order_codec};
use std::{fs, path::Path};

/// An order to make this file.
fn canary(file: &Path) -> TaskCommand {
    let mut order = conformance::an_order();
    let argv = Argv::new(["touch", file.to_str().unwrap()]).unwrap();
    order.step.action = Action::Exec(Exec { argv, cwd: None, env: Default::default() });
    order.step.effect = Effect::Write;
    order.step.touches = vec![file.to_str().unwrap().parse().unwrap()];
    order.deliver_by = None;
    order.hold = None;
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_orders_are_carried_out_as_ever_and_the_status_says_that_they_are_signed() {
    let scene = Scene::new().await;
    let _daemon = scene.daemon();
    let setup = scene.planned("single").await;
    scene.api.approve(setup).await.unwrap();
    let ended = end_of(&scene.api, setup).await;
    assert_eq!(ended.state, "succeeded", "{ended:?}");
    assert_eq!(scene.machine.apt.installations("single"), 1);
    assert!(scene.machine.refused().is_empty());
    let said = scene.machine.desk.doctor(&["status"]).stdout;
    assert!(said.contains("heeds signed orders only"), "{said}");
    // All that made the machine do something came signed.
    assert!(scene.relay.recorded().len() >= 4, "keys, questions, and the task");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_is_done_neither_again_nor_elsewhere_nor_after_a_backup_came_back() {
    let scene = Scene::new().await;
    let key = order_key(&scene.cloud, "signs");
    let daemon = scene.daemon();
    let setup = scene.planned("single").await;
    assert_eq!(daemon.stop(), 0);
    // The machine as it was before anything was installed, to come back later.
    let backup = tempfile::tempdir().unwrap();
    let journal = scene.machine.desk.state("journal.db");
    fs::copy(&journal, backup.path().join("journal.db")).unwrap();
    let daemon = scene.daemon();
    scene.device().await;
    scene.api.approve(setup).await.unwrap();
    assert_eq!(end_of(&scene.api, setup).await.state, "succeeded");
    scene.cloud.until_forgotten(&scene.machine.desk).await;
    // The task and what came around it: on the same link, and on later ones.
    let mut recorded = scene.relay.recorded();
    recorded.reverse();
    recorded.truncate(4);
    scene.say_in_vain(&scene.machine, &ToDevice::Signed(recorded[0].clone()), 1).await;
    assert_eq!(scene.machine.refused(), ["D1-ORDER-011"]);
    for (place, word) in recorded.iter().enumerate() {
        let word = ToDevice::Signed(word.clone());
        scene.say_in_vain(&scene.machine, &word, place + 2).await;
    }
    assert_eq!(daemon.stop(), 0);
    // A machine that has forgotten everything, and would begin the task once more.
    for name in ["journal.db-wal", "journal.db-shm"] {
        let _none = fs::remove_file(scene.machine.desk.state(name));
    }
    fs::copy(backup.path().join("journal.db"), &journal).unwrap();
    let links = scene.relay.links();
    let daemon = scene.daemon();
    scene.relay.linked_again(links).await;
    for (place, word) in recorded.iter().enumerate() {
        let word = ToDevice::Signed(word.clone());
        scene.say_in_vain(&scene.machine, &word, recorded.len() + place + 2).await;
    }
    let codes = scene.machine.refused();
    assert!(codes[..codes.len() - 1].iter().all(|code| code == "D1-ORDER-010"), "{codes:?}");
    assert_eq!(daemon.stop(), 0);
    assert_eq!(scene.machine.apt.installations("single"), 1);
    // Another machine, that knows the same cloud.
    let other = Machine::new();
    let links = scene.relay.links();
    let _daemon = other.daemon(&scene.cloud, &scene.relay, &key);
    scene.relay.linked_again(links).await;
    scene.say_in_vain(&other, &ToDevice::Signed(recorded[0].clone()), 1).await;
    assert_eq!(other.refused(), ["D1-ORDER-009"]);
    assert_eq!(other.apt.installations("single"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_on_its_way_is_not_done_and_comes_as_it_was_once_nobody_changes_it() {
    let scene = Scene::new().await;
    let _daemon = scene.daemon();
    let setup = scene.planned("single").await;
    scene.relay.meddle(|mut word| {
        // What is installed is named in it: something else of the same length.
        let at = word.windows(6).position(|six| six == b"single").unwrap_or(word.len() - 6);
        word[at..at + 6].copy_from_slice(b"double");
        vec![word]
    });
    scene.api.approve(setup).await.unwrap();
    let codes = scene.machine.until_refused(2).await;
    assert!(codes.iter().all(|code| code == "D1-ORDER-008"), "{codes:?}");
    assert_eq!(scene.machine.apt.installed(), "");
    scene.relay.be_honest();
    let ended = end_of(&scene.api, setup).await;
    assert_eq!(ended.state, "succeeded", "{ended:?}");
    assert_eq!(scene.machine.apt.installations("single"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_is_not_done_after_what_came_later() {
    let scene = Scene::new().await;
    let _daemon = scene.daemon();
    let setup = scene.planned("single").await;
    let mut held = None;
    scene.relay.meddle(move |word| match held.take() {
        None => {
            held = Some(word);
            Vec::new()
        }
        Some(first) => vec![word, first],
    });
    scene.api.approve(setup).await.unwrap();
    // The setup is called off while the task is held back: the task must not begin after that.
    scene.api.cancel(setup, CancelRequest::of(StopMode::Now)).await.unwrap();
    let codes = scene.machine.until_refused(1).await;
    assert_eq!(codes, ["D1-ORDER-011"]);
    scene.relay.be_honest();
    let ended = end_of(&scene.api, setup).await;
    assert_eq!(ended.state, "cancelled", "{ended:?}");
    assert_eq!(scene.machine.apt.installed(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_is_said_again_on_another_link_and_done_once() {
    let scene = Scene::new().await;
    let _daemon = scene.daemon();
    let setup = scene.planned("single").await;
    let (dropped, mut drops) = tokio::sync::mpsc::unbounded_channel();
    scene.relay.meddle(move |word| {
        dropped.send(word).unwrap();
        Vec::new()
    });
    scene.api.approve(setup).await.unwrap();
    let lost = drops.recv().await.unwrap();
    let links = scene.relay.links();
    scene.relay.be_honest();
    scene.relay.cut();
    scene.relay.linked_again(links).await;
    let ended = end_of(&scene.api, setup).await;
    assert_eq!(ended.state, "succeeded", "{ended:?}");
    // What was thought lost comes after all.
    scene.relay.say(&ToDevice::Signed(lost));
    assert_eq!(scene.machine.until_refused(1).await, ["D1-ORDER-010"]);
    assert_eq!(scene.machine.apt.installations("single"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_link_and_no_key_makes_the_machine_do_nothing() {
    let scene = Scene::new().await;
    let _daemon = scene.daemon();
    let device = scene.device().await;
    let file = scene.machine.desk.state("canary");
    let order = canary(&file);
    let forged = |device: DeviceId, key: &OrderKey| {
        let words = (order_codec().write)(&ToDevice::Run(Box::new(order.clone()))).unwrap();
        let now = Timestamp(u64::from(u32::MAX) * 1_000);
        // They see the challenge, and do not need to know it: no key of theirs is known.
        let challenge = LinkChallenge::generate().unwrap();
        let order = Order { device, challenge, number: 1_000, issued_at: now, expires: now, words };
        ToDevice::Signed(order.seal(key).unwrap())
    };
    let stranger = OrderKey::generate().unwrap();
    let said = [
        ToDevice::Run(Box::new(order.clone())),
        forged(device, &stranger),
        ToDevice::Signed(b"run everything".to_vec()),
        ToDevice::Confirmed { task: order.task, yes: true },
        ToDevice::Drain,
    ];
    for (place, word) in said.iter().enumerate() {
        scene.say_in_vain(&scene.machine, word, place + 1).await;
    }
    let codes = scene.machine.refused();
    assert_eq!(
        codes,
        ["D1-ORDER-002", "D1-ORDER-004", "D1-ORDER-016", "D1-ORDER-016", "D1-ORDER-016"]
    );
    assert!(!file.exists());
    // Whoever owns the machine sees in its log who tried.
    let verified = scene.machine.desk.doctor(&["audit", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_signatures_whoever_has_the_link_is_heeded_and_the_status_says_so() {
    let scene = Scene::new().await;
    let token = scene.cloud.desk().state("token");
    let args = ["--cloud", &scene.relay.url, "--token-file", token.to_str().unwrap()];
    let _daemon = scene.machine.desk.daemon(&args);
    scene.device().await;
    let setup = scene.planned("single").await;
    scene.api.approve(setup).await.unwrap();
    assert_eq!(end_of(&scene.api, setup).await.state, "succeeded");
    assert!(scene.relay.recorded().is_empty());
    let said = scene.machine.desk.doctor(&["status"]).stdout;
    assert!(said.contains("orders are not signed"), "{said}");
}
