//! What the policy says to hosts that a command asks for.

use crate::rig::{assert_allowed, confined, denied};
use d1_executor::{Decision, Egress, Policy, Request};

/// A request for these hosts, and for names that lead into this network.
fn wants(hosts: &[&str], inside: &[&str]) -> Request {
    let request = confined(&["curl", "x"]);
    let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
    let inside = inside.iter().map(|net| net.parse().unwrap()).collect();
    let network = Egress { inside, ..Egress::of(hosts) };
    let walls = request.walls.clone().map(|walls| d1_executor::Walls { network, ..walls });
    Request { walls, ..request }
}

fn said(machine: &str, user: &str, request: &Request) -> Decision {
    Policy::parse(machine, user).unwrap().decide(request, &crate::rig::device())
}

const HOSTS: &str = r#"hosts = ["*.example.org", "files.example.net"]"#;
const INSIDE: &str = r#"inside = ["10.0.0.0/8"]"#;

#[test]
fn a_host_is_given_only_where_the_policy_names_it_or_names_none() {
    let granted = |machine: &str, host: &str| said(machine, "", &wants(&[host], &[]));
    assert_allowed(&granted("", "anything.test"));
    for host in ["a.example.org", "*.b.example.org", "files.example.net:443"] {
        assert_allowed(&granted(HOSTS, host));
    }
    for host in ["example.org", "*.example.com", "files.example.net:22", "evil.org", "10.0.0.1:80"]
    {
        let denial = denied(granted(HOSTS, host));
        assert_eq!(denial.code, "D1-POL-006");
        assert_eq!(
            denial.reason,
            format!("`{host}` is not among the hosts that a command may call")
        );
    }
    assert_eq!(denied(granted("hosts = []", "files.example.net")).code, "D1-POL-006");
}

#[test]
fn neither_file_loosens_what_the_other_says_of_hosts() {
    let wide = r#"hosts = ["*.example.org", "evil.org"]"#;
    for (machine, user) in [(HOSTS, wide), (wide, HOSTS)] {
        assert_allowed(&said(machine, user, &wants(&["a.example.org"], &[])));
        assert_eq!(denied(said(machine, user, &wants(&["evil.org"], &[]))).code, "D1-POL-006");
    }
}

#[test]
fn names_lead_inside_only_where_the_policy_lets_them() {
    let request = |net: &str| wants(&["mirror.corp.test"], &[net]);
    assert_allowed(&said(INSIDE, "", &request("10.1.0.0/16")));
    assert_eq!(denied(said(INSIDE, "", &request("192.168.0.0/16"))).code, "D1-POL-006");
    let inside = |machine: &str, user: &str| {
        let policy = Policy::parse(machine, user).unwrap();
        policy.inside().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(inside("", ""), Vec::<String>::new());
    assert_eq!(inside(INSIDE, ""), ["10.0.0.0/8"]);
    let user = r#"inside = ["10.5.0.0/16", "192.168.0.0/16"]"#;
    assert_eq!(inside(INSIDE, user), ["10.5.0.0/16"], "both have to say so");
}

#[test]
fn what_is_no_host_and_no_network_is_an_error_with_its_line() {
    for (text, why) in [
        ("\nhosts = [\"*.com\"]", "anybody can have a name below `com`"),
        ("\nhosts = [\"a b\"]", "is not the name of a host"),
        ("\nhosts = [\"10.0.0.1\"]", "is an address and not a name"),
        ("\ninside = [\"0.0.0.0/0\"]", "is almost everything"),
        ("\ninside = [\"ten\"]", "is not a network"),
    ] {
        let error = Policy::parse(text, "").unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("line 2"), "{error}");
    }
}
