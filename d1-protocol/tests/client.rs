//! The API client against a server that misbehaves on command.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use d1_core::{
    Category, DeviceId, Problem, Progress, ProgressEvent, SetupId, SetupOutcome, Timestamp,
};
use d1_protocol::{
    ApiClient, ClientError,
    api::{self, CreateRequest, ProblemBody, SetupView},
};
use futures_util::{StreamExt as _, stream};
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

/// More than a person would wait for a server that says nothing. It passes at once.
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// What happened so far, in the order it did.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, what: impl Into<String>) -> usize {
        let mut seen = self.0.lock().unwrap();
        seen.push(what.into());
        seen.len()
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

async fn serve(router: Router) -> ApiClient {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    d1_core::Supervisor::default().run("server", async move {
        axum::serve(listener, router).await.unwrap();
    });
    ApiClient::new(&base, "a-token").unwrap()
}

fn request() -> CreateRequest {
    let install = vec!["jq".parse().unwrap()];
    CreateRequest { approve: true, ..CreateRequest::of(install, DeviceId::generate()) }
}

fn news(seq: u64) -> Progress {
    let event = match seq {
        3 => ProgressEvent::Finished {
            outcome: SetupOutcome::Succeeded,
            charged: d1_core::Amount::ZERO,
        },
        _ => ProgressEvent::Approved,
    };
    Progress { seq, at: Timestamp(seq), event }
}

fn event(seq: u64) -> String {
    format!("id: {seq}\ndata: {}\n\n", serde_json::to_string(&news(seq)).unwrap())
}

#[tokio::test]
async fn a_refusal_is_the_problem_it_carries() {
    let problem = Problem::new("D1-PLAN-001", Category::Usage, "nothing called `x` is known")
        .because("it is in no index")
        .next("d1-doctor plan --list");
    let body = ProblemBody::from(problem.clone());
    let answer = serde_json::to_string(&body).unwrap();
    let refuse = post(move |headers: HeaderMap| async move {
        assert_eq!(headers["authorization"], "Bearer a-token");
        assert_eq!(headers["idempotency-key"], "once");
        (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, api::PROBLEM_JSON)], answer)
    });
    let client = serve(Router::new().route(api::CREATE, refuse)).await;
    let error = client.create(&request(), Some("once")).await.unwrap_err();
    assert_eq!(error.problem(), problem);
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_said_to_make_none() {
    for (status, body) in [
        (StatusCode::OK, "<html>hello</html>"),
        (StatusCode::OK, ""),
        (StatusCode::OK, "{\"schema\":\"d1.setup.v1\"}"),
    ] {
        let answer = post(move || async move { (status, body) });
        let client = serve(Router::new().route(api::CREATE, answer)).await;
        let error = client.create(&request(), None).await.unwrap_err();
        assert_eq!(error.problem().code, "D1-NET-002", "{status} {body}: {error}");
    }
}

#[tokio::test]
async fn a_proxy_that_answers_for_the_cloud_is_quoted() {
    let answer = post(|| async { (StatusCode::BAD_GATEWAY, "<html>bad gateway</html>") });
    let client = serve(Router::new().route(api::CREATE, answer)).await;
    let problem = client.create(&request(), None).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-NET-004");
    assert_eq!(problem.title, "the cloud answered 502 Bad Gateway");
}

#[tokio::test]
async fn nobody_there_is_a_network_error() {
    let client = ApiClient::new("http://127.0.0.1:9", "a-token").unwrap();
    let error = client.get(SetupId::generate()).await.unwrap_err();
    let problem = error.problem();
    assert_eq!((problem.code.as_str(), problem.category), ("D1-NET-001", Category::Network));
}

#[test]
fn tokens_are_sent_where_nobody_reads_along() {
    for bad in ["http://example.org", "https://name@d1.example", "ftp://localhost", "127.0.0.1", ""]
    {
        let refused = ApiClient::new(bad, "a-token").unwrap_err();
        assert!(matches!(refused, ClientError::Address(_)), "{bad}");
    }
    for good in ["https://d1.example", "https://127.0.0.1:1", "http://[::1]:7701"] {
        ApiClient::new(good, "a-token").unwrap();
    }
}

async fn broken_news(
    State(seen): State<Seen>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let after = headers["last-event-id"].to_str().unwrap().to_owned();
    assert!(id.parse::<SetupId>().is_ok());
    let pieces: Vec<io::Result<Bytes>> = match seen.note(format!("after {after}")) {
        // An event cut in the middle, then the line breaks.
        1 => vec![Ok(event(1).into()), Ok("id: 2\nda".into()), Err(io::Error::other("gone"))],
        // One that was told before, then the rest, in odd pieces.
        _ => {
            let mut first = event(2) + &event(3);
            let second = first.split_off(9);
            vec![Ok(event(1).into()), Ok(first.into()), Ok(second.into())]
        }
    };
    // What was said is on its way before the next piece, or the end, comes.
    let pieces = stream::iter(pieces).then(|piece| async {
        tokio::task::yield_now().await;
        piece
    });
    Body::from_stream(pieces).into_response()
}

