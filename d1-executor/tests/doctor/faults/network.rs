//! Faults on the way to the network.

use super::{Fault, fails, warns};
use crate::{cable::Cable, patient::Patient};
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
