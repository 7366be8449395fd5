//! Versions that are one apart work together; others are told what is spoken here, and how to get
//! there. Real programs on one side, each version of the other.

use crate::{
    orders::relay::Relay,
    sharing::fleet::{end_of, eventually, install},
};
use d1_core::{
    DeviceId, DeviceLink, Facts, FromDevice, Hello, OnDisconnect, OrchestratorLink, Os, Outcome,
    PROTOCOL, Problem, RequestId, Supervisor, Timestamp, ToDevice, Transport as _, Welcome,
};
use d1_protocol::{
    ApiClient,
    api::CreateRequest,
    websocket::{self, Dial, Frame},
};
use d1_world::{AptRoot, CloudDesk, Desk, PATIENCE};
use futures_util::{SinkExt as _, StreamExt as _};
use std::ops::RangeInclusive;
use tokio::{net::TcpListener, time::timeout};
use tokio_tungstenite::tungstenite::{Error, Message};

/// Every range of three versions around the newest that is spoken here.
fn ranges() -> Vec<RangeInclusive<u32>> {
    let newest = *PROTOCOL.end();
    let around = newest.saturating_sub(1)..=newest + 1;
    let from = |min: u32| (min..=newest + 1).map(move |max| min..=max);
    around.flat_map(from).collect()
}

/// The newest version that is in both.
fn common(theirs: &RangeInclusive<u32>) -> Option<u32> {
    theirs.clone().filter(|version| PROTOCOL.contains(version)).max()
}

fn says_how_to_get_there(problem: &Problem) {
    assert_eq!(problem.code, "D1-DEVICE-008");
    assert!(problem.title.starts_with("UPGRADE_REQUIRED"), "{problem}");
    let spoken = format!("min={} max={}", PROTOCOL.start(), PROTOCOL.end());
    assert!(problem.cause.starts_with(&spoken), "{problem}");
    assert!(problem.next[0].starts_with("upgrade the "), "{problem}");
}

