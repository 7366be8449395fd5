//! A report tells of the machine and not of its people.

use crate::patient::Patient;
use d1_executor::Discretion;
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

/// For the many texts of a property: making its patterns takes far longer than using them.
static DISCRETION: LazyLock<Discretion> = LazyLock::new(|| Discretion::new(&patient().sight));

fn patient() -> Patient {
    let mut patient = Patient::healthy();
    let uid = patient.sight.uid;
    patient.write("/etc/passwd", format!("maya:x:{uid}:{uid}:Maya Ray,,,:/home/maya:/bin/bash\n"));
    patient.write("/proc/sys/kernel/hostname", "workhorse.lab.example\n");
    patient.sight.home = Some("/home/maya".into());
    patient.set("USER", "maya");
    patient
}

#[test]
fn homes_names_secrets_and_addresses_are_hidden_and_the_rest_is_left() {
    let discretion = Discretion::new(&patient().sight);
    for (told, shown) in [
        ("/home/maya/.ssh: its mode is 0777", "~/.ssh: its mode is 0777"),
        ("/home/mayakovsky/x", "/home/mayakovsky/x"),
        ("process 7 of maya on workhorse", "process 7 of <user> on <host>"),
        ("workhorse.lab.example says no", "<host> says no"),
        ("Maya Ray has no shell", "<user> has no shell"),
        ("http://maya:pw@proxy.example:3128/", "http://<hidden>@proxy.example:3128/"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer <hidden>"),
        ("npm: _authToken=abc", "npm: _authToken=<hidden>"),
        ("API_KEY: xyz", "API_KEY: <hidden>"),
        ("write to maya.ray@lab.example", "write to <address>"),
        ("the root file system has room", "the root file system has room"),
        (
            "/usr/share/zoneinfo/Europe/Paris is not there",
            "/usr/share/zoneinfo/Europe/Paris is not there",
        ),
    ] {
        assert_eq!(discretion.hide(told), shown);
    }
}

#[test]
fn every_text_of_a_document_is_looked_at() {
    let discretion = Discretion::new(&patient().sight);
    let document = json!({ "a": ["/home/maya", { "b": "of maya", "n": 7 }], "c": null });
    let shown = json!({ "a": ["~", { "b": "of <user>", "n": 7 }], "c": null });
    assert_eq!(discretion.hide_in(document), shown);
}

#[test]
fn names_that_everybody_has_are_no_secret() {
    let mut patient = patient();
    patient.set("USER", "root");
    let discretion = Discretion::new(&patient.sight);
    assert_eq!(discretion.hide("the root file system"), "the root file system");
}

proptest! {
    #[test]
    fn no_token_gets_through(
        before in "[a-z ]{0,20}",
        prefix in prop::sample::select(vec!["ghp_", "github_pat_", "glpat-", "xoxb-", "npm_", "AKIA", "sk-"]),
        token in "[A-Za-z0-9]{20,60}",
        after in "[ .,;)]{0,1}[a-z ]{0,20}",
    ) {
        let shown = DISCRETION.hide(&format!("{before} {prefix}{token}{after}"));
        prop_assert!(!shown.contains(&token), "{}", shown);
    }

    #[test]
    fn whatever_is_hidden_once_is_hidden_for_good(text in "\\PC{0,200}") {
        let once = DISCRETION.hide(&text);
        prop_assert!(!once.contains("/home/maya/"));
    }
}