#[tokio::test]
async fn a_broken_line_is_joined_again_where_it_broke() {
    let seen = Seen::default();
    let router = Router::new().route(api::EVENTS, get(broken_news)).with_state(seen.clone());
    let client = serve(router).await;
    let told: Vec<_> = client.follow(SetupId::generate(), 0).collect().await;
    let told: Vec<Progress> = told.into_iter().map(Result::unwrap).collect();
    assert_eq!(told, [news(1), news(2), news(3)]);
    assert_eq!(seen.all(), ["after 0", "after 1"]);
}

/// What the server says of a setup that is in `state`.
fn view(id: SetupId, state: &str) -> String {
    let view = SetupView {
        schema: "d1.setup.v1".into(),
        id,
        intent: "install jq".into(),
        device: DeviceId::generate(),
        state: state.into(),
        plan: d1_core::Digest::of(b"a plan"),
        steps: Vec::new(),
        receipts: Vec::new(),
        follow_up: Vec::new(),
        price_list: String::new(),
        quoted_until: None,
        asks: None,
        quoted_micro: 0,
        charged_micro: 0,
        undo_of: None,
        undone_by: None,
        created_at: 0,
        changed_at: 0,
        waits_until: None,
        on_disconnect: d1_core::OnDisconnect::Continue,
    };
    serde_json::to_string(&view).unwrap()
}

/// A server whose stream ends politely after each of `pieces`, the last of them again and again,
/// and whose setup is in `state`.
fn polite(pieces: &'static [&'static [u64]], state: &'static str, seen: &Seen) -> Router {
    let seen = seen.clone();
    let events = get(move |headers: HeaderMap| async move {
        let after = headers["last-event-id"].to_str().unwrap().to_owned();
        let asked = seen.note(format!("after {after}"));
        let piece = pieces.get(asked - 1).or(pieces.last()).copied().unwrap_or_default();
        piece.iter().map(|seq| event(*seq)).collect::<String>()
    });
    let one = get(move |Path(id): Path<SetupId>| async move { view(id, state) });
    Router::new().route(api::EVENTS, events).route(api::TASK, one)
}

#[tokio::test]
async fn news_that_ends_before_the_setup_does_is_asked_for_again() {
    let seen = Seen::default();
    let client = serve(polite(&[&[1], &[2, 3]], "running", &seen)).await;
    let told: Vec<_> = client.follow(SetupId::generate(), 0).map(Result::unwrap).collect().await;
    assert_eq!(told, [news(1), news(2), news(3)]);
    assert_eq!(seen.all(), ["after 0", "after 1"]);
}

#[tokio::test]
async fn news_that_ends_with_the_setup_is_over_without_a_last_word() {
    let seen = Seen::default();
    let client = serve(polite(&[&[1]], "declined", &seen)).await;
    let told: Vec<_> = client.follow(SetupId::generate(), 0).map(Result::unwrap).collect().await;
    assert_eq!(told, [news(1)]);
    assert_eq!(seen.all(), ["after 0"]);
}

#[tokio::test]
async fn only_news_after_the_number_asked_for_is_told() {
    let seen = Seen::default();
    let client = serve(polite(&[&[1, 2, 3]], "running", &seen)).await;
    let told: Vec<_> = client.follow(SetupId::generate(), 2).map(Result::unwrap).collect().await;
    assert_eq!(told, [news(3)]);
    assert_eq!(seen.all(), ["after 2"]);
}

