//! What the doctor prints for programs has the shape that it says it has.

use d1_world::{Desk, Ran};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt as _};

fn validator() -> Validator {
    let printed = Desk::at_this_machine().doctor(&["schema"]).json();
    jsonschema::draft202012::new(&printed).unwrap()
}

fn assert_valid(validator: &Validator, document: &Value) {
    let wrong: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{document:#}");
}

/// A desk at which something is wrong that can be mended.
fn careless_desk() -> Desk {
    let desk = Desk::at_this_machine();
    fs::write(desk.state(".netrc"), "machine example login maya password secret\n").unwrap();
    fs::set_permissions(desk.state(".netrc"), fs::Permissions::from_mode(0o644)).unwrap();
    desk
}

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_document_of_the_doctor_is_valid() {
    let (validator, desk) = (validator(), careless_desk());
    for args in [
        &["diagnose", "--offline", "--json"][..],
        &["diagnose", "sys", "git", "--deep", "--offline", "--json", "--since", "last"],
        &["diagnose", "--list", "--json"],
        &["diagnose", "--offline", "--report", "-", "--json"],
        &["fix", "sec.creds.perms", "--json", "--yes"],
        &["fix", "sec.creds.perms", "--json", "--yes"],
    ] {
        let ran = desk.doctor(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
        assert_valid(&validator, &ran.json());
    }
    for document in lines(&desk.doctor(&["diagnose", "--offline", "--output", "ndjson"])) {
        assert_valid(&validator, &document);
    }
}

#[test]
fn a_document_that_is_not_as_agreed_is_found_out() {
    let validator = validator();
    let good = careless_desk().doctor(&["diagnose", "sec.creds.perms", "--json"]).json();
    assert_valid(&validator, &good);
    for (at, wrong) in [
        ("/schema", json!("d1.diagnosis.v2")),
        ("/at", json!("yesterday")),
        ("/count/fail", json!(-1)),
        ("/findings/0/verdict", json!("bad")),
        ("/findings/0/check", json!("No Name")),
        ("/findings/0/accepted", json!("because")),
        ("/findings/0/fix/0/undo", json!("perhaps")),
        ("/findings/0/fix/0/action", json!({ "format_disk": {} })),
        ("/findings/0/fix/0/action/file/change", json!({ "set_mode": { "mode": 65536 } })),
    ] {
        let mut document = good.clone();
        *document.pointer_mut(at).unwrap() = wrong;
        assert!(!validator.is_valid(&document), "{at} may not be so: {document:#}");
    }
    let mut more = good;
    more["findings"][0]["mood"] = json!("calm");
    assert!(!validator.is_valid(&more), "a field that nobody agreed on is found out");
}
