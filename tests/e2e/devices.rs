//! The devices of an account, as `d1-doctor devices` tells of them.

use d1_core::DeviceId;
use d1_protocol::{ApiClient, api::CreateRequest};
use d1_world::{AptRoot, CloudDesk, Desk, PATIENCE, Ran};
use std::time::Duration;

fn doctor(cloud: &CloudDesk, args: &[&str]) -> Ran {
    let (http, token) = (cloud.http(), cloud.desk().state("token"));
    let who = ["--cloud", &http, "--token-file", token.to_str().unwrap()];
    cloud.desk().doctor(&[&["devices"], args, &who].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_listed_with_what_was_measured_of_them() {
    let cloud = CloudDesk::start();
    assert!(doctor(&cloud, &[]).stdout.starts_with("no device is linked"));
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let machine = Desk::at_this_machine();
    let _daemon = machine.daemon(&cloud.daemon_args());
    let measured = async {
        loop {
            let devices = client.devices().await.unwrap().devices;
            match devices.into_iter().find_map(|device| device.health) {
                Some(health) if health.vitals.memory_total_bytes > 0 => return health,
                Some(_) | None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    let health = tokio::time::timeout(PATIENCE, measured).await.unwrap();
    assert!(health.vitals.memory_available_bytes < health.vitals.memory_total_bytes);
    assert!(health.vitals.own_memory_bytes > 1_000_000, "{health:?}");
    let device = cloud.device(&client).await;
    let told = doctor(&cloud, &[]).stdout;
    assert!(told.starts_with(&format!("{device}  ")), "{told}");
    assert!(told.contains("by token, linked now\n  idle · load "), "{told}");
    assert!(told.contains(" memory free · ") && told.contains(" disk free"), "{told}");
    let document = doctor(&cloud, &["--json"]).json();
    assert_eq!(document["schema"], "d1.devices.v1");
    assert!(document["devices"][0]["health"]["memory_total_bytes"].as_u64() > Some(0));
}

/// A setup that waits for a machine that was there and is gone.
async fn left_waiting(cloud: &CloudDesk, client: &ApiClient) -> (DeviceId, d1_core::SetupId) {
    let apt = AptRoot::usual();
    let machine = Desk::at(&apt);
    let daemon = machine.daemon(&cloud.daemon_args());
    let device = cloud.device(client).await;
    let wish = CreateRequest::of(vec!["greeter".parse().unwrap()], device);
    let made = client.create(&wish, None).await.unwrap();
    assert_eq!(daemon.stop(), 0);
    assert!(client.approve(made.id).await.unwrap().waits_until.is_some());
    (device, made.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_device_is_shown_and_ended_after_a_yes() {
    let cloud = CloudDesk::start();
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let (device, setup) = left_waiting(&cloud, &client).await;
    let name = device.to_string();
    let state = async || client.get(setup).await.unwrap().state;

    let preview = doctor(&cloud, &["purge", &name[..8], "--dry-run"]);
    let first = format!("1 setup waits for {device}\n  {}  install greeter", setup.short());
    assert!(preview.stdout.starts_with(&first), "{}", preview.stdout);
    let document = doctor(&cloud, &["purge", &name, "--dry-run", "--json"]).json();
    assert_eq!(document["schema"], "d1.purge_preview.v1");
    assert_eq!(document["setups"][0]["id"], setup.to_string());
    let refused = doctor(&cloud, &["purge", &name]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("D1-INPUT-001"), "{}", refused.stderr);
    assert_eq!(state().await, "running", "nobody said yes");

    let ended = doctor(&cloud, &["purge", &name[..8], "--yes", "--json"]).json();
    assert_eq!(
        (&ended["schema"], &ended["setups"]),
        (&"d1.purged.v1".into(), &[setup.to_string()][..].into())
    );
    assert_eq!(state().await, "cancelled");
    assert_eq!(client.balance().await.unwrap().held_micro, 0);
    let nothing = doctor(&cloud, &["purge", &name]);
    assert_eq!(
        (nothing.code, nothing.stdout),
        (0, format!("nothing waits for {device}\nnothing was ended\n"))
    );
    let stranger = doctor(&cloud, &["purge", &DeviceId::generate().to_string(), "--yes"]);
    assert!(stranger.code != 0 && stranger.stderr.contains("D1-API-003"), "{}", stranger.stderr);
}
