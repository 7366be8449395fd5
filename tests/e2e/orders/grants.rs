//! A machine whose owner wants plans signed by a person, and clouds that would like to do without.

use super::{
    rogue::{Prey, Rogue},
    scene::{Machine, Scene, order_key},
};
use crate::{
    sharing::fleet::end_of,
    terminal::{Terminal, line},
};
use d1_core::Clock as _;
use d1_core::{
    Action, AnnouncedKey, DeviceId, Digest, Effect, File, FileChange, KeyStage, OrderKey,
    OrderKeySet, Outcome, PlanGrant, RequestId, SealedGrant, SetupId, SystemClock, TaskCommand,
    TaskId, TaskResult, Timestamp, ToDevice, UserKey, WaitingTask, conformance,
};
use d1_executor::UserKeyFile;
use d1_world::{Desk, until};
use std::{fs, path::Path};

/// What the owner of the machine has written down.
fn owned(machine: &Machine, policy: &str) {
    let folder = machine.desk.state(".config/d1-doctor");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("policy.toml"), policy).unwrap();
}

/// The key of a person, made at their own desk and trusted at the machine.
fn person(desk: &Desk, machine: &Machine) -> UserKey {
    let made = desk.doctor(&["keys", "make", "--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let key = made.json()["key"].as_str().unwrap().to_owned();
    let trusted = machine.desk.doctor(&["keys", "trust", &key, "--name", "ada", "--yes"]);
    assert_eq!(trusted.code, 0, "{}", trusted.stderr);
    UserKeyFile::at(desk.state("user-key.json")).load().unwrap().unwrap()
}

/// An order to write this file, which is said to only look.
fn canary(file: &Path) -> TaskCommand {
    let mut order = conformance::an_order();
    let change = FileChange::Write { content: "sings".into(), mode: None };
    order.step.action =
        Action::File(File { path: file.to_str().unwrap().parse().unwrap(), change });
    order.step.effect = Effect::Read;
    order.step.touches = Vec::new();
    order.step.network = Vec::new();
    (order.deliver_by, order.hold) = (None, None);
    order
}

fn grant_of(order: &TaskCommand, device: DeviceId) -> PlanGrant {
    let issued_at = Timestamp(SystemClock::new().now().0 / 1_000 * 1_000);
    PlanGrant {
        id: *TaskId::generate().as_bytes(),
        device,
        setup: order.setup,
        plan: order.plan,
        steps: vec![order.step.digest()],
        issued_at,
        expires: issued_at.after(PlanGrant::LIFE),
    }
}

fn with(order: &TaskCommand, grant: SealedGrant) -> TaskCommand {
    TaskCommand { grant: Some(grant), ..order.clone() }
}

fn refused_by(result: &TaskResult, code: &str) {
    let why = result.problem.as_ref().map(|problem| problem.code.as_str());
    assert_eq!((result.outcome, why), (Outcome::DeniedByPolicy, Some(code)), "{result:?}");
}

/// What a cloud with all its keys may try, and by which code each comes to nothing.
async fn tries(prey: &mut Prey, file: &Path, person: &UserKey) {
    let device = prey.device;
    let now = SystemClock::new().now();
    let hours = |hours: u64| Timestamp((now.0 / 1_000 + hours * 3_600) * 1_000);
    type Change = fn(&mut PlanGrant);
    let changes: [(Change, &str); 5] = [
        (|it| it.device = DeviceId::generate(), "D1-GRANT-007"),
        (|it| it.setup = SetupId::generate(), "D1-GRANT-008"),
        (|it| it.plan = Digest::of(b"another plan"), "D1-GRANT-009"),
        (|it| it.steps = vec![Digest::of(b"another step")], "D1-GRANT-010"),
        (|it| it.expires = it.issued_at.after(2 * PlanGrant::LIFE), "D1-GRANT-013"),
    ];
    for (change, code) in changes {
        let order = canary(file);
        let mut grant = grant_of(&order, device);
        change(&mut grant);
        refused_by(&prey.order(&with(&order, grant.seal(person).unwrap())).await, code);
    }
    // Long ago, and in a while: as a person might have signed it.
    let order = canary(file);
    let mut grant = grant_of(&order, device);
    grant.issued_at = Timestamp(hours(0).0 - 2 * 3_600_000);
    grant.expires = grant.issued_at.after(PlanGrant::LIFE);
    refused_by(&prey.order(&with(&order, grant.seal(person).unwrap())).await, "D1-GRANT-011");
    let order = canary(file);
    let mut grant = grant_of(&order, device);
    grant.issued_at = hours(2);
    grant.expires = grant.issued_at.after(PlanGrant::LIFE);
    refused_by(&prey.order(&with(&order, grant.seal(person).unwrap())).await, "D1-GRANT-012");
    // By a key of its own, by none, and by one that signs orders.
    let order = canary(file);
    let own = UserKey::generate().unwrap();
    let grant = grant_of(&order, device).seal(&own).unwrap();
    refused_by(&prey.order(&with(&order, grant)).await, "D1-GRANT-004");
    refused_by(&prey.order(&canary(file)).await, "D1-GRANT-001");
    // What a person signed, changed by a little.
    let signed = canary(file);
    let grant = grant_of(&signed, device).seal(person).unwrap();
    let mut other = with(&signed, grant.clone());
    other.step.title += " ";
    refused_by(&prey.order(&other).await, "D1-GRANT-010");
    let mut bytes = grant.as_bytes().to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let order = canary(file);
    let changed = SealedGrant::new(bytes).unwrap();
    refused_by(&prey.order(&with(&order, changed)).await, "D1-GRANT-006");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_with_all_its_keys_makes_a_machine_do_nothing_that_a_person_has_to_sign() {
    let (machine, ada) = (Machine::new(), Desk::at_this_machine());
    owned(&machine, "[orders]\nsignature = 'own'\n");
    let person = person(&ada, &machine);
    let outside = tempfile::tempdir_in("/var/tmp").unwrap();
    let file = outside.path().join("canary");
    let key = OrderKey::generate().unwrap();
    let rogue = Rogue::new(key.clone()).await;
    let token = machine.desk.state("token");
    fs::write(&token, "anything\n").unwrap();
    let (url, known) = (rogue.url(), key.public().to_string());
    let args = ["--cloud", &url, "--token-file", token.to_str().unwrap()];
    let args = [&args[..], &["--orders", "signed", "--order-key", &known]].concat();
    let _daemon = machine.desk.daemon(&args);
    let mut prey = rogue.prey().await;
    tries(&mut prey, &file, &person).await;
    // Keys of its own, announced as the keys of a cloud are, take nothing away.
    let stage = KeyStage::Active;
    let announced = |key: &OrderKey| AnnouncedKey { key: key.public(), stage, since: Timestamp(1) };
    let as_order_key = OrderKey::from_seed(&person.seed());
    let keys = vec![announced(&key), announced(&as_order_key)];
    prey.say(&ToDevice::OrderKeys(OrderKeySet { version: u64::MAX, keys })).await;
    refused_by(&prey.order(&canary(&file)).await, "D1-GRANT-001");
    // Nor does its own yes.
    let order = canary(&file);
    let (request, what) = (RequestId::generate(), WaitingTask::of(&order));
    prey.say(&ToDevice::Decide { request, task: order.task, what, yes: true }).await;
    assert_eq!(prey.refused().await, "D1-RISK-004");
    prey.say(&ToDevice::Confirmed { task: order.task, yes: true }).await;
    assert!(!file.exists());
    // What the person signed is done, once.
    let order = canary(&file);
    let signed = with(&order, grant_of(&order, prey.device).seal(&person).unwrap());
    assert_eq!(prey.order(&signed).await.outcome, Outcome::Succeeded);
    assert_eq!(fs::read_to_string(&file).unwrap(), "sings");
    fs::remove_file(&file).unwrap();
    for (attempt, epoch) in [(1, 1), (2, 1), (7, 7)] {
        let again = TaskCommand { attempt, epoch, ..signed.clone() };
        prey.order(&again).await;
        let elsewhere = TaskCommand { task: TaskId::generate(), ..again };
        refused_by(&prey.order(&elsewhere).await, "D1-GRANT-014");
    }
    assert!(!file.exists(), "it was done twice");
    let status = machine.desk.doctor(&["status"]).stdout;
    assert!(status.contains("signature of a person"), "{status}");
    let verified = machine.desk.doctor(&["audit", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_what_the_cloud_shows_and_the_machine_does_it() {
    let (scene, ada) = (Scene::new().await, Desk::at_this_machine());
    owned(&scene.machine, "[orders]\nsignature = 'system'\n");
    let _key = person(&ada, &scene.machine);
    let _daemon = scene.daemon();
    let setup = scene.planned("single").await;
    let shown = scene.api.get(setup).await.unwrap();
    assert_eq!(shown.asks.map(|asks| asks.code).as_deref(), Some("D1-GRANT-001"));
    // A yes at the cloud is none here.
    scene.api.approve(setup).await.unwrap();
    assert_eq!(end_of(&scene.api, setup).await.state, "failed");
    assert_eq!(scene.machine.apt.installed(), "");
    let token = scene.cloud.desk().state("token");
    let (http, token) = (scene.cloud.http(), token.to_str().unwrap().to_owned());
    let id = setup.to_string();
    let args = ["setups", "sign", &id, "--cloud", &http, "--token-file", &token];
    // Whoever has no terminal signs nothing.
    let blind = ada.doctor(&args);
    assert_eq!((blind.code, blind.stderr.contains("D1-INPUT-001")), (2, true), "{}", blind.stderr);
    let terminal = Terminal::open(&ada, 100, 60);
    let script = ada.state("sign.sh");
    fs::write(&script, format!("{}\necho code=$?\n", line(&ada, &args.join(" ")))).unwrap();
    terminal.run(&format!("sh {}", script.display()));
    until("the plan is shown", || terminal.everything().contains("Sign exactly this"));
    assert_eq!(scene.machine.apt.installed(), "");
    terminal.run("y");
    until("it is signed", || terminal.everything().contains("code=0"));
    let ended = end_of(&scene.api, setup).await;
    assert_eq!(ended.state, "succeeded", "{ended:?}");
    assert_eq!(scene.machine.apt.installations("single"), 1);
    // The key of a person is none of the cloud, and the other way round.
    assert_ne!(order_key(&scene.cloud, "signs"), ada.doctor(&["keys", "list"]).stdout);
}

#[test]
fn a_key_is_trusted_by_whoever_owns_the_machine_and_that_is_on_record() {
    let (machine, ada) = (Machine::new(), Desk::at_this_machine());
    let key = person(&ada, &machine).public().to_string();
    let listed = machine.desk.doctor(&["keys", "list", "--json"]).json();
    assert_eq!(listed["people"][0]["key"].as_str(), Some(key.as_str()));
    let again = machine.desk.doctor(&["keys", "trust", &key, "--yes"]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    let blind = machine.desk.doctor(&["keys", "trust", &"0".repeat(64)]);
    assert_eq!(blind.code, 2, "{}", blind.stderr);
    let made_again = ada.doctor(&["keys", "make"]);
    assert_eq!(made_again.code, 2, "{}", made_again.stderr);
    assert!(made_again.stderr.contains("already"), "{}", made_again.stderr);
    let gone = machine.desk.doctor(&["keys", "distrust", &key]);
    assert_eq!(gone.code, 0, "{}", gone.stderr);
    let shown = machine.desk.doctor(&["audit", "show", "--json"]).json();
    let records = shown["records"].as_array().unwrap().iter().map(|it| &it["record"]);
    let became: Vec<_> = records
        .filter(|record| record["kind"] == "user.key")
        .map(|record| (record["about"]["key"].clone(), record["about"]["became"].clone()))
        .collect();
    let told = |what: &str| (key.as_str().into(), what.into());
    assert_eq!(became, [told("trusted"), told("distrusted")]);
}
