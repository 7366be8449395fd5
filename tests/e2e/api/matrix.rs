//! Who may ask what: every operation of the OpenAPI document and every call that reflection tells
//! of, by everybody there is. What is not in the tables here fails.

mod people;
mod table;

use super::judges;
use crate::sign_in::status;
use people::{Person, Scene};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};
use table::{CALLS, OPERATIONS};

/// The operations of the document: name, method, path, and what it says they need.
fn document() -> Vec<(String, String, String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/bins/d1-cloud/openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            let scopes = operation["security"][0]["token"].as_array();
            let need = scopes
                .map_or("-", |scopes| scopes.first().map_or("*", |scope| scope.as_str().unwrap()));
            all.push((name, method.to_uppercase(), path.clone(), need.to_owned()));
        }
    }
    // Whoever may ends every sign-in of theirs by this one.
    all.sort_by_key(|(name, ..)| name == "endAllSessions");
    all
}

#[test]
fn every_operation_needs_what_was_decided() {
    let described: BTreeMap<_, _> =
        document().into_iter().map(|(name, _, _, need)| (name, need)).collect();
    let decided = OPERATIONS.map(|(name, need)| (name.to_owned(), need.to_owned())).into();
    assert_eq!(described, decided, "decide who may ask, and say so here");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_lets_in_only_who_may_and_nobody_to_what_is_anothers() {
    let scene = Scene::new().await;
    for person in scene.people().await {
        for (name, method, path, need) in document() {
            if person.name == "owner" && method != "GET" {
                continue;
            }
            let at = format!("{}: {name}", person.name);
            let mut args = vec!["-m", "20", "-X", method.as_str()];
            let field = person.field.as_ref().map(|field| format!("Authorization: {field}"));
            args.extend(field.iter().flat_map(|field| ["-H", field.as_str()]));
            if name == "followSetup" {
                // It goes on until somebody says yes: the head is enough.
                args.extend(["-N", "--max-time", "1"]);
            }
            let (head, body) = scene.cloud.curl(&args, &scene.about(&path));
            let code = status(&head);
            let problem: Value = serde_json::from_str(&body).unwrap_or_default();
            match person.is_let_in(&need) {
                Ok(()) => assert!(code != 401 && problem["code"] != "D1-AUTH-004", "{at}: {code}"),
                Err(false) => {
                    assert_eq!((code, &problem["code"]), (401, &json!("D1-AUTH-001")), "{at}");
                    assert!(head.contains("\nwww-authenticate: bearer"), "{at}: {head}");
                }
                Err(true) => {
                    assert_eq!((code, &problem["code"]), (403, &json!("D1-AUTH-004")), "{at}");
                    let told = format!("error=\"insufficient_scope\", scope=\"{need}\"");
                    assert!(head.contains(&told), "{at}: {head}");
                }
            }
            let is_anothers = path.contains("{id}") && person.name == "other tenant";
            // To end what is not there, or to ask for it without saying what for, says no more.
            assert!(!is_anothers || matches!(code, 404 | 204 | 422), "{at}: {code} {body}");
        }
        scene.nothing_changed();
    }
}

/// What let_in.py was told.
fn told(scene: &Scene, people: &[Person]) -> BTreeMap<String, BTreeMap<String, String>> {
    let fields: BTreeMap<_, _> = people
        .iter()
        .map(|person| {
            let field = person.field.iter().map(|field| ("authorization", field));
            (person.name, field.collect::<Vec<_>>())
        })
        .collect();
    let question = json!({"knower": scene.token, "setup": scene.setup(), "people": fields});
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/api/let_in.py");
    let mut asker = Command::new("/usr/bin/python3");
    asker.env("PYTHONPATH", judges().join("python")).env("PYTHONDONTWRITEBYTECODE", "1");
    asker.arg(script).arg(scene.cloud.http().replace("http://", ""));
    asker.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asker = asker.spawn().unwrap();
    asker.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let ended = asker.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    serde_json::from_slice(&ended.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_over_grpc_lets_in_only_who_may_and_nobody_to_what_is_anothers() {
    let scene = Scene::new().await;
    let mut people = scene.people().await;
    // What the owner may is tried elsewhere, and would change what is hers.
    people.retain(|person| person.name != "owner");
    let told = told(&scene, &people);
    let calls: BTreeSet<&str> = CALLS.iter().map(|(call, _)| *call).collect();
    assert_eq!(told.keys().map(String::as_str).collect::<BTreeSet<_>>(), calls);
    for (call, need) in CALLS {
        for person in &people {
            let status = told[call][person.name].as_str();
            let at = format!("{}: {call}: {status}", person.name);
            match person.is_let_in(need) {
                Ok(()) => {
                    assert!(!["UNAUTHENTICATED", "PERMISSION_DENIED"].contains(&status), "{at}")
                }
                Err(false) => assert_eq!(status, "UNAUTHENTICATED", "{at}"),
                Err(true) => assert_eq!(status, "PERMISSION_DENIED", "{at}"),
            }
            let one = call.starts_with("/d1.api.v1.Setups/")
                && !call.ends_with("/Create")
                && !call.ends_with("/List");
            let is_anothers = one && person.name == "other tenant";
            // A cancel has to say how.
            let hidden = ["NOT_FOUND", "INVALID_ARGUMENT"].contains(&status);
            assert!(!is_anothers || hidden, "{at}");
        }
    }
    scene.nothing_changed();
}