/// The first word of a daemon that speaks this, and what it is answered.
async fn greeted(cloud: &CloudDesk, spoken: &RangeInclusive<u32>) -> (ToDevice, DeviceLink) {
    let url = cloud.http().replace("http://", "ws://");
    let token = Some(CloudDesk::TOKEN.to_owned());
    let dial = Dial::new(&url, token, Supervisor::default()).unwrap();
    let mut link = dial.connect().await.unwrap();
    let hello = Hello {
        device: DeviceId::generate(),
        protocol_min: *spoken.start(),
        protocol_max: *spoken.end(),
        version: "9.9.9".to_owned(),
        facts: Facts::bare(Os::Linux),
        epochs: Vec::new(),
        seal: None,
    };
    link.tx.send(FromDevice::Hello(Box::new(hello))).await.unwrap();
    let first = timeout(PATIENCE, link.rx.recv()).await.unwrap();
    (first.expect("it is answered"), link)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_takes_the_daemons_that_have_a_protocol_in_common_with_it_and_tells_the_others() {
    let cloud = CloudDesk::start();
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let mut links = Vec::new();
    for spoken in ranges() {
        let (answer, mut link) = greeted(&cloud, &spoken).await;
        match (common(&spoken), answer) {
            (Some(version), ToDevice::Welcome(welcome)) => {
                assert_eq!(welcome.protocol, version, "{spoken:?}");
                links.push(link);
            }
            (None, ToDevice::Error(problem)) => {
                says_how_to_get_there(&problem);
                assert_eq!(timeout(PATIENCE, link.rx.recv()).await.unwrap(), None);
            }
            (_, answer) => panic!("{spoken:?} is answered by {answer:?}"),
        }
    }
    assert!(!links.is_empty() && links.len() < ranges().len());
    let linked = client.devices().await.unwrap().devices.len();
    assert_eq!(linked, links.len(), "whoever is not understood takes no seat");
}

/// The next link that a daemon makes to this cloud, which is none.
async fn accepted(listener: &TcpListener, supervisor: &Supervisor) -> OrchestratorLink {
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let frames = socket
        .map(|message| {
            let message = message?;
            let frame =
                if message.is_binary() { Frame::Message(message.into_data()) } else { Frame::Beat };
            Ok::<_, Error>(frame)
        })
        .with(|frame| async move {
            Ok::<_, Error>(match frame {
                Frame::Message(bytes) => Message::Binary(bytes),
                Frame::Beat => Message::Ping(Vec::new().into()),
            })
        });
    websocket::accept(Box::pin(frames), supervisor)
}

/// The next word that is no sign of life.
async fn heard(link: &mut OrchestratorLink) -> Option<FromDevice> {
    loop {
        let word = timeout(PATIENCE, link.rx.recv()).await.unwrap()?;
        let is_sign_of_life =
            matches!(word, FromDevice::Health(_) | FromDevice::Lease(_) | FromDevice::Anchor(_));
        if !is_sign_of_life {
            return Some(word);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_works_for_clouds_that_speak_as_it_does_and_tells_the_others() {
    let (apt, supervisor) = (AptRoot::usual(), Supervisor::default());
    let (machine, listener) = (Desk::at(&apt), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let token = machine.state("token");
    std::fs::write(&token, CloudDesk::TOKEN).unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let daemon = machine.daemon(&["--cloud", &url, "--token-file", token.to_str().unwrap()]);
    let newest = *PROTOCOL.end();
    for protocol in newest.saturating_sub(1)..=newest + 1 {
        let mut link = accepted(&listener, &supervisor).await;
        let Some(FromDevice::Hello(hello)) = heard(&mut link).await else { panic!("no hello") };
        assert_eq!(hello.protocol_min..=hello.protocol_max, PROTOCOL);
        let version = "9.9.9".to_owned();
        let welcome = Welcome { protocol, version, server_time: Timestamp(1) };
        link.tx.send(ToDevice::Welcome(welcome)).await.unwrap();
        let request = RequestId::generate();
        let ask = ToDevice::Ask { request, queries: Vec::new() };
        // Whoever was not understood may have been left already.
        drop(link.tx.send(ask).await);
        match heard(&mut link).await {
            Some(FromDevice::Facts { request: answered, .. }) => {
                assert!(PROTOCOL.contains(&protocol), "{protocol} is spoken");
                assert_eq!(answered, request);
            }
            Some(FromDevice::Error(problem)) => {
                assert!(!PROTOCOL.contains(&protocol), "{protocol} is refused");
                says_how_to_get_there(&problem);
                assert_eq!(heard(&mut link).await, None);
            }
            word => panic!("{protocol} is answered by {word:?}"),
        }
    }
    assert_eq!(daemon.stop(), 0);
}

/// A real daemon that says it speaks no more than this, and the cloud that it links to.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_of_before_installs_and_nothing_is_done_otherwise_than_was_agreed_on() {
    let (apt, cloud) = (AptRoot::usual(), CloudDesk::start());
    let relay = Relay::before(&cloud.http().replace("http://", "")).await;
    let machine = Desk::at(&apt);
    let token = cloud.desk().state("token");
    let args = ["--cloud", &relay.url, "--token-file", token.to_str().unwrap()];
    let daemon = machine.daemon(&args);
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await;
    let agreed = |thing, approve| CreateRequest {
        on_disconnect: OnDisconnect::Cancel,
        ..install(thing, device, approve)
    };
    // Agreed on with a daemon that knows it, and begun when there is one that does not.
    let early = client.create(&agreed("single", false), None).await.unwrap();
    relay.lets_speak_up_to(OnDisconnect::Cancel.since() - 1);
    relay.cut();
    let refused = eventually("it is there again, with another daemon", async || {
        let refused = client.create(&agreed("single", true), None).await.err()?.problem();
        (refused.code != "D1-DEVICE-001").then_some(refused)
    });
    assert_eq!(refused.await.code, "D1-DEVICE-014");
    client.approve(early.id).await.unwrap();
    let ended = end_of(&client, early.id).await;
    let step = ended.steps.iter().find(|step| step.outcome == Some(Outcome::Undeliverable));
    let why = step.and_then(|step| step.problem.clone()).expect("it says why");
    assert_eq!((ended.state.as_str(), why.code.as_str()), ("failed", "D1-DEVICE-014"));
    assert_eq!(apt.installed(), "");
    // Everything else it does as ever.
    let usual = client.create(&install("single", device, true), None).await.unwrap();
    assert_eq!(end_of(&client, usual.id).await.state, "succeeded");
    assert_eq!(apt.installations("single"), 1);
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_version_before_is_answered_in_words_that_it_knows() {
    let (apt, cloud) = (AptRoot::usual(), CloudDesk::start());
    let machine = Desk::at(&apt);
    let daemon = machine.daemon(&cloud.daemon_args());
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await;
    // As it was said before setups had terms.
    let body = format!(r#"{{"install":["single"],"device":"{device}","approve":false}}"#);
    let bearer = CloudDesk::bearer();
    let json = "Content-Type: application/json";
    let args = ["-X", "POST", "-H", &bearer, "-H", json, "-d", &body];
    let (head, body) = cloud.curl(&args, "/api/v1/setup/create");
    assert!(head.starts_with("http/1.1 201"), "{head}{body}");
    let told: serde_json::Value = serde_json::from_str(&body).unwrap();
    // Everything that it reads is there, by the same name and of the same kind.
    for text in ["schema", "id", "intent", "device", "state", "plan", "price_list"] {
        assert!(told[text].is_string(), "{text}: {told}");
    }
    for list in ["steps", "receipts", "follow_up"] {
        assert!(told[list].is_array(), "{list}: {told}");
    }
    for number in ["quoted_micro", "quoted_until", "charged_micro", "created_at", "changed_at"] {
        assert!(told[number].is_u64(), "{number}: {told}");
    }
    for nothing in ["asks", "undo_of", "undone_by"] {
        assert!(told.as_object().unwrap().contains_key(nothing), "{nothing}: {told}");
    }
    // And a client of today reads what a server of that version tells.
    let mut before = told.clone();
    let fields = before.as_object_mut().unwrap();
    for new in ["waits_until", "on_disconnect"] {
        assert!(fields.remove(new).is_some(), "{new} is new");
    }
    let read =
        |told: serde_json::Value| serde_json::from_value::<d1_protocol::api::SetupView>(told);
    assert_eq!(read(before).unwrap(), read(told).unwrap());
    assert_eq!(daemon.stop(), 0);
}
