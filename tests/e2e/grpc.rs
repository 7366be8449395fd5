//! Credits over gRPC: the same as over HTTP, refusals and limits included.

use d1_core::CapScope;
use d1_protocol::{
    ApiClient, ClientError, CreditsClient,
    api::{CapRequest, EntriesQuery},
};
use d1_world::CloudDesk;

const DAY: CapRequest = CapRequest { most_micro: 5_000_000 };

fn both(cloud: &CloudDesk, token: &str) -> (ApiClient, CreditsClient) {
    let http = cloud.http();
    (ApiClient::new(&http, token).unwrap(), CreditsClient::new(&http, token).unwrap())
}

/// What curl is answered that asks over gRPC, with this as the body: the head.
fn ask(cloud: &CloudDesk, args: &[&str], call: &str, body: &[u8]) -> String {
    let file = cloud.desk().state("body");
    std::fs::write(&file, body).unwrap();
    let body = format!("@{}", file.display());
    let kind = ["-H", "Content-Type: application/grpc", "--http2-prior-knowledge"];
    let args = [&kind[..], &["--data-binary", body.as_str()], args].concat();
    let path = format!("/d1.api.v1.Credits/{call}");
    // This curl loses, now and then, an answer that comes before it has said everything.
    let mut heads = (0..50).map(|_| cloud.curl(&args, &path).0);
    heads.find(|head| !head.is_empty()).expect("there is an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_answered_over_grpc_as_over_http() {
    let cloud = CloudDesk::start();
    let (http, grpc) = both(&cloud, CloudDesk::TOKEN);
    let caps = grpc.set_cap(CapScope::Day, DAY).await.unwrap();
    assert_eq!(caps.caps[0].most_micro, DAY.most_micro);
    assert_eq!(caps, http.credit_caps().await.unwrap());
    assert_eq!(caps, grpc.caps().await.unwrap());
    assert_eq!(grpc.balance().await.unwrap(), http.balance().await.unwrap());
    assert_eq!(grpc.grants().await.unwrap(), http.credit_grants().await.unwrap());
    let all = EntriesQuery::default();
    let lines = grpc.entries(&all).await.unwrap();
    assert_eq!(lines.entries.len(), 2, "an account is opened, and is granted something");
    for query in [
        all,
        EntriesQuery { after: Some(1), ..all },
        EntriesQuery { limit: Some(1), after: Some(0), ..all },
        EntriesQuery { since: Some(lines.entries[1].at + 1), ..all },
    ] {
        let (here, there) = (grpc.entries(&query).await, http.credit_entries(&query).await);
        assert_eq!(here.unwrap(), there.unwrap(), "{query:?}");
    }
    assert_eq!(grpc.lift_cap(CapScope::Day).await.unwrap().caps, []);
    assert_eq!(http.credit_caps().await.unwrap().caps, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_refused_over_grpc_as_over_http() {
    let cloud = CloudDesk::start();
    let (http, grpc) = both(&cloud, CloudDesk::TOKEN);
    for limit in [0, 501, usize::MAX] {
        let query = EntriesQuery { limit: Some(limit), ..EntriesQuery::default() };
        let refused = grpc.entries(&query).await.unwrap_err().problem();
        assert_eq!(refused.code, "D1-API-005");
        if limit <= 501 {
            assert_eq!(refused, http.credit_entries(&query).await.unwrap_err().problem());
        }
    }
    let all = CapRequest { most_micro: u64::MAX };
    let refused = grpc.set_cap(CapScope::Day, all).await.unwrap_err().problem();
    assert_eq!(refused.code, "D1-API-005");
    assert_eq!(refused, http.set_credit_cap(CapScope::Day, all).await.unwrap_err().problem());
    let (http, grpc) = both(&cloud, "some-other-token-than-that");
    let refused = grpc.balance().await.unwrap_err().problem();
    assert_eq!(refused.code, "D1-AUTH-001");
    assert_eq!(refused, http.balance().await.unwrap_err().problem());
    // Answered before their body is read: however that falls, the answer arrives.
    for _ in 0..300 {
        let refused = grpc.set_cap(CapScope::Day, DAY).await.unwrap_err();
        assert_eq!(refused.problem().code, "D1-AUTH-001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_over_grpc_is_refused_in_its_words_wherever_that_is() {
    let cloud = CloudDesk::start();
    let bearer = CloudDesk::bearer();
    let known = ["-H", bearer.as_str()];
    let large = [&[0, 0, 1, 0, 0][..], &vec![0; 64 * 1024]].concat();
    for (args, call, body, status) in [
        (&known[..], "LiftCap", &b"\0\0\0\0\x02\x08\x09"[..], 5),
        (&known, "SetCap", b"\0\0\0\0\x02\x08\x03", 3),
        (&known, "Balance", &large, 3),
        (&known, "Everything", b"\0\0\0\0\0", 12),
        (&known, "Balance/of/somebody", b"\0\0\0\0\0", 5),
        (&["-H", bearer.as_str(), "-X", "PUT"], "Balance", b"\0\0\0\0\0", 12),
        (&[], "Balance", b"\0\0\0\0\0", 16),
    ] {
        let head = ask(&cloud, args, call, body);
        assert!(head.starts_with("http/2 200"), "{call}: {head}");
        assert!(head.contains("\ncontent-type: application/grpc\n"), "{call}: {head}");
        assert!(head.contains(&format!("\ngrpc-status: {status}\n")), "{call}: {head}");
        assert!(head.contains("\nd1-problem-bin: "), "{call}: {head}");
        assert!(head.contains("\nratelimit: "), "{call}: {head}");
        assert!(head.contains("\ncontent-length: 0\n"), "{call}: {head}");
    }
    // Whoever does not say that they understand it is answered as everybody else.
    let (head, body) = cloud.curl(&["-X", "POST"], "/d1.api.v1.Credits/Balance");
    assert!(head.starts_with("http/1.1 401 "), "{head}");
    assert!(body.contains("D1-AUTH-001"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_changes_over_grpc_is_refused_and_looking_goes_on() {
    let cloud = CloudDesk::start();
    let (http, grpc) = both(&cloud, CloudDesk::TOKEN);
    // As many looks as there may be changes take nothing from those.
    for _ in 0..130 {
        grpc.balance().await.unwrap();
    }
    let mut passed = 0;
    let refused = loop {
        match grpc.set_cap(CapScope::Day, DAY).await {
            Ok(_) => passed += 1,
            Err(error) => break error,
        }
        assert!(passed < 2_000, "whatever is asked passes");
    };
    assert!(passed >= 120, "{passed}");
    let ClientError::Limited { problem, retry_after } = refused else { panic!("{refused:?}") };
    assert_eq!(problem.code, "D1-LIMIT-429");
    assert_eq!(problem.title, "this is more than 120 in 60 s of `writes`");
    assert_eq!(retry_after.as_secs(), 1);
    // They are counted together with those over HTTP, and looking is not changing.
    let refused = http.set_credit_cap(CapScope::Day, DAY).await.unwrap_err();
    assert_eq!(refused.problem().code, "D1-LIMIT-429");
    assert_eq!(grpc.caps().await.unwrap().caps.len(), 1);
}

/// What is answered over gRPC to a message: the head, and the bytes of the answer.
fn call(cloud: &CloudDesk, args: &[&str], path: &str, message: &[u8]) -> (String, Vec<u8>) {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let (file, answer) = (cloud.desk().state("message"), cloud.desk().state("answer"));
    std::fs::write(&file, [&[0][..], &length, message].concat()).unwrap();
    std::fs::write(&answer, []).unwrap();
    let (body, head) = (format!("@{}", file.display()), cloud.desk().state("head"));
    std::fs::write(&head, []).unwrap();
    // Who is refused is answered before all was heard. That is allowed (RFC 9113 §8.1), but curl
    // may take it for a fault and drop the answer, so it asks until it keeps one.
    let ask = |_| {
        let _refused_early = std::process::Command::new("curl")
            .args(["-s", "-H", "Content-Type: application/grpc", "--http2-prior-knowledge"])
            .args(["-H", "TE: trailers", "--data-binary", &body, "-D"])
            .arg(&head)
            .arg("-o")
            .arg(&answer)
            .args(args)
            .arg(format!("{}{path}", cloud.http()))
            .status()
            .unwrap();
        let head = std::fs::read_to_string(&head).unwrap().to_lowercase();
        (!head.is_empty()).then_some(head)
    };
    let head = (0..5).find_map(ask).unwrap_or_default();
    assert!(head.starts_with("http/2 200"), "there is no answer: {head}");
    (head, std::fs::read(answer).unwrap())
}

/// A field of a message that holds a text.
fn text(number: u8, text: &str) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

#[test]
fn a_proxy_of_grpc_is_told_whether_the_server_can_work() {
    let cloud = CloudDesk::start();
    let check = "/grpc.health.v1.Health/Check";
    for service in ["", "d1.api.v1.Credits"] {
        let (_, answer) = call(&cloud, &[], check, &text(1, service));
        // SERVING, in a frame of two bytes.
        assert_eq!(answer, b"\0\0\0\0\x02\x08\x01", "{service:?}");
    }
    let (head, answer) = call(&cloud, &[], check, &text(1, "d1.api.v1.Nothing"));
    assert!(head.contains("grpc-status: 5"), "{head}");
    assert_eq!(answer, b"");
    let (head, _) = call(&cloud, &[], "/grpc.health.v1.Health/Watch", &text(1, ""));
    assert!(head.contains("grpc-status: 12"), "{head}");
}

#[test]
fn whoever_is_known_is_told_what_can_be_asked_over_grpc() {
    let cloud = CloudDesk::start();
    let bearer = CloudDesk::bearer();
    let known = ["-H", bearer.as_str()];
    let info = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let has =
        |answer: &[u8], word: &str| answer.windows(word.len()).any(|at| at == word.as_bytes());
    let (_, services) = call(&cloud, &known, info, &text(7, "*"));
    for service in ["d1.api.v1.Credits", "grpc.health.v1.Health"] {
        assert!(has(&services, service), "{service} is not listed");
    }
    assert!(!has(&services, "d1.link"), "links are not asked over gRPC");
    let (_, file) = call(&cloud, &known, info, &text(4, "d1.api.v1.Credits"));
    assert!(has(&file, "BalanceReply"), "the file of a service is not told");
    let (head, answer) = call(&cloud, &[], info, &text(7, "*"));
    assert!(head.contains("grpc-status: 16"), "{head}");
    assert_eq!(answer, b"");
}
