//! Faults on the way to the network.

use super::{Fault, fails, warns};
use crate::{cable::Cable, patient::Patient};
use d1_core::Verdict;
use d1_executor::{Presented, Refusal};

/// What every host shows, when this system believes it and when tools do.
fn shows(by_system: Result<(), Refusal>, by_bundled: Result<(), Refusal>) -> Cable {
    let issuer = Some("Example Gateway".to_owned());
    Cable { presented: Presented { issuer, by_system, by_bundled }, ..Cable::default() }
}

fn behind_a_proxy(patient: &mut Patient) {
    for scheme in ["http_proxy", "https_proxy"] {
        patient.set(scheme, "http://maya:secret@proxy.example:3128");
    }
}

pub(super) const FAULTS: &[Fault] = &[
    fails(&["net.resolver"], |patient| patient.remove("/etc/resolv.conf")),
    fails(&["net.resolver"], |patient| patient.write("/etc/resolv.conf", "search example\n")),
    warns(&["net.proxy"], |patient| {
        patient.set("https_proxy", "http://one.example:3128");
        patient.set("HTTPS_PROXY", "http://two.example:3128");
    }),
    fails(&["net.localhost"], |patient| {
        patient.write("/etc/hosts", "127.0.1.1 lab # localhost\n10.0.0.1 localhost\n");
    }),
    fails(&["net.route"], |patient| {
        patient.write("/proc/net/route", "Iface\tDestination\nlo\t0000007F\t0\t1\t0\t0\t0\tFF\n");
        patient.plug_in(Cable { is_nameless: |_| true, is_dead: |_| true, ..Cable::default() });
    }),
    fails(&["net.dns"], |patient| {
        patient.plug_in(Cable { is_nameless: |_| true, ..Cable::default() });
    }),
    warns(&["net.dns"], |patient| {
        patient.plug_in(Cable { is_nameless: |host| host == "x.example", ..Cable::default() });
    }),
    fails(&["net.connect"], |patient| {
        patient.plug_in(Cable { is_dead: |_| true, ..Cable::default() });
    }),
    warns(&["net.connect"], |patient| {
        patient.plug_in(Cable { is_dead: |to| to.port() == 443, ..Cable::default() });
    }),
    warns(&["net.ipv6"], |patient| {
        patient.plug_in(Cable { is_new: true, is_dead: |to| to.is_ipv6(), ..Cable::default() });
    }),
    fails(&["net.https"], |patient| {
        patient.plug_in(shows(Err(Refusal::UnknownAuthority), Err(Refusal::UnknownAuthority)));
    }),
    fails(&["net.https"], |patient| {
        patient.plug_in(shows(Err(Refusal::Expired), Err(Refusal::Expired)));
    }),
    warns(&["net.tls.intercept"], |patient| {
        patient.plug_in(shows(Ok(()), Err(Refusal::UnknownAuthority)));
        patient.program("deno", "");
    }),
    fails(&["net.captive"], |patient| {
        let says = |_: &_| (302, Some("login.hotel.example"));
        patient.plug_in(Cable { says, ..Cable::default() });
    }),
    fails(&["net.captive"], |patient| {
        patient.plug_in(Cable { says: |_| (511, None), ..Cable::default() });
    }),
    fails(&["net.proxy.reachable"], |patient| {
        behind_a_proxy(patient);
        patient.plug_in(Cable { is_dead: |to| to.port() == 3128, ..Cable::default() });
    }),
    fails(&["net.proxy.reachable"], |patient| {
        patient.write("/etc/gitconfig", "[http]\n\tproxy = http://old.example:8080\n");
        patient.plug_in(Cable { is_dead: |to| to.port() == 8080, ..Cable::default() });
    }),
    warns(&["net.proxy.form"], |patient| patient.set("https_proxy", "proxy.example:3128")),
    warns(&["net.proxy.form"], |patient| patient.set("no_proxy", "localhost,http://a.example")),
    warns(&["net.proxy.tools"], |patient| {
        behind_a_proxy(patient);
        patient.write("/etc/gitconfig", "[http]\n\tproxy = http://old.example:8080\n");
    }),
    warns(&["net.proxy.tools"], |patient| {
        let text = r#"{"proxies": {"default": {"httpProxy": "http://127.0.0.1:3128"}}}"#;
        patient.write("/home/maya/.docker/config.json", text);
        patient.mode("/home/maya/.docker/config.json", 0o600);
    }),
    fails(&["net.nsswitch"], |patient| {
        patient.write("/etc/nsswitch.conf", "passwd: files\nhosts: files myhostname\n");
    }),
    warns(&["net.hosts.override"], |patient| {
        let hosts = "127.0.0.1 localhost\n127.0.1.1 lab\n0.0.0.0 deb.example # no\n\
                     127.0.0.1 x.example other.example\n192.0.2.7 index.example\n";
        patient.write("/etc/hosts", hosts);
    }),
    fails(&["net.ca.bundle"], |patient| patient.remove("/etc/ssl/certs/ca-certificates.crt")),
    fails(&["net.ca.variables"], |patient| patient.set("SSL_CERT_FILE", "/etc/old.pem")),
    fails(&["net.ca.variables"], |patient| patient.set("PIP_CERT", "/etc/hosts")),
];

