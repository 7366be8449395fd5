//! Requests, and a machine that is only told of.

use d1_core::Argv;
use d1_executor::{
    Decision, Demand, Denial, Device, Egress, Limits, Policy, Profile, Program, Reason, Request,
    Walls,
};
use std::collections::{BTreeMap, BTreeSet};

/// Where the told machine keeps programs, and what each really is.
const PROGRAMS: [(&str, &str, bool); 8] = [
    ("rm", "/usr/bin/rm", true),
    ("/bin/rm", "/usr/bin/rm", true),
    ("/usr/bin/wc", "/usr/bin/wc", true),
    ("sh", "/usr/bin/dash", true),
    ("erase", "/usr/bin/rm", true),
    ("./tool", "/home/ada/work/tool", false),
    ("ls", "/home/ada/bin/ls", false),
    ("make", "/usr/bin/make", true),
];

/// A machine on which Ada works.
pub(crate) fn device() -> Device {
    let program = |(name, path, of_system): (&str, &str, bool)| {
        (name.to_owned(), Program { path: path.into(), of_system })
    };
    Device {
        home: "/home/ada".into(),
        programs: PROGRAMS.map(program).into(),
        links: BTreeMap::from([("/home/ada/work/link".into(), "/etc/shadow".into())]),
        ..Device::default()
    }
}

/// A request without walls, in Ada's work.
pub(crate) fn bare(words: &[&str]) -> Request {
    Request {
        argv: Argv::new(words.iter().copied()).unwrap(),
        is_script: false,
        env: BTreeMap::from([("LANG".into(), "C".into())]),
        given: BTreeSet::new(),
        cwd: "/home/ada/work".into(),
        walls: None,
    }
}

/// The same behind walls.
pub(crate) fn confined(words: &[&str]) -> Request {
    let walls = Walls {
        profile: Profile::Home,
        touches: Vec::new(),
        network: Egress::none(),
        limits: Limits::USUAL,
        demand: Demand::Required,
    };
    Request { walls: Some(walls), ..bare(words) }
}

/// What a policy of the machine says to `request`.
pub(crate) fn said(policy: &str, request: &Request) -> Decision {
    Policy::parse(policy, "").unwrap().decide(request, &device())
}

/// The same about a line of words.
pub(crate) fn line(policy: &str, line: &str) -> Decision {
    said(policy, &bare(&line.split(' ').collect::<Vec<_>>()))
}

pub(crate) fn denied(decision: Decision) -> Denial {
    let Decision::Deny(denial) = decision else { panic!("it is not denied: {decision:?}") };
    denial
}

pub(crate) fn asked(decision: Decision) -> Vec<Reason> {
    let Decision::NeedsApproval { reasons, .. } = decision else {
        panic!("nobody is asked: {decision:?}");
    };
    reasons
}

#[track_caller]
pub(crate) fn assert_allowed(decision: &Decision) {
    assert!(matches!(decision, Decision::Allow { .. }), "{decision:?}");
}
