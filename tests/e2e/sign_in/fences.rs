//! Who may do what: every address, every scope, and nobody what is another's.

use super::{ask, signed_in, status};
use d1_core::{DeviceId, SetupId};
use d1_protocol::{ApiClient, CreditsCall, api::CreateRequest};
use d1_world::{CloudDesk, Desk};
use serde_json::json;

/// Every address that needs somebody, how it is asked, and what it needs.
fn addresses() -> Vec<(&'static str, String, &'static str)> {
    let (setup, lease) = (SetupId::generate(), SetupId::generate());
    let mut all = vec![
        ("POST", "/api/v1/setup/create".to_owned(), "setup:write"),
        ("GET", "/api/v1/setup/tasks".to_owned(), "setup:read"),
        ("GET", format!("/api/v1/setup/tasks/{setup}"), "setup:read"),
        ("GET", format!("/api/v1/setup/tasks/{setup}/events"), "setup:read"),
        ("POST", format!("/api/v1/setup/tasks/{setup}/approve"), "setup:approve"),
        ("POST", format!("/api/v1/setup/tasks/{setup}/cancel"), "setup:write"),
        ("POST", format!("/api/v1/setup/tasks/{setup}/resume"), "setup:approve"),
        ("POST", format!("/api/v1/setup/tasks/{setup}/undo"), "setup:approve"),
        ("GET", "/api/v1/user/balance".to_owned(), "credits:read"),
        ("GET", "/api/v1/credits/entries".to_owned(), "credits:read"),
        ("GET", "/api/v1/credits/grants".to_owned(), "credits:read"),
        ("GET", "/api/v1/credits/quote?install=jq".to_owned(), "credits:read"),
        ("POST", "/api/v1/credits/leases".to_owned(), "credits:write"),
        ("POST", format!("/api/v1/credits/leases/{lease}/settle"), "credits:write"),
        ("GET", "/api/v1/credits/caps".to_owned(), "credits:read"),
        ("PUT", "/api/v1/credits/caps/day".to_owned(), "credits:write"),
        ("DELETE", "/api/v1/credits/caps/day".to_owned(), "credits:write"),
        ("GET", "/api/v1/devices".to_owned(), "device:read"),
        ("GET", "/api/v1/link".to_owned(), "device:link"),
        ("GET", "/api/v1/user/tokens".to_owned(), "token:write"),
        ("POST", "/api/v1/user/tokens".to_owned(), "token:write"),
        ("DELETE", format!("/api/v1/user/tokens/{setup}"), "token:write"),
        ("GET", "/api/v1/user/me".to_owned(), ""),
        ("GET", "/api/v1/user/sessions".to_owned(), ""),
        ("DELETE", format!("/api/v1/user/sessions/{setup}"), ""),
    ];
    all.extend(CreditsCall::ALL.map(|call| {
        let need = if call.is_look() { "credits:read" } else { "credits:write" };
        ("POST", call.path().to_owned(), need)
    }));
    all
}

#[test]
fn every_address_lets_in_only_who_may() {
    let cloud = CloudDesk::start();
    cloud.add_user("anna");
    // Each of two tokens has what the other has not.
    let tokens = [
        cloud.token_of("anna", "setup:read credits:read device:read"),
        cloud.token_of("anna", "setup:write credits:write device:link"),
    ];
    for (method, path, need) in addresses() {
        for wrong in ["", "d1pat_made-up", "a.b.c", "another-token-entirely"] {
            let (code, problem) = ask(&cloud, wrong, &["-X", method], &path);
            assert_eq!((code, &problem["code"]), (401, &json!("D1-AUTH-001")), "{method} {path}");
        }
        let (head, _) = cloud.curl(&["-X", method], &path);
        assert!(head.contains("\nwww-authenticate: bearer\n"), "{method} {path}: {head}");
        for (index, token) in tokens.iter().enumerate() {
            let has = match need {
                "" => true,
                "setup:approve" | "token:write" => false,
                "setup:read" | "credits:read" | "device:read" => index == 0,
                _ => index == 1,
            };
            let (code, problem) = ask(&cloud, token, &["-X", method], &path);
            let is_refused = problem["code"] == "D1-AUTH-004";
            assert_eq!(is_refused, !has, "{method} {path}: {code} {problem}");
            assert!(is_refused == (code == 403), "{method} {path}: {code} {problem}");
        }
    }
}

