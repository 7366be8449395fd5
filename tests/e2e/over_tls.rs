//! A cloud behind nginx, which speaks TLS with the world outside, as people and programs reach it.

use crate::sign_in::Browser;
use d1_protocol::{ApiClient, CreditsClient};
use d1_world::{CloudDesk, Desk, PATIENCE, run};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};
use tempfile::TempDir;

/// Where a test of this file that starts itself again finds the proxy.
const HOME: &str = "D1_TEST_TLS_HOME";

/// nginx before a cloud, until it is dropped, with an authority of its own.
struct Proxy {
    nginx: Child,
    folder: TempDir,
    home: String,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.nginx.kill());
        drop(self.nginx.wait());
    }
}

impl Proxy {
    fn before(cloud: &CloudDesk, port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certify(folder.path());
        let conf = include_str!("over_tls/nginx.conf")
            .replace("FOLDER", folder.path().to_str().unwrap())
            .replace("PORT", &port.to_string())
            .replace("CLOUD", &cloud.http().replace("http://", ""));
        let path = folder.path().join("nginx.conf");
        fs::write(&path, conf).unwrap();
        let mut nginx = Command::new("/usr/sbin/nginx");
        nginx.args(["-e", "stderr", "-c"]).arg(&path).stderr(Stdio::null());
        let nginx = nginx.spawn().unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "nginx does not listen");
        }
        Self { nginx, folder, home: format!("https://localhost:{port}") }
    }

    fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }
}

/// An authority, and a certificate of its for this machine.
fn certify(folder: &Path) {
    let authority = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    // Two of one name would be taken for one.
    params.distinguished_name.push(rcgen::DnType::CommonName, "an authority of a test");
    let certificate = params.self_signed(&authority).unwrap();
    fs::write(folder.join("authority.pem"), certificate.pem()).unwrap();
    let issuer = rcgen::Issuer::new(params, authority);
    let key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    fs::write(folder.join("server.pem"), server.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}

/// A cloud with Anna, known by the name of its proxy, and the proxy.
fn cloud() -> (CloudDesk, Proxy) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = format!("https://localhost:{port}");
    let cloud = CloudDesk::start_with(&["--public-url", &home, "--behind-proxy"]);
    cloud.add_user("anna");
    let proxy = Proxy::before(&cloud, port);
    (cloud, proxy)
}

#[test]
fn a_person_signs_in_to_a_cloud_that_is_far_away() {
    let (_cloud, proxy) = cloud();
    let desk = Desk::at_this_machine();
    let mut login = desk.program("d1-doctor");
    login.args(["login", "--no-browser", "--cloud", &proxy.home]);
    login.env("SSL_CERT_FILE", proxy.authority()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut login = login.spawn().unwrap();
    let mut told = BufReader::new(login.stderr.take().unwrap());
    let mut code = String::new();
    let mut page = String::new();
    while code.is_empty() {
        let mut line = String::new();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended without a code: {page}");
        code = line.strip_prefix("and type ").unwrap_or_default().trim().to_owned();
        page += &line;
    }
    assert!(page.contains(&format!("{}/activate", proxy.home)), "{page}");
    let browser = Browser::over_tls(&proxy.home, &proxy.authority());
    assert_eq!(browser.sign_in("anna", CloudDesk::PASSWORD).status, 303);
    assert_eq!(browser.approve(&code).status, 200);
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert!(login.wait().unwrap().success(), "{rest}");
    let mut who = desk.program("d1-doctor");
    who.args(["credits", "--json"]).env("SSL_CERT_FILE", proxy.authority());
    let who = run(who);
    assert_eq!(who.code, 0, "{who:?}");
    // Nobody but the authority that is trusted vouches for it.
    let stranger = desk.doctor(&["credits"]);
    assert_eq!(stranger.code, 7, "{stranger:?}");
    assert!(stranger.stderr.contains("UnknownIssuer"), "{stranger:?}");
    // A name that the certificate is not for is another server's.
    let other = proxy.home.replace("localhost", "127.0.0.1");
    let mut login = desk.program("d1-doctor");
    login.args(["login", "--no-browser", "--cloud", &other]);
    let other = run({
        login.env("SSL_CERT_FILE", proxy.authority());
        login
    });
    assert_eq!(other.code, 7, "{other:?}");
}

#[test]
fn programs_ask_a_cloud_that_is_far_away_in_both_ways() {
    let Ok(home) = std::env::var(HOME) else {
        let (_cloud, proxy) = cloud();
        // Whom a program trusts is in its environment.
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "over_tls::programs_ask_a_cloud_that_is_far_away_in_both_ways"]);
        again.env(HOME, &proxy.home).env("SSL_CERT_FILE", proxy.authority());
        let ended = again.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(said.contains("1 passed") && ended.status.success(), "{said}");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let rest = ApiClient::new(&home, CloudDesk::TOKEN).unwrap();
        let grpc = CreditsClient::new(&home, CloudDesk::TOKEN).unwrap();
        assert_eq!(rest.balance().await.unwrap(), grpc.balance().await.unwrap());
    });
}
