//! The cloud's limits: what is told of them, what is refused by them, and without them.

use d1_core::DeviceId;
use d1_protocol::{ApiClient, ClientError, api::CreateRequest};
use d1_world::{AptRoot, CloudDesk, Deb, Desk, Redis};
use futures_util::StreamExt as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{net::TcpListener, path::Path, time::Duration};

fn request(device: DeviceId) -> CreateRequest {
    let install = vec!["single".parse().unwrap()];
    CreateRequest { approve: true, ..CreateRequest::of(install, device) }
}

/// Asks for a change to a device until that is too much, and tells how often it was not.
async fn until_refused(client: &ApiClient, device: DeviceId) -> (u32, ClientError) {
    for asked in 0..2_000 {
        let error = client.create(&request(device), None).await.unwrap_err();
        if error.problem().code != "D1-DEVICE-001" {
            return (asked, error);
        }
    }
    panic!("whatever is asked passes");
}

fn on_redis(server: &Redis) -> CloudDesk {
    CloudDesk::at(Desk::at_this_machine().with("D1_LIMITS", &server.url()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_how_one_stands() {
    let server = Redis::start();
    for cloud in [CloudDesk::start(), on_redis(&server)] {
        let (head, _) = cloud.curl(&["-H", &CloudDesk::bearer()], "/api/v1/devices");
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("\nratelimit-policy: \"reads\";q=3000;w=60\n"), "{head}");
        assert!(head.contains("\nratelimit: \"reads\";r=2999;t=1\n"), "{head}");
        let (head, _) = cloud.curl(&[], "/api/v1/devices");
        assert!(head.starts_with("http/1.1 401"), "{head}");
        assert!(head.contains("\nratelimit-policy: \"address\";q=6000;w=60\n"), "{head}");
        let (head, _) = cloud.curl(&[], "/healthz");
        assert!(head.starts_with("http/1.1 200") && !head.contains("ratelimit"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_changes_is_refused_and_looking_goes_on() {
    let server = Redis::start();
    for cloud in [CloudDesk::start(), on_redis(&server)] {
        let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
        // A device has less than an account, and one device takes nothing from another.
        let (passed, error) = until_refused(&client, DeviceId::generate()).await;
        assert!(passed >= 60, "{passed}");
        let problem = error.problem();
        assert_eq!(problem.code, "D1-LIMIT-429");
        assert_eq!(problem.title, "this is more than 60 in 60 s of `device`");
        let ClientError::Limited { retry_after, .. } = error else { panic!("{error:?}") };
        assert_eq!(retry_after, Duration::from_secs(1));
        let other = client.create(&request(DeviceId::generate()), None).await.unwrap_err();
        assert_eq!(other.problem().code, "D1-DEVICE-001");
        // An account has less than all of its devices.
        let error = loop {
            let error = client.create(&request(DeviceId::generate()), None).await.unwrap_err();
            if error.problem().code != "D1-DEVICE-001" {
                break error;
            }
        };
        assert_eq!(error.problem().title, "this is more than 120 in 60 s of `writes`");
        client.devices().await.unwrap();
        // Whoever has patience waits as told, and is let through.
        let patient = client.patient(Duration::from_secs(30));
        let error = patient.create(&request(DeviceId::generate()), None).await.unwrap_err();
        assert_eq!(error.problem().code, "D1-DEVICE-001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_when_to_ask_again() {
    let cloud = CloudDesk::start();
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = DeviceId::generate();
    until_refused(&client, device).await;
    let body = serde_json::to_string(&request(device)).unwrap();
    // What curl takes to start gives some of it back, so it may have to ask more than once.
    let args = [
        "-X",
        "POST",
        "-H",
        &CloudDesk::bearer(),
        "-H",
        "Content-Type: application/json",
        "-d",
        &body,
    ];
    let (head, body) = loop {
        let answer = cloud.curl(&args, "/api/v1/setup/create");
        if answer.0.starts_with("http/1.1 429") {
            break answer;
        }
        until_refused(&client, device).await;
    };
    assert!(head.contains("\nretry-after: 1\n"), "{head}");
    assert!(head.contains("\ncontent-type: application/problem+json"), "{head}");
    assert!(head.contains("\nratelimit-policy: \"device\";q=60;w=60\n"), "{head}");
    assert!(head.contains("\nratelimit: \"device\";r=0;t="), "{head}");
    let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&"D1-LIMIT-429".into(), &429.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_count_together() {
    let server = Redis::start();
    let clouds = [on_redis(&server), on_redis(&server)];
    let clients = clouds.each_ref().map(|it| ApiClient::new(&it.http(), CloudDesk::TOKEN).unwrap());
    let device = DeviceId::generate();
    until_refused(&clients[0], device).await;
    let (passed, _) = until_refused(&clients[1], device).await;
    assert!(passed < 30, "{passed} passed at the other server");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_whose_redis_is_gone_serves_looks_and_half_of_the_changes() {
    let mut server = Redis::start();
    let cloud = on_redis(&server);
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    client.devices().await.unwrap();
    server.kill();
    let (head, _) = cloud.curl(&["-H", &CloudDesk::bearer()], "/api/v1/devices");
    assert!(head.starts_with("http/1.1 200") && !head.contains("ratelimit"), "{head}");
    let (_, error) = until_refused(&client, DeviceId::generate()).await;
    assert_eq!(error.problem().title, "this is more than 30 in 60 s of `device`");
}

#[tokio::test]
async fn an_address_of_a_limiter_that_makes_no_sense_is_told_at_the_start() {
    let desk = Desk::at_this_machine().with("D1_LIMITS", "postgres://nowhere");
    let token = desk.state("token");
    std::fs::write(&token, CloudDesk::TOKEN).unwrap();
    let mut cloud = desk.program("d1-cloud");
    cloud.args(["--listen", "127.0.0.1:0", "--token-file"]).arg(&token);
    let ended = d1_world::run(cloud);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("the limits cannot be kept"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_so_many_event_streams_open_and_a_closed_one_makes_room() {
    let server = Redis::start();
    for cloud in [CloudDesk::start(), on_redis(&server)] {
        let apt = AptRoot::with(&[Deb::new("greeter", "1.0")]);
        let machine = Desk::at(&apt);
        let _daemon = machine.daemon(&cloud.daemon_args());
        let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
        let device = cloud.device(&client).await;
        let install = vec!["greeter".parse().unwrap()];
        // Nobody says yes, so its news does not end.
        let request = CreateRequest::of(install, device);
        let id = client.create(&request, None).await.unwrap().id;
        let mut open = Vec::new();
        let refused = loop {
            let mut news = Box::pin(client.follow(id, 0));
            match news.next().await.expect("it has been planned") {
                Ok(_) => open.push(news),
                Err(error) => break error,
            }
            assert!(open.len() < 100, "there is no end to them");
        };
        let ClientError::Limited { problem, retry_after } = refused else { panic!("{refused:?}") };
        assert_eq!((problem.code.as_str(), retry_after), ("D1-LIMIT-429", Duration::from_secs(60)));
        assert_eq!(open.len(), 64);
        open.pop();
        // The server hears of it when it hears of it; a lost one would be there for a minute.
        let began = std::time::Instant::now();
        loop {
            match Box::pin(client.follow(id, 0)).next().await.unwrap() {
                Ok(_) => break,
                Err(error) => assert_eq!(error.problem().code, "D1-LIMIT-429"),
            }
            assert!(began.elapsed() < Duration::from_secs(30), "the place is not given back");
        }
    }
}

/// A server that speaks TLS, its address, and the file of the authority that vouches for it.
fn behind_tls(directory: &Path) -> (Redis, String, String) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let file = |name: &str, text: String| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let key = file("server.key", key.serialize_pem());
    let certificate = file("server.pem", certificate.pem());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let clients = ["--tls-auth-clients", "no", "--tls-port", &port];
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
    let server = Redis::set(&[clients, files].concat());
    (server, format!("rediss://127.0.0.1:{port}"), file("authority.pem", authority.pem()))
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_kept_behind_tls_by_a_server_that_an_authority_vouches_for_and_by_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let (_server, address, authority) = behind_tls(directory.path());
    let ask = |authority: Option<&str>| {
        let desk = Desk::at_this_machine().with("D1_LIMITS", &address);
        let desk = authority.iter().fold(desk, |desk, file| desk.with("SSL_CERT_FILE", file));
        let cloud = CloudDesk::at(desk);
        cloud.curl(&["-H", &CloudDesk::bearer(), "-d", "{}"], "/api/v1/setup/create").0
    };
    let head = ask(Some(&authority));
    assert!(head.contains("\nratelimit: \"writes\";r=119;t=1\n"), "{head}");
    // Who is vouched for by nobody counts as gone: a server has half of the limit to itself.
    let head = ask(None);
    assert!(head.contains("\nratelimit: \"writes\";r=59;t=1\n"), "{head}");
}
