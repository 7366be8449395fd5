//! The door for devices before the judges of others.

use super::scene::{Machine, cloud, invite};
use serde_json::Value;
use std::{fs, process::Command};

/// How testssl calls what is wrong.
const WRONG: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

#[tokio::test(flavor = "multi_thread")]
async fn sslscan_finds_tls_1_3_at_the_door_and_nothing_older() {
    let cloud = cloud(86_400);
    let address = invite(&cloud).link.replace("wss://", "");
    let ran = Command::new("sslscan").args(["--no-colour", &address]).output();
    let ran = ran.expect("sslscan is there; tests/run installs it");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    for old in ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2"] {
        let line = said.lines().find(|line| line.starts_with(old)).unwrap_or_default();
        assert!(line.ends_with("disabled"), "{old}: {line:?}\n{said}");
    }
    let newest = said.lines().find(|line| line.starts_with("TLSv1.3")).unwrap_or_default();
    assert!(newest.ends_with("enabled"), "{said}");
    assert!(
        said.contains("not vulnerable to heartbleed") || !said.contains("vulnerable"),
        "{said}"
    );
    assert!(!said.contains("TLS_NULL") && !said.contains("Accepted  TLSv1.2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn testssl_finds_nothing_to_say_against_the_door() {
    let cloud = cloud(86_400);
    let machine = Machine::enrolled(&cloud);
    let address = invite(&cloud).link.replace("wss://", "");
    let (_, _, authorities) = machine.files();
    let report = machine.desk.state("testssl.json");
    let ran = Command::new("testssl")
        .args(["--quiet", "--warnings", "off", "--color", "0", "--ip", "one"])
        // Protocols, ciphers, forward secrecy, and everything that was ever broken.
        .args(["-p", "-s", "-f", "-U", "--add-ca"])
        .arg(authorities)
        .arg("--jsonfile")
        .args([report.to_str().unwrap(), &address])
        .output();
    let ran = ran.expect("testssl is there; tests/run installs it");
    let text = fs::read_to_string(&report);
    let text = text.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stdout)));
    let found: Vec<Value> = serde_json::from_str(&text).unwrap();
    let against: Vec<_> = found
        .iter()
        // The rest is well, or about what the judge itself cannot do.
        .filter(|it| WRONG.contains(&it["severity"].as_str().unwrap()))
        .collect();
    assert!(against.is_empty(), "{against:#?}");
    let looked_at = [
        ("TLS1_2", "not offered"),
        ("TLS1_3", "offered with final"),
        ("cipherlist_NULL", "not offered"),
        ("heartbleed", "not vulnerable, no heartbeat extension"),
    ];
    for (what, finding) in looked_at {
        let about = found.iter().find(|it| it["id"] == what);
        assert_eq!(about.unwrap()["finding"], finding, "{about:?}");
    }
}
