//! The cloud: what it lets in, what it refuses, and what it does not lose.

use crate::sharing::fleet::{end_of, eventually};
use d1_core::{Outcome, SetupId, StopMode};
use d1_protocol::{
    ApiClient, ClientError,
    api::{CancelRequest, CreateRequest},
};
use d1_world::{AptRoot, CloudDesk, Deb, Desk, finish, until};
use futures_util::StreamExt as _;
use std::{
    fs,
    process::{Command, Stdio},
};

fn code(error: ClientError) -> String {
    error.problem().code
}

#[tokio::test]
async fn nobody_gets_in_without_the_token() {
    let cloud = CloudDesk::start();
    let stranger = ApiClient::new(&cloud.http(), "another-token-entirely").unwrap();
    assert_eq!(code(stranger.devices().await.unwrap_err()), "D1-AUTH-001");
    assert_eq!(code(stranger.get(SetupId::generate()).await.unwrap_err()), "D1-AUTH-001");
    let friend = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    assert!(friend.devices().await.unwrap().devices.is_empty());
    assert_eq!(code(friend.get(SetupId::generate()).await.unwrap_err()), "D1-SETUP-001");
}

#[test]
fn whatever_is_asked_wrongly_is_answered_with_a_problem() {
    let cloud = CloudDesk::start();
    let token = format!("Authorization: Bearer {}", CloudDesk::TOKEN);
    for (method, path, body, status, code) in [
        ("GET", "/api/v1/setup/tasks/nonsense", "", "404", "D1-SETUP-001"),
        ("GET", "/api/v1/nothing-here", "", "404", "D1-API-003"),
        ("DELETE", "/api/v1/setup/tasks", "", "405", "D1-API-004"),
        ("POST", "/api/v1/setup/create", "not json", "422", "D1-API-001"),
        ("POST", "/api/v1/setup/create", "{\"install\":[\"x;y\"]}", "422", "D1-API-001"),
    ] {
        let url = format!("{}{path}", cloud.http());
        let args = ["-s", "-w", "\n%{http_code} %{content_type}", "-X", method, "-H", &token];
        let asked = Command::new("curl").args(args).args(["-d", body, &url]).output().unwrap();
        let answer = String::from_utf8(asked.stdout).unwrap();
        let (body, told) = answer.rsplit_once('\n').unwrap();
        assert_eq!(told, format!("{status} application/problem+json"), "{path}: {body}");
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["code"], code, "{path}");
    }
}

