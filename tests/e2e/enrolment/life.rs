//! The life of a device: it enrols, links, renews, recovers, and is shut out.

use super::scene::{Machine, cloud, enrolments, eventually, invite, linked, revoke, with_door};
use crate::sharing::fleet::{client, end_of, install};
use d1_world::{CloudDesk, Desk};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

#[tokio::test(flavor = "multi_thread")]
async fn a_device_enrols_links_by_its_certificate_and_is_set_up() {
    let cloud = cloud(86_400);
    let machine = Machine::enrolled(&cloud);
    let _daemon = machine.daemon();
    let api = client(&cloud);
    let device = cloud.device(&api).await;
    assert_eq!(device.to_string(), machine.device());
    assert_eq!(linked(&cloud)[0]["certified"], json!(true));
    let made = api.create(&install("single", device, true), None).await.unwrap();
    let ended = end_of(&api, made.id).await;
    assert_eq!(ended.state, "succeeded", "{ended:?}");
    assert_eq!(machine.standing(), json!("linked"));
    let text = machine.desk.doctor(&["status"]).stdout;
    assert!(text.contains("cloud      wss://127.0.0.1:"), "{text}");
    assert!(
        text.contains(" · linked (") && text.contains(" · certificate good for 23 h"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_has_is_private_and_what_others_could_read_is_not_used() {
    let cloud = cloud(86_400);
    let machine = Machine::enrolled(&cloud);
    let file = machine.desk.state("enrolment.json");
    let mode = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    mode(0o644);
    let refused = d1_world::Server::try_start(machine.desk.program("d1-daemon"), &[], "ready on");
    let said = refused.unwrap_err();
    assert!(said.contains("is not private to this user"), "{said}");
    let said = machine.desk.doctor(&["status"]).stdout;
    assert!(said.contains("is not private to this user"), "{said}");
    mode(0o600);
    let other = machine.desk.state("other.json");
    std::fs::rename(&file, &other).unwrap();
    std::os::unix::fs::symlink(&other, &file).unwrap();
    let refused = d1_world::Server::try_start(machine.desk.program("d1-daemon"), &[], "ready on");
    assert!(refused.unwrap_err().contains("cannot read"));
    std::fs::rename(&other, &file).unwrap();
    drop(machine.daemon());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_enrols_one_machine_and_a_wrong_authority_is_told_nothing() {
    let cloud = cloud(86_400);
    let (machine, mut invitation) = (Machine::new(), invite(&cloud));
    let right = invitation.authority.clone();
    invitation.authority = "0".repeat(64);
    let ran = machine.enrol(&invitation);
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("who answers there is not the cloud of this authority"),
        "{}",
        ran.stderr
    );
    assert!(!machine.desk.state("enrolment.json").exists());
    assert!(enrolments(&cloud).is_empty());
    // The token was not sent: it is as good as before.
    invitation.authority = right;
    assert_eq!(machine.enrol(&invitation).code, 0);
    let again = machine.enrol(&invitation);
    let stays = format!("enrolled at {} as before", invitation.link);
    assert!(again.code == 6 && again.stderr.contains(&stays), "{}", again.stderr);
    let second = Machine::new().enrol(&invitation);
    assert_eq!(second.code, 6, "{}", second.stderr);
    assert!(second.stderr.contains("D1-ENROL-004"), "{}", second.stderr);
    assert_eq!(enrolments(&cloud).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_over_and_over_and_the_device_stays() {
    let cloud = cloud(8);
    let machine = Machine::enrolled(&cloud);
    let _daemon = machine.daemon();
    let generation = || enrolments(&cloud)[0]["generation"].as_u64().unwrap();
    eventually("the fourth certificate is there", || generation() >= 4).await;
    eventually("the device is linked", || linked(&cloud).len() == 1).await;
    assert_eq!(enrolments(&cloud)[0]["state"], json!("active"));
    assert!(machine.papers()["generation"].as_u64().unwrap() >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_whose_certificate_is_over_recovers_by_itself() {
    let cloud = cloud(4);
    let machine = Machine::enrolled(&cloud);
    eventually("its certificate is over", || {
        let ends = enrolments(&cloud)[0]["ends"].as_u64().unwrap();
        let now = d1_core::Clock::now(&d1_core::SystemClock::new());
        now.0 > ends
    })
    .await;
    let _daemon = machine.daemon();
    eventually("the device is linked", || linked(&cloud).len() == 1).await;
    assert!(enrolments(&cloud)[0]["generation"].as_u64().unwrap() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_loses_its_link_and_comes_back_only_by_another_token() {
    let cloud = cloud(86_400);
    let machine = Machine::enrolled(&cloud);
    let _daemon = machine.daemon();
    eventually("the device is linked", || linked(&cloud).len() == 1).await;
    assert_eq!(revoke(&cloud, &d1_core::DeviceId::generate().to_string()), 404);
    assert_eq!(revoke(&cloud, &machine.device()), 204);
    eventually("the link is closed", || linked(&cloud).is_empty()).await;
    eventually("the machine knows why", || machine.standing() == json!("refused")).await;
    let text = machine.desk.doctor(&["status"]).stdout;
    assert!(text.contains("refused: this device's identity was taken back"), "{text}");
    assert!(linked(&cloud).is_empty());
    let ran = machine.enrol(&invite(&cloud));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    eventually("the device is linked again", || linked(&cloud).len() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_identity_is_locked_out_with_its_original_and_the_audit_log_says_so() {
    let cloud = cloud(8);
    let machine = Machine::enrolled(&cloud);
    let copy = machine.copied();
    let _daemon = machine.daemon();
    eventually("the original has renewed", || machine.papers()["generation"] != json!(1)).await;
    let _copied = copy.daemon();
    eventually("both are locked", || enrolments(&cloud)[0]["state"] == json!("locked")).await;
    eventually("neither is linked", || linked(&cloud).is_empty()).await;
    eventually("the copy knows", || copy.standing() == json!("refused")).await;
    eventually("the original knows", || machine.standing() == json!("refused")).await;
    let log = cloud.operate(&["audit", "export"], "").stdout;
    let locked: Vec<_> = log.lines().filter(|line| line.contains("device.locked")).collect();
    assert!(locked.len() == 1 && locked[0].contains(&machine.device()), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_comes_back_to_a_server_that_was_killed_and_started_again() {
    let cloud = cloud(86_400);
    let machine = Machine::enrolled(&cloud);
    let _daemon = machine.daemon();
    eventually("the device is linked", || linked(&cloud).len() == 1).await;
    let cloud = cloud.crash_and_restart();
    eventually("the device is linked again", || linked(&cloud).len() == 1).await;
    assert_eq!(enrolments(&cloud)[0]["generation"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_authority_gets_no_link() {
    let first = cloud(86_400);
    let machine = Machine::enrolled(&first);
    let link = machine.papers()["link"].as_str().unwrap().to_owned();
    drop(first);
    // Somebody else listens where the first one did.
    let desk = with_door(Desk::at_this_machine(), 86_400);
    let second = CloudDesk::at(desk.with("D1_LINK_LISTEN", link.trim_start_matches("wss://")));
    let _daemon = machine.daemon();
    eventually("the machine tries", || machine.standing() == json!("unreachable")).await;
    let text = machine.desk.doctor(&["status"]).stdout;
    assert!(text.contains("trying again"), "{text}");
    assert!(linked(&second).is_empty() && enrolments(&second).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_no_link_where_devices_have_certificates() {
    let cloud = cloud(86_400);
    let machine = Machine::new();
    let _daemon = machine.desk.daemon(&cloud.daemon_args());
    let upgrade = [
        "-H",
        "Connection: Upgrade",
        "-H",
        "Upgrade: websocket",
        "-H",
        "Sec-WebSocket-Version: 13",
        "-H",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    let (status, told) = crate::sign_in::ask(&cloud, CloudDesk::TOKEN, &upgrade, "/api/v1/link");
    assert_eq!((status, &told["code"]), (403, &json!("D1-ENROL-010")));
    assert!(linked(&cloud).is_empty());
}
