//! Whichever server is asked, it is as if there were one.

use super::fleet::{Fleet, Machine, client, end_of, eventually, install};
use d1_core::StopMode;
use d1_protocol::{
    ApiClient, CreditsClient,
    api::{CancelRequest, DeviceView, QuoteQuery},
};
use d1_world::CloudDesk;

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_set_up_by_whichever_server_is_asked() {
    let (fleet, machine) = (Fleet::new(), Machine::new());
    let (here, elsewhere) = (fleet.server(), fleet.server());
    let daemon = machine.desk.daemon(&here.daemon_args());
    let asked = client(&elsewhere);
    let device = elsewhere.device(&asked).await;
    let view = asked.devices().await.unwrap();
    assert!(view.complete);
    // It is heard from between the one question and the other.
    let told = |devices: Vec<DeviceView>| {
        let still = |device| DeviceView { heard: 0, health: None, ..device };
        devices.into_iter().map(still).collect::<Vec<_>>()
    };
    let near = client(&here).devices().await.unwrap();
    assert_eq!(told(view.devices), told(near.devices));
    // What it would cost, over both protocols.
    let query = QuoteQuery { install: "greeter".to_owned(), from: None, device };
    let quote = asked.quote(&query).await.unwrap();
    let grpc = CreditsClient::new(&elsewhere.http(), CloudDesk::TOKEN).unwrap();
    assert_eq!(grpc.quote(&query).await.unwrap(), quote);
    // Made, followed to its end, and taken back there.
    let made = asked.create(&install("greeter", device, true), Some("once")).await.unwrap();
    let ended = end_of(&asked, made.id).await;
    assert_eq!((ended.state.as_str(), ended.charged_micro), ("succeeded", quote.most_micro));
    assert_eq!(end_of(&client(&here), made.id).await, ended);
    let undone = asked.undo(made.id).await.unwrap();
    assert_eq!(end_of(&asked, undone.id).await.state, "succeeded");
    assert!(!machine.apt.installed().contains("greeter"));
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_is_stopped_by_whichever_server_is_asked() {
    let (fleet, machine) = (Fleet::new(), Machine::new());
    let (here, elsewhere) = (fleet.server(), fleet.server());
    let daemon = machine.desk.daemon(&here.daemon_args());
    let asked = client(&elsewhere);
    let device = elsewhere.device(&asked).await;
    let made = client(&here).create(&install("slow", device, true), None).await.unwrap();
    machine.until_begun();
    asked.cancel(made.id, CancelRequest::of(StopMode::Kill)).await.unwrap();
    let ended = end_of(&asked, made.id).await;
    assert_eq!((ended.state.as_str(), ended.charged_micro), ("cancelled", 0));
    machine.go_on();
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_moves_is_found_where_it_came_to() {
    let (fleet, machine) = (Fleet::new(), Machine::new());
    let (first, second, third) = (fleet.server(), fleet.server(), fleet.server());
    let daemon = machine.desk.daemon(&first.daemon_args());
    let asked = client(&third);
    let device = third.device(&asked).await;
    assert_eq!(daemon.stop(), 0);
    let daemon = machine.desk.daemon(&second.daemon_args());
    let made = eventually("the machine is found again", async || {
        asked.create(&install("greeter", device, true), None).await.ok()
    })
    .await;
    assert_eq!(end_of(&asked, made.id).await.state, "succeeded");
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_known_to_one_server_is_known_to_all_and_their_machines_are_nobody_elses() {
    let (fleet, machine) = (Fleet::new(), Machine::new());
    let (here, elsewhere) = (fleet.server(), fleet.server());
    here.add_user("anna");
    elsewhere.add_user("bert");
    let linking = elsewhere.token_of("anna", "device:link");
    let file = machine.desk.state("annas-token");
    std::fs::write(&file, linking).unwrap();
    let url = here.http().replace("http://", "ws://");
    let args = ["--cloud", url.as_str(), "--token-file", file.to_str().unwrap()];
    let daemon = machine.desk.daemon(&args);
    let scopes = "setup:read setup:write device:read";
    let anna = ApiClient::new(&elsewhere.http(), &here.token_of("anna", scopes)).unwrap();
    let bert = ApiClient::new(&elsewhere.http(), &here.token_of("bert", scopes)).unwrap();
    let device = elsewhere.device(&anna).await;
    let request = install("greeter", device, false);
    assert_eq!(bert.devices().await.unwrap().devices, []);
    let refused = bert.create(&request, None).await.unwrap_err().problem();
    assert_eq!(refused.code, "D1-DEVICE-001");
    let made = anna.create(&request, None).await.unwrap();
    let stop = CancelRequest::of(StopMode::Now);
    assert_eq!(bert.cancel(made.id, stop).await.unwrap_err().problem().code, "D1-SETUP-001");
    assert_eq!(anna.get(made.id).await.unwrap().state, "awaiting approval");
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_a_server_is_answered_as_one() {
    let fleet = Fleet::new();
    let server = fleet.server();
    server.add_user("anna");
    let everything = "setup:read setup:write device:read device:link";
    let anna = format!("Authorization: Bearer {}", server.token_of("anna", everything));
    let dev = CloudDesk::bearer();
    let id = "00000000-0000-4000-8000-000000000000";
    for token in [&[][..], &["-H", dev.as_str()], &["-H", anna.as_str()]] {
        for (method, path) in [
            ("GET", format!("/node/v1/accounts/{id}/devices")),
            ("POST", format!("/node/v1/devices/{id}/question")),
            ("POST", format!("/node/v1/setups/{id}/wish")),
        ] {
            let args = [token, &["-X", method]].concat();
            let (head, body) = server.curl(&args, &path);
            assert!(head.starts_with("http/1.1 401"), "{path}: {head}");
            assert!(body.contains("D1-AUTH-001"), "{path}: {body}");
        }
    }
    // A server that is alone has no such doors.
    let alone = CloudDesk::start();
    let (head, _) = alone.curl(&["-H", &dev], &format!("/node/v1/accounts/{id}/devices"));
    assert!(head.starts_with("http/1.1 404"), "{head}");
}