#[tokio::test]
async fn nothing_is_told_where_others_could_listen() {
    let desk = Desk::at_this_machine();
    let token = desk.state("token");
    fs::write(&token, CloudDesk::TOKEN).unwrap();
    let mut cloud = desk.program("d1-cloud");
    cloud.args(["--listen", "0.0.0.0:0", "--token-file"]).arg(&token);
    let ended = finish(cloud.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("let a proxy speak TLS"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_device_that_is_not_there_is_said() {
    let cloud = CloudDesk::start();
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = d1_core::DeviceId::generate();
    let install = vec!["single".parse().unwrap()];
    let request = CreateRequest { approve: true, ..CreateRequest::of(install, device) };
    assert_eq!(code(client.create(&request, None).await.unwrap_err()), "D1-DEVICE-001");
}

/// A machine whose package `slow` waits for the test, and the cloud that serves it.
struct Scene {
    apt: AptRoot,
    machine: Desk,
    begun: std::path::PathBuf,
    open: std::path::PathBuf,
}

impl Scene {
    fn new() -> Self {
        let apt = AptRoot::usual();
        let (begun, open) = (apt.path("root/begun"), apt.path("root/open"));
        let script = format!(
            "touch {}\nwhile [ ! -e {} ]; do sleep 0.02; done\n",
            begun.display(),
            open.display()
        );
        apt.add(&[Deb::new("slow", "1.0").postinst(script)]);
        let machine = Desk::at(&apt);
        Self { apt, machine, begun, open }
    }

    fn request(device: d1_core::DeviceId) -> CreateRequest {
        let install = vec!["slow".parse().unwrap()];
        CreateRequest { approve: true, ..CreateRequest::of(install, device) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_dies_in_the_middle_finds_its_setup_again() {
    let scene = Scene::new();
    let cloud = CloudDesk::start();
    let daemon = scene.machine.daemon(&cloud.daemon_args());
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await;
    let setup = client.create(&Scene::request(device), None).await.unwrap();
    until("the package is being set up", || scene.begun.exists());
    // The daemon goes on alone, and tells the new server when it is there.
    let _cloud = cloud.crash_and_restart();
    fs::write(&scene.open, "").unwrap();
    let _told: Vec<_> = client.follow(setup.id, 0).collect().await;
    assert_eq!(client.get(setup.id).await.unwrap().state, "succeeded");
    assert_eq!(scene.apt.installed(), "slow ii  1.0\n");
    assert_eq!(scene.apt.installations("slow"), 1);
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_dies_in_the_middle_tells_the_end_when_it_is_back() {
    let scene = Scene::new();
    let cloud = CloudDesk::start();
    let daemon = scene.machine.daemon(&cloud.daemon_args());
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await;
    let setup = client.create(&Scene::request(device), None).await.unwrap();
    until("the package is being set up", || scene.begun.exists());
    daemon.kill();
    fs::write(&scene.open, "").unwrap();
    let daemon = scene.machine.daemon(&cloud.daemon_args());
    let _told: Vec<_> = client.follow(setup.id, 0).collect().await;
    assert_eq!(client.get(setup.id).await.unwrap().state, "succeeded");
    assert_eq!(scene.apt.installations("slow"), 1);
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_stops_and_costs_nothing() {
    let scene = Scene::new();
    let cloud = CloudDesk::start();
    let daemon = scene.machine.daemon(&cloud.daemon_args());
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await;
    let setup = client.create(&Scene::request(device), None).await.unwrap();
    until("the package is being set up", || scene.begun.exists());
    client.cancel(setup.id, CancelRequest::of(StopMode::Kill)).await.unwrap();
    let _told: Vec<_> = client.follow(setup.id, 0).collect().await;
    let ended = client.get(setup.id).await.unwrap();
    assert_eq!((ended.state.as_str(), ended.charged_micro), ("cancelled", 0));
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_machine_did_that_was_given_up_is_heard_costs_nothing_and_can_be_taken_back() {
    let scene = Scene::new();
    let cloud = CloudDesk::start();
    let daemon = scene.machine.daemon(&cloud.daemon_args());
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await;
    let before = scene.apt.installed();
    let setup = client.create(&Scene::request(device), None).await.unwrap();
    until("the package is being set up", || scene.begun.exists());
    let give_up = CancelRequest { write_off: true, ..CancelRequest::of(StopMode::Now) };
    assert_eq!(code(client.cancel(setup.id, give_up).await.unwrap_err()), "D1-SETUP-019");
    daemon.kill();
    let away = eventually("the cloud knows that it is away", async || {
        client.cancel(setup.id, give_up).await.ok()
    });
    let lost = away.await;
    assert_eq!((lost.state.as_str(), lost.charged_micro), ("cancelled", 0));
    assert!(lost.steps.iter().any(|step| step.outcome == Some(Outcome::Lost)), "{lost:?}");
    assert_eq!(lost.receipts, []);
    fs::write(&scene.open, "").unwrap();
    let daemon = scene.machine.daemon(&cloud.daemon_args());
    let heard = eventually("it has told what it did", async || {
        let setup = client.get(setup.id).await.unwrap();
        (!setup.receipts.is_empty()).then_some(setup)
    });
    let heard = heard.await;
    assert_eq!((heard.state.as_str(), heard.charged_micro), ("cancelled", 0));
    assert_eq!(scene.apt.installations("slow"), 1);
    let undo = client.undo(setup.id).await.unwrap();
    assert_eq!(end_of(&client, undo.id).await.state, "succeeded");
    assert_eq!(scene.apt.installed(), before);
    assert_eq!(daemon.stop(), 0);
}