/// Where one thing is in the way, what depends on it is not told as well.
#[tokio::test]
async fn what_cannot_be_tried_is_passed_over_and_says_why() {
    let mut patient = Patient::healthy();
    patient.plug_in(Cable { is_nameless: |_| true, ..Cable::default() });
    let findings = patient.examine().await;
    for id in ["net.connect", "net.https", "net.tls.intercept", "net.captive", "sys.clock.skew"] {
        let finding = &findings[id];
        assert_eq!(finding.verdict, Verdict::Skipped, "{id}");
        assert!(finding.summary.contains("net.dns"), "{id}: {}", finding.summary);
    }
}

#[tokio::test]
async fn what_stands_in_for_a_host_or_sends_us_elsewhere_alone_is_no_fault() {
    let mut patient = Patient::healthy();
    patient.write("/etc/hosts", "127.0.0.1 localhost deb.example\n127.0.1.1 lab\n");
    let listens = "  sl  local_address rem_address   st\n   0: 0100007F:0050 00000000:0000 0A 0\n";
    patient.write("/proc/net/tcp", listens);
    // A mirror of its own, as many have it.
    patient.plug_in(Cable {
        says: |to| (302, (to.host() == "deb.example").then_some("mirror.example")),
        ..Cable::default()
    });
    let findings = patient.examine().await;
    let worried: Vec<_> = findings.values().filter(|finding| finding.is_trouble()).collect();
    assert!(worried.is_empty(), "{worried:#?}");
}

/// No password that is set for a proxy is told to anybody.
#[tokio::test]
async fn a_proxy_is_named_without_its_password() {
    let mut patient = Patient::healthy();
    patient.set("https_proxy", "http://maya:hunter22@proxy.example:3128");
    patient.set("http_proxy", "maya:hunter22@proxy.example:3128");
    patient.write("/etc/gitconfig", "[http]\n\tproxy = http://maya:hunter22@old.example:8080\n");
    patient.plug_in(Cable { is_dead: |_| true, ..Cable::default() });
    let findings = patient.examine().await;
    let told: Vec<_> = findings.values().filter(|finding| finding.is_trouble()).collect();
    assert_eq!(told.len(), 3, "form, tools, reachable: {told:#?}");
    assert!(!format!("{told:?}").contains("hunter22"), "{told:#?}");
}

#[tokio::test]
async fn nobody_is_asked_when_the_network_is_left_alone() {
    let mut patient = Patient::healthy();
    patient.plug_in(Cable {
        is_nameless: |host| panic!("{host} was looked up"),
        is_dead: |to| panic!("{to} was connected to"),
        ..Cable::default()
    });
    patient.sight.offline = true;
    let findings = patient.examine().await;
    assert!(findings.values().all(|finding| !finding.is_trouble()), "{findings:#?}");
    let mistakes = findings.values().filter(|finding| finding.verdict == Verdict::Unknown);
    assert_eq!(mistakes.count(), 0, "{findings:#?}");
}

/// The hosts that the doctor tries, as it names them when none can be reached.
async fn tried(patient: &mut Patient) -> Vec<String> {
    patient.plug_in(Cable { is_dead: |_| true, ..Cable::default() });
    let details = patient.examine().await.remove("net.connect").unwrap().details;
    details.iter().filter_map(|line| line.split(": ").next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_hosts_that_are_tried_are_those_that_are_set_up_and_no_other() {
    let mut patient = Patient::healthy();
    let sources = "Types: deb\nURIs: https://new.example/debian\nSuites: x\n\nEnabled: no\nURIs: http://off.example\n";
    patient.write("/etc/apt/sources.list.d/new.sources", sources);
    patient.write("/etc/apt/sources.list.d/old.list.save", "deb http://old.example x y\n");
    let remotes = "[remote \"origin\"]\n\turl = git@forge.example:x.git\n\
                   [remote \"copy\"]\n\turl = /srv/x.git\n[branch \"main\"]\n\turl = no.example:x\n";
    patient.write("/srv/project/.git/config", remotes);
    // A working tree of its own, with the rest elsewhere.
    patient.write("/srv/project/.git/worktrees/t/commondir", "../..\n");
    patient.write("/srv/tree/.git", "gitdir: ../project/.git/worktrees/t\n");
    patient.write("/srv/tree/deep/down/x", "");
    patient.sight.cwd = Some(patient.at("/srv/tree/deep/down"));
    patient.write("/etc/npmrc", "registry=https://registry.example:8443/\n");
    let all = [
        "deb.example:80",
        "x.example:80",
        "new.example:443",
        "forge.example:22",
        "index.example:443",
        "registry.example:8443",
    ];
    let mut found = tried(&mut patient).await;
    let mut expected = all.map(str::to_owned).to_vec();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    // What ssh makes of a name, and what apt asks a program for, only they know.
    patient.write("/home/maya/.ssh/config", "Host *\n  ProxyJump door.example\n");
    patient.mode("/home/maya/.ssh/config", 0o600);
    let asks = "Acquire::http::Proxy-Auto-Detect \"/usr/bin/which-proxy\";\n";
    patient.write("/etc/apt/apt.conf.d/proxy", asks);
    assert_eq!(tried(&mut patient).await, ["index.example:443", "registry.example:8443"]);
    // What goes through a proxy is not tried without it.
    patient.set("https_proxy", "http://proxy.example:3128");
    patient.set("no_proxy", "registry.example");
    assert_eq!(tried(&mut patient).await, ["registry.example:8443"]);
}
