//! Signing in to the real cloud: by a code, in a browser, and everything that must not work.

mod browser;
mod doctor;
mod fences;
mod judges;
mod pages;
mod programs;

use browser::Browser;
use d1_world::CloudDesk;
use serde_json::Value;

/// What a program is told that sends a form: the status, the head and the document.
fn send(cloud: &CloudDesk, path: &str, form: &[(&str, &str)]) -> (u16, String, Value) {
    let fields: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut args = Vec::new();
    for field in &fields {
        args.extend(["--data-urlencode", field.as_str()]);
    }
    let (head, body) = cloud.curl(&args, path);
    (status(&head), head, serde_json::from_str(&body).unwrap_or_default())
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

const DEVICE: &str = "/api/v1/auth/device-code";
const TOKEN: &str = "/api/v1/auth/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The codes of a program that begins.
fn begin(cloud: &CloudDesk) -> (String, String) {
    let (status, _, codes) =
        send(cloud, DEVICE, &[("client_id", "d1-cli"), ("device_label", "anna-laptop")]);
    assert_eq!(status, 200, "{codes}");
    let text = |name: &str| codes[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

/// What a program is told that polls.
fn poll(cloud: &CloudDesk, device_code: &str) -> Value {
    let form = [("grant_type", GRANT), ("device_code", device_code), ("client_id", "d1-cli")];
    send(cloud, TOKEN, &form).2
}

/// The tokens of a program that Anna signed in.
fn signed_in(cloud: &CloudDesk) -> Value {
    let (device_code, user_code) = begin(cloud);
    Browser::signed_in(cloud, "anna").approve(&user_code);
    poll(cloud, &device_code)
}

/// What is answered to whoever presents this token.
fn ask(cloud: &CloudDesk, token: &str, args: &[&str], path: &str) -> (u16, Value) {
    let field = format!("Authorization: Bearer {token}");
    let (head, body) = cloud.curl(&[&["-H", &field], args].concat(), path);
    (status(&head), serde_json::from_str(&body).unwrap_or_default())
}
