//! Faults of the places that packages come from.

use super::{Fault, fails, warns};

const LIST: &str = "/etc/apt/sources.list.d/again.list";
const STANZA: &str = "/etc/apt/sources.list.d/again.sources";
const KEY: &str = "/usr/share/keyrings/x.asc";
/// As gpg 2.2 wrote it of a key that was made for this test.
const EXPIRED: &str = "pub:e:255:22:2D37D5DCCAB73681:1577836800:1609372800:::::sc:::::ed25519:::0:\n\
     fpr:::::::::78C158C41734CBC99930748F2D37D5DCCAB73681:\n\
     uid:e::::1577836800::A3F8D019A24C92EB6DAEB9333B9C85EAB144C5A7::lab@x.example::::::::::0:\n";

pub(super) const FAULTS: &[Fault] = &[
    warns(&["apt.sources.dup"], |patient| {
        patient.write(LIST, "deb [ arch=amd64 ] http://deb.example/debian/ bookworm contrib\n");
    }),
    // A line and a paragraph that say the same.
    warns(&["apt.sources.dup"], |patient| {
        let stanza = "Types: deb\nURIs: http://deb.example/debian\n# by hand\nSuites: bookworm\n\
                      Components: main\n contrib\n";
        patient.write(STANZA, stanza);
    }),
    warns(&["apt.sources.dup"], |patient| {
        let stanza = "Types: deb\nURIs: http://y.example\nSuites: a b\nComponents: c\n";
        patient.write(STANZA, format!("{stanza}\n\n{stanza}"));
    }),
    fails(&["apt.keys"], |patient| patient.remove(KEY)),
    fails(&["apt.keys"], |patient| patient.write(KEY, "")),
    fails(&["apt.keys"], |patient| patient.mode(KEY, 0o600)),
    fails(&["apt.keys"], |patient| {
        patient.write("/k/z.gpg", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n");
        let stanza = "Types: deb\nURIs: http://z.example\nSuites: ./\nSigned-By: /k/z.gpg\n";
        patient.write(STANZA, stanza);
    }),
    fails(&["apt.keys.expired"], |patient| {
        patient.program("gpg", &format!("printf '%s' '{EXPIRED}'"));
    }),
    // gpg only says when, not that it is over.
    fails(&["apt.keys.expired"], |patient| {
        let said = EXPIRED.replace("pub:e", "pub:");
        patient.program("gpg", &format!("printf '%s' '{said}'"));
    }),
    warns(&["apt.suite"], |patient| {
        patient.write(LIST, "deb http://deb.example/debian trixie-security main\n");
        let index = "/var/lib/apt/lists/deb.example_debian_dists_trixie-security_InRelease";
        patient.write(index, "Origin: Debian\nCodename: trixie-security\n");
    }),
];

/// What looks like a fault and is none.
#[tokio::test]
async fn sources_that_are_off_and_keys_that_are_inside_are_no_faults() {
    let patient = crate::patient::Patient::healthy();
    let off = "Enabled: no\nTypes: deb\nURIs: http://deb.example/debian\nSuites: bookworm\n\
               Components: main\nSigned-By: /nowhere.gpg\n";
    let inside = "Types: deb\nURIs: http://z.example\nSuites: ./\n\
                  Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n x/y\n";
    patient.write(STANZA, format!("{off}\n{inside}"));
    // Only what the distribution says of itself counts: others name releases as they like.
    patient.write(LIST, "deb http://other.example/debian trixie main\n");
    let index = "/var/lib/apt/lists/other.example_debian_dists_trixie_InRelease";
    patient.write(index, "Origin: Other\nCodename: trixie\n");
    // What is never taken by itself mixes in nothing.
    patient.write(
        "/etc/apt/sources.list.d/new.list",
        "deb http://deb.example/debian experimental main\n",
    );
    patient.write(
        "/var/lib/apt/lists/deb.example_debian_dists_experimental_InRelease",
        "Origin: Debian\nCodename: rc-buggy\nNotAutomatic: yes\n",
    );
    let one = EXPIRED.replace("pub:e", "pub:-").replace("1609372800", "");
    patient.program("gpg", &format!("printf '%s' '{EXPIRED}{one}'"));
    let findings = patient.examine().await;
    let wrong: Vec<_> = findings.values().filter(|finding| finding.is_trouble()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn releases_that_are_mixed_on_purpose_or_by_others_are_no_faults() {
    let mixed = || {
        let patient = crate::patient::Patient::healthy();
        patient.write(LIST, "deb http://deb.example/debian trixie main\n");
        let index = "/var/lib/apt/lists/deb.example_debian_dists_trixie_InRelease";
        patient.write(index, "Origin: Debian\nCodename: trixie\n");
        patient
    };
    assert!(mixed().examine().await["apt.suite"].is_trouble());
    let pinned = mixed();
    let pin = "Package: *\nPin: release n=trixie\nPin-Priority: 100\n";
    pinned.write("/etc/apt/preferences.d/trixie", pin);
    assert!(!pinned.examine().await["apt.suite"].is_trouble());
    let derived = mixed();
    derived.write("/etc/os-release", "ID=mint\nVERSION_CODENAME=wilma\n");
    assert!(!derived.examine().await["apt.suite"].is_trouble());
}