#[test]
fn what_a_code_signed_in_never_approves_and_never_makes_tokens() {
    let cloud = CloudDesk::start();
    cloud.add_user("anna");
    let tokens = signed_in(&cloud);
    let access = tokens["access_token"].as_str().unwrap();
    let device = DeviceId::generate();
    let body = format!("{{\"install\":[\"jq\"],\"device\":\"{device}\",\"approve\":true}}");
    let create = ["-d", body.as_str(), "-H", "Content-Type: application/json"];
    let (code, problem) = ask(&cloud, access, &create, "/api/v1/setup/create");
    assert_eq!((code, &problem["code"]), (403, &json!("D1-AUTH-004")), "{problem}");
    let token = ["-d", "{\"name\":\"x\",\"scopes\":\"setup:read\",\"days\":1}"];
    assert_eq!(ask(&cloud, access, &token, "/api/v1/user/tokens").0, 403);
}

#[test]
fn two_tokens_at_once_are_refused() {
    let cloud = CloudDesk::start();
    let (one, two) = (CloudDesk::bearer(), "Authorization: Bearer another");
    let (head, body) = cloud.curl(&["-H", &one, "-H", two], "/api/v1/devices");
    assert_eq!(status(&head), 422);
    assert!(body.contains("D1-AUTH-003"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_its_accounts_alone_and_as_unknown_to_others_as_none() {
    let cloud = CloudDesk::start();
    cloud.add_user("anna");
    cloud.add_user("bert");
    let machine = Desk::at_this_machine();
    let file = machine.state("pat");
    std::fs::write(&file, cloud.token_of("anna", "device:link")).unwrap();
    let url = cloud.http().replace("http://", "ws://");
    let args = ["--cloud", &url, "--token-file", file.to_str().unwrap()];
    let daemon = machine.daemon(&args);
    let all = "device:read setup:read setup:write credits:read";
    let anna = ApiClient::new(&cloud.http(), &cloud.token_of("anna", all)).unwrap();
    let bert = ApiClient::new(&cloud.http(), &cloud.token_of("bert", all)).unwrap();
    let device = cloud.device(&anna).await;
    assert!(bert.devices().await.unwrap().devices.is_empty());
    let operator = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    assert!(operator.devices().await.unwrap().devices.is_empty());
    let request = |device| CreateRequest::of(vec!["single".parse().unwrap()], device);
    let told = bert.create(&request(device), None).await.unwrap_err().problem();
    let none = DeviceId::generate();
    let unknown = bert.create(&request(none), None).await.unwrap_err().problem();
    let named = |title: &str, device: DeviceId| title.replace(&device.to_string(), "it");
    assert_eq!(named(&told.title, device), named(&unknown.title, none));
    assert_eq!(told.code, "D1-DEVICE-001");
    let theirs = anna.create(&request(device), None).await.unwrap_err().problem();
    assert_ne!(theirs.code, "D1-DEVICE-001", "{theirs:?}");
    // The same machine, with a token of Bert's: it stays Anna's, and is told so.
    drop(daemon);
    std::fs::write(&file, cloud.token_of("bert", "device:link")).unwrap();
    let mut refused = machine.program("d1-daemon");
    refused.args(args).env("D1_LOG", "info").stderr(std::process::Stdio::piped());
    let mut refused = refused.spawn().unwrap();
    let log = std::io::BufReader::new(refused.stderr.take().unwrap());
    let told = std::io::BufRead::lines(log)
        .map(Result::unwrap)
        .find(|line| line.contains("D1-DEVICE-012") || line.contains("linked to another account"));
    refused.kill().unwrap();
    refused.wait().unwrap();
    assert!(told.is_some());
    assert!(bert.devices().await.unwrap().devices.is_empty());
}

#[test]
fn the_operator_lets_people_in_and_keeps_them_out() {
    let cloud = CloudDesk::start();
    let short = cloud.operate(&["users", "add", "anna"], "short\n");
    assert_eq!(short.code, 1);
    assert!(short.stderr.contains("at least 15 characters"), "{}", short.stderr);
    let none = cloud.operate(&["users", "add", "anna"], "");
    assert!(none.stderr.contains("no password on standard input"), "{}", none.stderr);
    cloud.add_user("anna");
    let again = cloud.operate(&["users", "add", "ANNA"], CloudDesk::PASSWORD);
    assert_eq!((again.code, again.stdout.as_str()), (1, ""));
    assert!(again.stderr.contains("there is a `anna` already"), "{}", again.stderr);
    cloud.add_user("bert");
    let role = cloud.operate(&["users", "role", "bert", "--in", "anna", "--as", "viewer"], "");
    assert_eq!(role.stdout, "bert is viewer where anna is\n", "{}", role.stderr);
    let last = cloud.operate(&["users", "role", "anna", "--in", "anna", "--as", "nothing"], "");
    assert!(last.stderr.contains("would have no owner"), "{}", last.stderr);
    let list = cloud.operate(&["users", "list"], "").stdout;
    let words: Vec<_> = list.lines().map(|line| line.split(' ').find(|w| !w.is_empty())).collect();
    let words: Vec<_> = words.into_iter().flatten().collect();
    assert_eq!(words, ["anna", "owner", "bert", "owner", "viewer"]);
    let token = cloud.token_of("anna", "credits:read");
    assert_eq!(ask(&cloud, &token, &[], "/api/v1/user/balance").0, 200);
    assert_eq!(cloud.operate(&["users", "disable", "anna"], "").code, 0);
    assert_eq!(ask(&cloud, &token, &[], "/api/v1/user/balance").0, 401);
    let gone = cloud.operate(&["users", "disable", "zoe"], "");
    assert!(gone.stderr.contains("there is no user `zoe`"), "{}", gone.stderr);
}

#[test]
fn a_key_that_got_out_is_withdrawn_and_another_one_signs() {
    let cloud = CloudDesk::start();
    cloud.add_user("anna");
    let list = |cloud: &CloudDesk| cloud.operate(&["keys", "list"], "").stdout;
    let before = list(&cloud);
    let signs = |list: &str| {
        let line = list.lines().find(|line| line.ends_with("  signs")).unwrap();
        line.split(' ').next().unwrap().to_owned()
    };
    let key = signs(&before);
    assert_eq!(cloud.operate(&["keys", "withdraw", &key], "").code, 0);
    let after = list(&cloud);
    assert!(!after.contains(&key) && signs(&after) != key, "{after}");
    let gone = cloud.operate(&["keys", "withdraw", &key], "");
    assert!(gone.stderr.contains("there is no signing key"), "{}", gone.stderr);
    // One of sixty-four keys is called so.
    let hyphen = cloud.operate(&["keys", "withdraw", "-key"], "");
    assert!(hyphen.stderr.contains("there is no signing key"), "{}", hyphen.stderr);
}

#[test]
fn behind_a_proxy_whoever_asks_is_who_the_proxy_names_and_nobody_else_may_name_them() {
    use super::{DEVICE, send};
    let begin = |cloud: &CloudDesk, from: &str| {
        let field = format!("X-Forwarded-For: {from}");
        let (head, _) = cloud.curl(&["-H", &field, "-d", "client_id=d1-cli"], DEVICE);
        status(&head)
    };
    let until_refused = |cloud: &CloudDesk, from: &dyn Fn(u32) -> String| {
        (0..40).find(|count| begin(cloud, &from(*count)) == 429)
    };
    // Without one, whatever is named is not listened to.
    let cloud = CloudDesk::start();
    assert!(until_refused(&cloud, &|count| format!("192.0.2.{count}")).is_some());
    let cloud = CloudDesk::at(Desk::at_this_machine().with("D1_BEHIND_PROXY", "true"));
    assert!(until_refused(&cloud, &|count| format!("192.0.2.{count}")).is_none());
    // What somebody names themselves comes before what the proxy adds.
    assert!(until_refused(&cloud, &|count| format!("198.51.100.{count}, 203.0.113.9")).is_some());
    let (code, _, problem) = send(&cloud, DEVICE, &[("client_id", "d1-cli")]);
    assert_eq!((code, &problem["code"]), (500, &json!("D1-API-006")));
    assert_eq!(status(&cloud.curl(&[], "/healthz").0), 200);
}
