//! One-time tokens: made, seen and taken back, over HTTP and by whoever looks after the server.

use super::scene::{ENROLMENTS, Invitation, Machine, cloud, enrolments, eventually, invite};
use crate::sign_in::{ask, by_browser};
use d1_core::Scopes;
use d1_world::CloudDesk;
use serde_json::{Value, json};

/// The open tokens, as the cloud tells them to whoever has this token.
fn open(cloud: &CloudDesk, token: &str) -> Vec<Value> {
    let (status, told) = ask(cloud, token, &[], &format!("{ENROLMENTS}/tokens"));
    assert_eq!(status, 200, "{told}");
    told["tokens"].as_array().unwrap().clone()
}

/// What is said in the audit log of the tokens by which devices enrol.
fn noted(cloud: &CloudDesk) -> Vec<Value> {
    let log = cloud.operate(&["audit", "export"], "").stdout;
    let lines = log.lines().filter(|line| line.contains("enrolment.token"));
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_seen_until_it_is_used_and_enrols_nobody_once_it_is_taken_back() {
    let cloud = cloud(86_400);
    for name in ["anna", "bert"] {
        cloud.add_user(name);
    }
    let people = ["anna", "bert"].map(|it| by_browser(&cloud, it, &Scopes::all().to_string()));
    let (used, unused) = (invite(&cloud), invite(&cloud));
    let tokens = open(&cloud, CloudDesk::TOKEN);
    assert_eq!(tokens.len(), 2);
    let told = json!(tokens).to_string();
    assert!(!told.contains(&used.secret) && !told.contains(&unused.secret));
    assert_eq!(Machine::new().enrol(&used).code, 0);
    let left = open(&cloud, CloudDesk::TOKEN);
    assert!(left.len() == 1 && tokens.contains(&left[0]), "{left:?}");
    let path = format!("{ENROLMENTS}/tokens/{}", left[0]["id"].as_str().unwrap());
    let take_back = |token: &str| ask(&cloud, token, &["-X", "DELETE"], &path).0;
    // Nobody else sees it, or takes it back.
    assert!(open(&cloud, &people[0]).is_empty());
    assert_eq!(take_back(&people[1]), 404);
    assert_eq!(take_back(CloudDesk::TOKEN), 204);
    assert_eq!(take_back(CloudDesk::TOKEN), 404);
    let late = Machine::new().enrol(&unused);
    assert_eq!(late.code, 6, "{}", late.stderr);
    assert_eq!(enrolments(&cloud).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_after_the_server_lets_devices_enrol_and_takes_it_back() {
    let cloud = cloud(86_400);
    cloud.add_user("anna");
    let anna = by_browser(&cloud, "anna", &Scopes::all().to_string());
    let made = cloud.operate(&["enrolments", "token", "anna"], "");
    assert_eq!(made.code, 0, "{}", made.stderr);
    let mut words = made.stderr.split_whitespace();
    let mut after = |flag| words.by_ref().skip_while(|word| *word != flag).nth(1).unwrap();
    let invitation = Invitation {
        secret: made.stdout.trim().to_owned(),
        link: after("--cloud").to_owned(),
        authority: after("--authority").to_owned(),
    };
    let machine = Machine::new();
    assert_eq!(machine.enrol(&invitation).code, 0);
    let unused = cloud.operate(&["enrolments", "token", "anna", "--minutes", "60"], "");
    let id = open(&cloud, &anna)[0]["id"].as_str().unwrap().to_owned();
    let device = machine.device();
    let list = || cloud.operate(&["enrolments", "list", "anna"], "").stdout;
    let shown = format!("token   {id:<36}  open\ndevice  {device}  active (certificate 1)\n");
    assert_eq!(list(), shown);
    let _daemon = machine.daemon();
    let linked = || ask(&cloud, &anna, &[], "/api/v1/devices").1["devices"].clone();
    eventually("the device is linked", || linked() != json!([])).await;
    for what in [id.as_str(), device.as_str()] {
        let revoke = ["enrolments", "revoke", "anna", what];
        assert_eq!(cloud.operate(&revoke, "").code, 0, "{what}");
    }
    eventually("the link is closed", || linked() == json!([])).await;
    assert_eq!(list(), format!("device  {device}  revoked (certificate 1)\n"));
    let again = cloud.operate(&["enrolments", "revoke", "anna", &id], "");
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("see d1-cloud enrolments list anna"), "{}", again.stderr);
    // It is on record, without what lets in.
    let noted = noted(&cloud);
    let changes: Vec<_> = noted.iter().map(|it| &it["record"]["about"]["change"]).collect();
    assert_eq!(changes, ["made", "made", "taken back"], "{noted:?}");
    let said = json!(noted).to_string();
    assert!(!said.contains(made.stdout.trim()) && !said.contains(unused.stdout.trim()));
}
