//! Against a policy that forbids to remove and protects what is secret.

use crate::case::{Case, Home, all};
use d1_executor::{Decision, Device, Policy, Request};

/// Scripts may run, so that nothing is refused for being one.
const POLICY: &str = r#"
allow_shell = true

[[forbid]]
name = "no-removal"
why = "there are no backups"
program = ["rm", "unlink", "shred"]
match = ["rm x"]

[[protect]]
path = "~/.ssh"
why = "keys"

[[protect]]
path = "~/.bashrc"
may = "read"
why = "the next shell runs it"
"#;

fn said(policy: &str, home: &Home, request: &Request) -> Decision {
    let device = Device::look(request, &home.home());
    Policy::parse(policy, "").unwrap().decide(request, &device)
}

fn line(home: &Home, words: &[&str]) -> Request {
    let text = format!("id = 'x'\nsource = 'x'\nargv = {words:?}\ntries = 'read'\n");
    toml::from_str::<Case>(&text).unwrap().request(home, false)
}

#[test]
fn every_way_is_published_by_somebody_and_listed_once() {
    let all = all();
    assert!(all.len() >= 60, "{}", all.len());
    let mut ids: Vec<&str> = all.iter().map(|case| case.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len());
    assert!(all.iter().all(|case| !case.source.is_empty()));
}

#[test]
fn no_way_is_allowed_past_a_policy_that_forbids_what_it_does() {
    let mut wrong = Vec::new();
    for case in all() {
        let home = Home::new();
        let request = case.request(&home, false);
        let script = Request { is_script: case.is_script(), ..request.clone() };
        let known = POLICY.replace("allow_shell = true", "");
        for (policy, request) in [(POLICY, &script), (POLICY, &request), (&*known, &request)] {
            match said(policy, &home, request) {
                Decision::Allow { .. } => wrong.push(case.id.clone()),
                Decision::NeedsApproval { reasons, .. } => assert!(!reasons.is_empty()),
                Decision::Deny(denial) => {
                    let codes = ["D1-POL-004", "D1-POL-005", "D1-POL-008"];
                    assert!(codes.contains(&denial.code), "{}: {denial:?}", case.id);
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_they_are_made_of_is_allowed_as_long_as_it_does_nothing_forbidden() {
    let home = Home::new();
    for words in [
        &["ls", "-la"][..],
        &["cat", "../.bashrc"],
        &["find", ".", "-name", "x"],
        &["grep", "-rh", "top", "a"],
        &["env", "A=b", "sort", "x"],
        &["sh", "-c", "echo 'rm' \"x\" && ls | wc -l; cp x y > /dev/null 2>&1"],
        &["sh", "-c", "if true; then { cat < x; }; fi; (ls) & "],
    ] {
        let decision = said(POLICY, &home, &line(&home, words));
        assert!(matches!(decision, Decision::Allow { .. }), "{words:?}: {decision:?}");
    }
}

#[test]
fn most_ways_are_forbidden_outright_and_the_reason_is_told() {
    let is_denied = |case: &&Case| {
        let home = Home::new();
        let request = case.request(&home, false);
        matches!(said(POLICY, &home, &request), Decision::Deny(_))
    };
    let (all, denied) = (all(), all().iter().filter(is_denied).count());
    assert!(denied * 3 > all.len() * 2, "{denied} of {}", all.len());
}
