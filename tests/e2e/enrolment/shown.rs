//! Certificates that were once good, or are good for something else.

use super::scene::{ENROLMENTS, Machine, cloud, eventually, invite, revoke};
use d1_core::{Clock, SystemClock};
use d1_orchestrator::{Authorities, SqliteIdentity};
use d1_world::CloudDesk;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

/// What openssl is answered at the door that wants to link, over a connection that it may
/// resume: what it says of that, and the head of the answer. Who does not say hello is left.
fn links(cloud: &CloudDesk, machine: &Machine, session: &[&str]) -> String {
    let address = invite(cloud).link.replace("wss://", "");
    let (certificate, key, authorities) = machine.files();
    let mut openssl = Command::new("openssl")
        .args(["s_client", "-ign_eof", "-alpn", "d1-device/1", "-connect", &address, "-CAfile"])
        .arg(authorities)
        .arg("-cert")
        .arg(certificate)
        .arg("-key")
        .arg(key)
        .args(session)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let asked = "GET /api/v1/link HTTP/1.1\r\nHost: d1\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    openssl.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
    let ran = openssl.wait_with_output().unwrap();
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_resumed_after_its_device_was_shut_out_gets_nothing() {
    let cloud = cloud(86_400);
    let machine = Machine::enrolled(&cloud);
    let [first, second] = ["first", "second"].map(|name| machine.desk.state(name));
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let new = links(&cloud, &machine, &["-sess_out", first]);
    assert!(new.contains("New, TLSv1.3") && new.contains("HTTP/1.1 101"), "{new}");
    let resumed = links(&cloud, &machine, &["-sess_in", first, "-sess_out", second]);
    assert!(resumed.contains("Reused, TLSv1.3") && resumed.contains("HTTP/1.1 101"), "{resumed}");
    assert_eq!(revoke(&cloud, &machine.device()), 204);
    let late = links(&cloud, &machine, &["-sess_in", second]);
    assert!(late.contains("Reused, TLSv1.3") && late.contains("HTTP/1.1 403"), "{late}");
    assert!(late.contains("D1-ENROL-006"), "{late}");
}

/// What curl is answered that shows a certificate and a key as DER.
fn curl(machine: &Machine, link: &str, certificate: &Path, key: &Path) -> (i32, String) {
    let (_, _, authorities) = machine.files();
    let url = format!("{}{ENROLMENTS}/renew", link.replace("wss://", "https://"));
    let ran = Command::new("curl")
        .args(["-s", "-m", "20", "--no-alpn", "-o", "/dev/null", "-w", "%{http_code}"])
        .args(["-H", "Content-Type: application/json", "-d", "{}", "--cacert"])
        .arg(authorities)
        .args(["--cert-type", "DER", "--key-type", "DER", "--cert"])
        .arg(certificate)
        .arg("--key")
        .arg(key)
        .arg(url)
        .output()
        .unwrap();
    (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap())
}

/// The certificate and the key of a machine, as DER.
fn der(machine: &Machine) -> (PathBuf, PathBuf) {
    let (certificate, key, _) = machine.files();
    let convert = |what, from: PathBuf, name| {
        let to = machine.desk.state(name);
        let ran = Command::new("openssl")
            .args([what, "-outform", "DER", "-in"])
            .arg(from)
            .arg("-out")
            .arg(&to)
            .status();
        assert!(ran.unwrap().success());
        to
    };
    (convert("x509", certificate, "test.crt.der"), convert("pkey", key, "test.key.der"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_over_or_is_of_a_server_opens_no_door() {
    let cloud = cloud(8);
    let machine = Machine::enrolled(&cloud);
    let link = invite(&cloud).link;
    let (certificate, key) = der(&machine);
    assert_eq!(curl(&machine, &link, &certificate, &key), (0, "422".to_owned()));
    // What our authority says of a server it does not say of a device.
    let known = SqliteIdentity::open(&cloud.desk().state("identity.db")).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let authorities = Authorities::new(Arc::new(known.authority_keys()), Arc::clone(&clock));
    let bundle = authorities.bundle().await.unwrap();
    let life = Duration::from_secs(3_600);
    let papers = bundle.active().unwrap().sign_server("127.0.0.1", clock.now(), life).unwrap();
    let theirs = [("server.crt", &papers.chain[0]), ("server.key", &papers.key)];
    let [server, server_key] = theirs.map(|(name, bytes)| {
        let path = machine.desk.state(name);
        fs::write(&path, bytes).unwrap();
        path
    });
    let refused = curl(&machine, &link, &server, &server_key);
    assert!(refused.0 != 0 && refused.1 == "000", "{refused:?}");
    // Over: in seconds, and without that anybody was told.
    eventually("its certificate is over", || {
        let (code, status) = curl(&machine, &link, &certificate, &key);
        code != 0 && status == "000"
    })
    .await;
}
