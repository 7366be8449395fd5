//! Commands without walls: only where a file lists them, and never without a yes.

use crate::rig::{asked, confined, denied, device, said};
use d1_executor::{Decision, Policy, Profile, Request, Walls};

const LISTED: &str = r#"
profiles = ["home", "unconfined"]
[[allow]]
name = "counts"
why = "it only counts"
program = "wc"
match = ["wc"]
"#;

fn unconfined() -> Request {
    let request = confined(&["wc"]);
    let walls = Walls { profile: Profile::Unconfined, ..request.walls.clone().unwrap() };
    Request { walls: Some(walls), ..request }
}

#[test]
fn where_no_file_lists_them_they_are_refused() {
    for policy in ["", "default = 'allow'\n", "best_effort = true\n"] {
        let denial = denied(said(policy, &unconfined()));
        assert_eq!(denial.code, "D1-POL-006", "{policy}");
        assert!(denial.alternative.contains("profiles"), "{denial:?}");
    }
}

#[test]
fn a_file_that_lists_others_refuses_them_whatever_the_other_file_says() {
    let others = "profiles = ['home']\n";
    for (machine, user) in [(LISTED, others), (others, LISTED)] {
        let policy = Policy::parse(machine, user).unwrap();
        let denial = denied(policy.decide(&unconfined(), &device()));
        assert_eq!(denial.reason, "the profile `unconfined` is not allowed on this machine");
    }
}

#[test]
fn each_needs_a_yes_though_a_rule_allows_the_command_behind_walls() {
    assert!(matches!(said(LISTED, &confined(&["wc"])), Decision::Allow { .. }));
    let reasons = asked(said(LISTED, &unconfined()));
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert_eq!(reasons[0].text, "it would have no walls at all");
}

#[test]
fn a_yes_is_for_exactly_that_command_and_not_for_it_behind_walls() {
    let digest = |request: &Request| match said(LISTED, request) {
        Decision::Allow { digest, .. } | Decision::NeedsApproval { digest, .. } => digest,
        Decision::Deny(denial) => panic!("{denial:?}"),
    };
    assert_ne!(digest(&unconfined()), digest(&confined(&["wc"])));
}
