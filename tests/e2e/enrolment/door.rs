//! The door for devices, tried by the programs of others: who gets in, and who does not.

use super::scene::{Machine, cloud, invite};
use d1_world::{CloudDesk, until};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// What curl is answered at the door: its exit code, and the status.
fn curl(machine: &Machine, link: &str, path: &str, args: &[&str]) -> (i32, String) {
    let (_, _, authorities) = machine.files();
    let url = format!("{}{path}", link.replace("wss://", "https://"));
    let ran = Command::new("curl")
        .args(["-s", "-m", "20", "--no-alpn", "-o", "/dev/null", "-w", "%{http_code}", "--cacert"])
        .arg(authorities)
        .args(args)
        .arg(url)
        .output()
        .unwrap();
    (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap())
}

/// What openssl makes: a key and a certificate signed by itself, with the name of a device.
fn self_signed(folder: &Path, name: &str) -> (String, String) {
    let (key, certificate) = (folder.join("own.key"), folder.join("own.crt"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "1", "-subj", "/CN=Day 1 Doctor device", "-addext"])
        .arg(format!("subjectAltName=URI:{name}"))
        .args(["-addext", "extendedKeyUsage=clientAuth", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    (key.to_str().unwrap().to_owned(), certificate.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_certificate_of_our_authority_opens_the_door() {
    let (cloud, other) = (cloud(86_400), cloud(86_400));
    let (machine, stranger) = (Machine::enrolled(&cloud), Machine::enrolled(&other));
    let link = invite(&cloud).link;
    let path = "/api/v1/enrolments/renew";
    let (certificate, key, _) = machine.files();
    let files = |certificate: &Path, key: &Path| {
        [certificate.to_str().unwrap().to_owned(), key.to_str().unwrap().to_owned()]
    };
    let with = |[certificate, key]: &[String; 2], more: &[&str]| {
        let args = ["--cert", certificate, "--key", key, "-H", "Content-Type: application/json"];
        curl(&machine, &link, path, &[&args[..], more].concat())
    };
    // Known, and told what is wrong with what it asks.
    let known = files(&certificate, &key);
    assert_eq!(with(&known, &["-d", "{}"]), (0, "422".to_owned()));
    // Nothing else is behind this door, whatever a token may elsewhere.
    let bearer = CloudDesk::bearer();
    for path in ["/api/v1/devices", "/api/v1/setup/tasks", "/healthz", "/sign-in", "/node/v1/x"] {
        let args = ["--cert", &known[0], "--key", &known[1], "-H", &bearer];
        assert_eq!(curl(&machine, &link, path, &args), (0, "404".to_owned()), "{path}");
    }
    // Nobody: no certificate, also with a token or a field that says that there was one.
    let forged = format!("X-Client-Cert: {}", machine.papers()["certificate"]);
    for args in [&[][..], &["-H", &bearer], &["-H", &forged.replace('\\', "")]] {
        let (code, status) = curl(&machine, &link, path, args);
        assert!(code != 0 && status == "000", "{args:?}: {code} {status}");
    }
    // Another authority's, and one that signed itself in the name of a device.
    let (theirs, their_key, _) = stranger.files();
    let name = format!("d1://{0}/device/{0}/generation/1", machine.device());
    let (own_key, own) = self_signed(machine.desk.state_dir(), &name);
    for wrong in [files(&theirs, &their_key), [own, own_key]] {
        let (code, status) = with(&wrong, &["-d", "{}"]);
        assert!(code != 0 && status == "000", "{wrong:?}: {code} {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_a_device_opens_nothing_but_its_door() {
    let cloud = cloud(86_400);
    let machine = Machine::enrolled(&cloud);
    let forged = format!("X-Client-Cert: {}", machine.device());
    let xfcc = format!("X-Forwarded-Client-Cert: URI=d1://x/device/{}", machine.device());
    for field in [forged.as_str(), xfcc.as_str()] {
        for path in ["/api/v1/devices", "/api/v1/link", "/api/v1/enrolments"] {
            let (head, _) = cloud.curl(&["-H", field], path);
            assert_eq!(crate::sign_in::status(&head), 401, "{path}");
        }
    }
    let renew = ["-d", "{\"request\":\"\"}", "-H", &forged];
    let (head, body) = cloud.curl(&renew, "/api/v1/enrolments/renew");
    assert_eq!(crate::sign_in::status(&head), 403);
    assert!(body.contains("D1-ENROL-002"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_nothing_is_not_waited_for() {
    let cloud = cloud(86_400);
    let machine = Machine::enrolled(&cloud);
    let address = invite(&cloud).link.replace("wss://", "");
    // No handshake.
    let mut silent = TcpStream::connect(&address).unwrap();
    let mut rest = Vec::new();
    silent.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    // A handshake, and then the head of a request that never ends, or its body.
    let files = machine.files();
    let begun = "POST /api/v1/enrolments/renew HTTP/1.1\r\nHost: d1\r\n";
    for rest in ["X-Slow: ", "Content-Length: 100\r\n\r\n{"] {
        let mut slow = at_the_door(&address, &files);
        slow.stdin.as_mut().unwrap().write_all(format!("{begun}{rest}").as_bytes()).unwrap();
        until("the slow one is shown the door", || slow.try_wait().unwrap().is_some());
    }
    // Others are served all the while.
    assert_eq!(Machine::new().enrol(&invite(&cloud)).code, 0);
}

/// openssl, with the certificate of a device, which says what it is given.
fn at_the_door(
    address: &str,
    (certificate, key, authorities): &(PathBuf, PathBuf, PathBuf),
) -> Child {
    Command::new("openssl")
        .args(["s_client", "-quiet", "-alpn", "d1-device/1", "-connect", address, "-CAfile"])
        .arg(authorities)
        .arg("-cert")
        .arg(certificate)
        .arg("-key")
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