#[tokio::test]
async fn news_that_never_comes_is_given_up_after_a_few_tries() {
    let seen = Seen::default();
    let client = serve(polite(&[&[]], "running", &seen)).await;
    let told: Vec<_> = client.follow(SetupId::generate(), 0).collect().await;
    assert!(matches!(told.as_slice(), [Err(ClientError::Nonsense(_))]), "{told:?}");
    assert_eq!(seen.all(), ["after 0"; 6]);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_asked_again() {
    let seen = Seen::default();
    let noted = seen.clone();
    let events = get(move |headers: HeaderMap| async move {
        let after = headers["last-event-id"].to_str().unwrap().to_owned();
        let first: Bytes = match noted.note(format!("after {after}")) {
            1 => event(1).into(),
            _ => (event(2) + &event(3)).into(),
        };
        // The connection stays, and nothing more comes over it.
        let silent = stream::iter([Ok::<_, io::Error>(first)]).chain(stream::pending());
        Body::from_stream(silent).into_response()
    });
    let client = serve(Router::new().route(api::EVENTS, events)).await;
    let mut told = Box::pin(client.follow(SetupId::generate(), 0));
    assert_eq!(told.next().await.unwrap().unwrap(), news(1));
    // From here on an hour of silence takes no time.
    tokio::time::pause();
    assert_eq!(told.next().await.unwrap().unwrap(), news(2));
    assert_eq!(told.next().await.unwrap().unwrap(), news(3));
    assert_eq!(seen.all().first().map(String::as_str), Some("after 0"));
    assert!(seen.all()[1..].iter().all(|asked| asked == "after 1"), "{:?}", seen.all());
}

#[tokio::test]
async fn a_server_that_never_says_a_word_is_given_up() {
    let endless = get(|| async { std::future::pending::<()>().await });
    let client = serve(Router::new().route(api::EVENTS, endless)).await;
    tokio::time::pause();
    let follow = client.follow(SetupId::generate(), 0).collect();
    let told: Vec<_> = tokio::time::timeout(TEN_MINUTES, follow).await.unwrap();
    let [Err(error)] = told.as_slice() else { panic!("{told:?}") };
    let problem = error.problem();
    assert_eq!((problem.code.as_str(), problem.category), ("D1-NET-001", Category::Network));
}

#[tokio::test]
async fn a_question_that_is_never_answered_is_given_up() {
    let endless = get(|| async { std::future::pending::<()>().await });
    let client = serve(Router::new().route(api::TASK, endless)).await;
    tokio::time::pause();
    let asked = tokio::time::timeout(TEN_MINUTES, client.get(SetupId::generate())).await;
    let error = asked.unwrap().unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_kept() {
    let endless = get(|| async {
        let block = || Ok::<_, io::Error>(Bytes::from(vec![b' '; 64 * 1024]));
        Body::from_stream(stream::repeat_with(block))
    });
    let client = serve(Router::new().route(api::TASK, endless)).await;
    let error = client.get(SetupId::generate()).await.unwrap_err();
    assert_eq!(error.problem().cause, "the answer is larger than 16 MiB");
}

#[tokio::test]
async fn a_refusal_of_the_news_ends_it_with_the_problem() {
    let problem = Problem::new("D1-SETUP-001", Category::Usage, "no such setup");
    let answer = serde_json::to_string(&ProblemBody::from(problem.clone())).unwrap();
    let refuse = get(|| async { (StatusCode::NOT_FOUND, answer) });
    let client = serve(Router::new().route(api::EVENTS, refuse)).await;
    let told: Vec<_> = client.follow(SetupId::generate(), 0).collect().await;
    let [Err(error)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(error.problem(), problem);
}

#[tokio::test]
async fn news_without_end_and_without_sense_is_given_up() {
    let endless = get(|| async { "data: ".to_owned() + &"x".repeat(2 * 1024 * 1024) });
    let client = serve(Router::new().route(api::EVENTS, endless)).await;
    let told: Vec<_> = client.follow(SetupId::generate(), 0).collect().await;
    assert!(matches!(told.as_slice(), [Err(ClientError::Nonsense(_))]), "{told:?}");
    let nonsense = get(|| async { "data: {\"seq\":true}\n\n" });
    let client = serve(Router::new().route(api::EVENTS, nonsense)).await;
    let told: Vec<_> = client.follow(SetupId::generate(), 0).collect().await;
    assert!(matches!(told.as_slice(), [Err(ClientError::Nonsense(_))]), "{told:?}");
}

/// A server that is busy so often, and asks for so many seconds.
async fn busy(times: usize, seconds: u64) -> (Seen, ApiClient) {
    let seen = Seen::default();
    let noted = seen.clone();
    let answer = move || async move {
        if noted.note("asked") > times {
            return ([(CONTENT_TYPE, "application/json")], DEVICES).into_response();
        }
        let problem = Problem::new("D1-LIMIT-429", Category::Denied, "too much");
        let text = serde_json::to_string(&ProblemBody::from(problem)).unwrap();
        let fields = [("retry-after", seconds.to_string())];
        (StatusCode::TOO_MANY_REQUESTS, fields, text).into_response()
    };
    (seen, serve(Router::new().route(api::DEVICES, get(answer))).await)
}

const DEVICES: &str = r#"{"schema":"d1.devices.v1","devices":[]}"#;

#[tokio::test]
async fn a_client_without_patience_is_told_when_to_ask_again() {
    let (seen, client) = busy(1, 7).await;
    let refused = client.devices().await;
    let Err(ClientError::Limited { problem, retry_after }) = refused else { panic!("{refused:?}") };
    assert_eq!((problem.code.as_str(), retry_after), ("D1-LIMIT-429", Duration::from_secs(7)));
    assert_eq!(seen.all().len(), 1);
}

#[tokio::test]
async fn a_client_with_patience_asks_again_when_it_is_told_to() {
    let (seen, client) = busy(3, 0).await;
    assert!(client.patient(Duration::from_secs(30)).devices().await.unwrap().devices.is_empty());
    assert_eq!(seen.all().len(), 4);
}

#[tokio::test]
async fn no_client_waits_for_as_long_as_a_server_likes() {
    let (seen, client) = busy(1, 61).await;
    let refused = client.patient(Duration::MAX).devices().await;
    assert!(matches!(refused, Err(ClientError::Limited { .. })), "{refused:?}");
    assert_eq!(seen.all().len(), 1);
}
