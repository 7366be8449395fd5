//! What a daemon finds wrong with its machine is known to its users and to its cloud.

use d1_core::Verdict;
use d1_protocol::ApiClient;
use d1_world::{CloudDesk, Desk, PATIENCE, until};
use std::time::Duration;

#[test]
fn status_tells_what_the_daemon_found() {
    let desk = Desk::at_this_machine();
    let status = || desk.doctor(&["status", "--json"]).json();
    assert_eq!(status()["doctor"], serde_json::Value::Null);
    let _daemon = desk.daemon(&["--look-every", "1"]);
    until("the daemon has looked", || status()["doctor"]["looked_at"].is_u64());
    let doctor = status()["doctor"].clone();
    let symptoms = doctor["symptoms"].as_array().unwrap().len() as u64;
    let sum = doctor["wrong"].as_u64().unwrap() + doctor["to_look_at"].as_u64().unwrap();
    assert_eq!(sum, symptoms);
    let text = desk.doctor(&["status"]).stdout;
    assert!(text.contains("(looked now)"), "{text}");
    assert!(!text.contains("has not looked yet"), "{text}");
}

#[tokio::test]
async fn a_cloud_is_told_what_is_wrong_with_its_devices() {
    let cloud = CloudDesk::start();
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let desk = Desk::at_this_machine()
        .with("https_proxy", "http://one.example:3128")
        .with("HTTPS_PROXY", "http://two.example:3128");
    let _daemon = desk.daemon(&[&cloud.daemon_args()[..], &["--look-every", "1"]].concat());
    let found = async {
        loop {
            let devices = client.devices().await.unwrap().devices;
            let health = devices.into_iter().find_map(|device| device.health);
            let symptoms = health.map(|health| health.symptoms).unwrap_or_default();
            let proxy = symptoms.into_iter().find(|symptom| symptom.check.as_str() == "net.proxy");
            match proxy {
                Some(proxy) => return proxy,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    let symptom = tokio::time::timeout(PATIENCE, found).await.unwrap();
    assert_eq!(symptom.verdict, Verdict::Warn);
    assert_eq!(symptom.summary, "some programs take one way to the network, some another");
}
