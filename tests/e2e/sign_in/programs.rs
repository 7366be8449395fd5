//! What programs ask the authorization server, and what it answers, word for word.

use super::{Browser, DEVICE, GRANT, TOKEN, ask, begin, poll, send, signed_in, status};
use d1_world::{CloudDesk, Desk, Redis};
use serde_json::{Value, json};

type Form<'a> = &'a [(&'a str, &'a str)];

#[test]
fn a_program_is_signed_in_by_a_code_stays_so_and_signs_out() {
    let server = Redis::start();
    let in_redis = Desk::at_this_machine().with("D1_SESSIONS", &server.url());
    for cloud in [CloudDesk::start(), CloudDesk::at(in_redis)] {
        cloud.add_user("anna");
        let (device_code, user_code) = begin(&cloud);
        assert_eq!(poll(&cloud, &device_code)["error"], "authorization_pending");
        let done = Browser::signed_in(&cloud, "anna").approve(&user_code.to_lowercase());
        assert!(done.body.contains("The program is signed in."), "{}", done.body);
        let first = poll(&cloud, &device_code);
        assert_eq!((&first["token_type"], &first["expires_in"]), (&json!("Bearer"), &json!(600)));
        let access = first["access_token"].as_str().unwrap();
        let (code, me) = ask(&cloud, access, &[], "/api/v1/user/me");
        assert_eq!((code, &me["login"]), (200, &json!("anna")));
        let (code, balance) = ask(&cloud, access, &[], "/api/v1/user/balance");
        assert_eq!((code, &balance["posted_micro"]), (200, &json!(5_000_000)));
        let refresh = first["refresh_token"].as_str().unwrap();
        let form =
            [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", "d1-cli")];
        let (code, _, second) = send(&cloud, TOKEN, &form);
        assert_eq!((code, &second["scope"]), (200, &first["scope"]));
        let access = second["access_token"].as_str().unwrap();
        assert_eq!(ask(&cloud, access, &[], "/api/v1/user/me").0, 200);
        let token = second["refresh_token"].as_str().unwrap();
        let form = [("token", token), ("client_id", "d1-cli")];
        assert_eq!(send(&cloud, "/api/v1/auth/revoke", &form).0, 200);
        assert_eq!(send(&cloud, "/api/v1/auth/revoke", &form).0, 200);
        assert_eq!(ask(&cloud, access, &[], "/api/v1/user/me").0, 401);
    }
}

#[test]
fn a_sign_in_outlives_the_server() {
    let cloud = CloudDesk::start();
    cloud.add_user("anna");
    let tokens = signed_in(&cloud);
    let (waiting, user_code) = begin(&cloud);
    let cloud = cloud.crash_and_restart();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(ask(&cloud, access, &[], "/api/v1/user/me").0, 200);
    Browser::signed_in(&cloud, "anna").approve(&user_code);
    assert!(poll(&cloud, &waiting)["access_token"].is_string());
}

#[test]
fn polling_too_fast_is_told_with_the_new_interval() {
    let cloud = CloudDesk::start();
    let (device_code, _) = begin(&cloud);
    assert_eq!(poll(&cloud, &device_code)["error"], "authorization_pending");
    let told = poll(&cloud, &device_code);
    assert_eq!((&told["error"], &told["interval"]), (&json!("slow_down"), &json!(10)));
    assert_eq!(poll(&cloud, &device_code)["interval"], 15);
}

#[test]
fn a_no_is_told() {
    let cloud = CloudDesk::start();
    cloud.add_user("anna");
    let (device_code, user_code) = begin(&cloud);
    let done = Browser::signed_in(&cloud, "anna").decide(&user_code, "decline");
    assert!(done.body.contains("was not signed in"), "{}", done.body);
    assert_eq!(poll(&cloud, &device_code)["error"], "access_denied");
}

#[test]
fn what_is_asked_wrongly_is_answered_as_the_rfcs_have_it() {
    let cloud = CloudDesk::start();
    let code = ("device_code", "d1dc_made-up");
    let cli = ("client_id", "d1-cli");
    let cases: &[(&str, Form<'_>, u16, &str)] = &[
        (DEVICE, &[("client_id", "d1-evil")], 401, "invalid_client"),
        (DEVICE, &[("scope", "setup:read")], 400, "invalid_request"),
        (DEVICE, &[cli, cli], 400, "invalid_request"),
        (DEVICE, &[cli, ("scope", "root")], 400, "invalid_scope"),
        (DEVICE, &[cli, ("scope", "setup:approve")], 400, "invalid_scope"),
        (DEVICE, &[cli, ("resource", "https://evil.example")], 400, "invalid_target"),
        (DEVICE, &[cli, ("code_challenge", "x")], 400, "invalid_request"),
        (TOKEN, &[cli, code], 400, "invalid_request"),
        (TOKEN, &[("grant_type", GRANT), code], 400, "invalid_request"),
        (TOKEN, &[("grant_type", GRANT), cli], 400, "invalid_request"),
        (TOKEN, &[("grant_type", GRANT), cli, code], 400, "invalid_grant"),
        (TOKEN, &[("grant_type", GRANT), ("client_id", "d1-evil"), code], 401, "invalid_client"),
        (TOKEN, &[("grant_type", "password"), cli], 400, "unsupported_grant_type"),
        (TOKEN, &[("grant_type", "client_credentials"), cli], 400, "unsupported_grant_type"),
        (TOKEN, &[("grant_type", "refresh_token"), cli], 400, "invalid_request"),
        (
            TOKEN,
            &[("grant_type", "refresh_token"), cli, ("refresh_token", "x")],
            400,
            "invalid_grant",
        ),
        (
            TOKEN,
            &[("grant_type", "authorization_code"), cli, ("code", "x")],
            400,
            "invalid_request",
        ),
        ("/api/v1/auth/revoke", &[cli], 400, "invalid_request"),
        ("/api/v1/auth/revoke", &[("client_id", "d1-evil"), ("token", "x")], 401, "invalid_client"),
    ];
    for (path, form, expected, word) in cases {
        let (code, head, body) = send(&cloud, path, form);
        assert_eq!((code, &body["error"]), (*expected, &json!(word)), "{path} {form:?}: {body}");
        assert!(head.contains("\ncache-control: no-store\n"), "{head}");
        let said = body["error_description"].as_str().unwrap();
        assert!(said.bytes().all(|c| (b' '..=b'~').contains(&c) && c != b'"'), "{said}");
    }
    let (head, _) = cloud.curl(&["-H", "Content-Type: application/json", "-d", "{}"], TOKEN);
    assert_eq!(status(&head), 415);
    let (head, _) = cloud.curl(&[], DEVICE);
    assert!(status(&head) == 405 && head.contains("\nallow: post\n"), "{head}");
    let long = format!("client_id={}", "x".repeat(9_000));
    assert_eq!(status(&cloud.curl(&["-d", &long], DEVICE).0), 413);
}

#[test]
fn the_server_says_of_itself_what_is_true() {
    let cloud = CloudDesk::start();
    let (_, body) = cloud.curl(&[], "/.well-known/oauth-authorization-server");
    let metadata: Value = serde_json::from_str(&body).unwrap();
    let home = cloud.http();
    assert_eq!(metadata["issuer"], home.as_str());
    for (name, path) in [
        ("device_authorization_endpoint", DEVICE),
        ("token_endpoint", TOKEN),
        ("revocation_endpoint", "/api/v1/auth/revoke"),
        ("authorization_endpoint", "/authorize"),
        ("jwks_uri", "/.well-known/jwks.json"),
    ] {
        assert_eq!(metadata[name], format!("{home}{path}"));
        // Each is there: asked wrongly, perhaps, but known.
        assert_ne!(status(&cloud.curl(&[], path).0), 404, "{path}");
    }
    let (_, body) = cloud.curl(&[], "/.well-known/jwks.json");
    let keys: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    assert!(!body.contains("\"d\""), "{body}");
}

#[test]
fn a_crowd_that_begins_or_guesses_is_refused_and_told_when_to_come_again() {
    let cloud = CloudDesk::start();
    let refused = (0..40).find_map(|_| {
        let (code, head, body) = send(&cloud, DEVICE, &[("client_id", "d1-cli")]);
        (code == 429).then_some((head, body))
    });
    let (head, body) = refused.unwrap();
    assert!(head.contains("\nretry-after: "), "{head}");
    assert_eq!(body["error"], "temporarily_unavailable");
    let guess = [("grant_type", GRANT), ("client_id", "d1-cli"), ("device_code", "x")];
    let told: Vec<_> = (0..60).map(|_| send(&cloud, TOKEN, &guess).0).collect();
    assert_eq!((told[0], told[59]), (400, 429), "{told:?}");
}

#[test]
fn while_sign_ins_cannot_be_read_nobody_is_believed() {
    let mut server = Redis::start();
    let cloud = CloudDesk::at(Desk::at_this_machine().with("D1_SESSIONS", &server.url()));
    cloud.add_user("anna");
    let tokens = signed_in(&cloud);
    let access = tokens["access_token"].as_str().unwrap();
    server.kill();
    let (code, problem) = ask(&cloud, access, &[], "/api/v1/user/me");
    assert_eq!((code, &problem["code"]), (503, &json!("D1-AUTH-503")));
    let (code, head, body) = send(&cloud, DEVICE, &[("client_id", "d1-cli")]);
    assert_eq!((code, &body["error"]), (503, &json!("temporarily_unavailable")));
    assert!(head.contains("\nretry-after: 2\n"), "{head}");
    // The development token asks nobody.
    assert_eq!(ask(&cloud, CloudDesk::TOKEN, &[], "/api/v1/user/me").0, 200);
}
