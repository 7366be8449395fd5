//! The door for devices before the judges of others.

use super::scene::{cloud, invite};
use std::process::Command;

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
