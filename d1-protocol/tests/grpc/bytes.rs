//! Bytes that no program of ours sends, and what becomes of them.

use crate::clerk::{Answer, Asked, Clerk, asker, serve};
use axum::{
    Router,
    body::{Body, Bytes},
    http::Request,
    response::Response,
    routing::any,
};
use d1_core::{AccountId, CapScope, Problem};
use d1_protocol::{ClientError, api::CapRequest, credits_service};
use futures_util::stream;
use prost::encoding::encode_varint;
use std::{convert::Infallible, sync::Arc};
use tower_service::Service as _;

/// How something was refused.
pub(crate) struct Refused {
    pub(crate) status: i32,
    pub(crate) problem: Problem,
}

/// A message as gRPC frames it.
pub(crate) fn message(inside: &[u8]) -> Body {
    framed(inside).into()
}

fn framed(inside: &[u8]) -> Vec<u8> {
    let length = u32::try_from(inside.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], inside].concat()
}

/// A field with a number in it.
fn number(field: u32, value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_varint(u64::from(field) << 3, &mut bytes);
    encode_varint(value, &mut bytes);
    bytes
}

/// How a call is refused, and what the clerk was asked nevertheless.
pub(crate) async fn answered(
    call: &str,
    asker: Option<AccountId>,
    body: Body,
) -> (Refused, Vec<Asked>) {
    let clerk = Arc::new(Clerk::default());
    clerk.will_say(Answer::Refused(crate::refusals::problem("D1-X-1").into()));
    let mut request = Request::post(format!("/d1.api.v1.Credits/{call}")).body(body).unwrap();
    if let Some(asker) = asker {
        request.extensions_mut().insert(asker);
    }
    let mut service = credits_service(Arc::clone(&clerk) as _);
    let response = service.call(request).await.unwrap();
    // What is refused before anything is said has everything in its head, and a client of its
    // own reads it.
    let head = response.headers().clone();
    let status = head["grpc-status"].to_str().unwrap().parse().unwrap();
    let replay = move || async move {
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = head;
        response
    };
    let error = serve(Router::new().fallback(any(replay))).await.caps().await.unwrap_err();
    (Refused { status, problem: error.problem() }, clerk.was_asked())
}

async fn refused(call: &str, body: impl Into<Body>) -> (i32, String, String) {
    let (refused, asked) = answered(call, Some(asker()), body.into()).await;
    assert_eq!(asked, [], "{call} reached somebody");
    (refused.status, refused.problem.code, refused.problem.cause)
}

#[tokio::test]
async fn a_message_that_makes_no_sense_is_refused_with_the_reason() {
    for call in ["Balance", "Entries", "Grants", "Quote", "Caps", "SetCap", "LiftCap"] {
        let (status, code, cause) = refused(call, message(b"\xff")).await;
        assert_eq!((status, code.as_str()), (3, "D1-API-001"), "{call}");
        assert!(cause.contains("decode"), "{call}: {cause}");
    }
}

#[tokio::test]
async fn a_cap_is_not_set_to_nothing_and_not_on_something_unknown() {
    let (status, code, cause) = refused("SetCap", message(&number(1, 3))).await;
    assert_eq!((status, code.as_str()), (3, "D1-API-001"));
    assert_eq!(cause, "`most_micro` is missing, and nothing is not zero");
    for (call, rest) in [("SetCap", number(2, 5)), ("LiftCap", vec![])] {
        for scope in [0, 6, 1 << 31] {
            let inside = [number(1, scope), rest.clone()].concat();
            let (status, code, _) = refused(call, message(&inside)).await;
            assert_eq!((status, code.as_str()), (5, "D1-API-003"), "{call} {scope}");
        }
    }
    let zero = [number(1, 3), number(2, 0)].concat();
    let (_, asked) = answered("SetCap", Some(asker()), message(&zero)).await;
    assert_eq!(asked, [Asked::Cap(CapScope::Day, Some(CapRequest { most_micro: 0 }))]);
}

#[tokio::test]
async fn what_is_not_known_yet_is_skipped_in_a_message_and_refused_as_a_call() {
    let (_, asked) = answered("Balance", Some(asker()), message(&number(900, 1))).await;
    assert_eq!(asked, [Asked::Balance]);
    let (status, code, _) = refused("Everything", message(b"")).await;
    assert_eq!((status, code.as_str()), (12, "D1-API-004"));
}

#[tokio::test]
async fn a_request_past_the_bound_is_refused_before_it_is_read_to_its_end() {
    let larger = vec![0; 64 * 1024];
    let (status, code, cause) = refused("Balance", message(&larger)).await;
    assert_eq!((status, code.as_str()), (3, "D1-API-001"));
    assert_eq!(cause, "it is larger than 65536 bytes");
    // Message after message, where there is to be one.
    let endless = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from(framed(b""))));
    let (_, _, cause) = refused("Balance", Body::from_stream(endless)).await;
    assert_eq!(cause, "it is larger than 65536 bytes");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_ends_is_given_up() {
    let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let clerk = Arc::new(Clerk::default());
    let mut request = Request::post("/d1.api.v1.Credits/Balance").body(never).unwrap();
    request.extensions_mut().insert(asker());
    let response = credits_service(clerk).call(request).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "4");
    let message = &response.headers()["grpc-message"];
    assert_eq!(message, "the%20request%20did%20not%20arrive%20within%2010%20s");
}

/// What a client makes of this answer to a question for grants.
async fn heard(inside: Vec<u8>) -> ClientError {
    let say = move || async move {
        let head = Response::builder().header("content-type", "application/grpc");
        head.header("grpc-status", "0").body(Body::from(framed(&inside))).unwrap()
    };
    serve(Router::new().fallback(any(say))).await.grants().await.unwrap_err()
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_told_as_that() {
    let grant = |inside: &[u8]| {
        let length = u8::try_from(inside.len()).unwrap();
        [&[0x0a, length], inside].concat()
    };
    for (inside, why) in [
        (b"\xff".to_vec(), "decode"),
        (grant(&number(3, 256)), "`grant.priority` is not well formed"),
        (grant(b"").repeat(16_385), "`grants` has 16385 entries; at most 16384 are taken"),
        (vec![0; 4 * 1024 * 1024 + 1], "4194304"),
    ] {
        let error = heard(inside).await;
        assert!(matches!(error, ClientError::Nonsense(_)), "{error:?}");
        let problem = error.problem();
        assert!(problem.cause.contains(why), "{problem:?}");
    }
}
