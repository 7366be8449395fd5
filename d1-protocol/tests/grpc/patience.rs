//! Servers that are not there, do not answer, or are something else.

use crate::clerk::serve;
use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    routing::any,
};
use d1_core::DeviceId;
use d1_protocol::{ClientError, CreditsClient, api::QuoteQuery};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_the_cause() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = CreditsClient::new(&nobody, "a-token").unwrap().balance().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(_)), "{error:?}");
    let problem = error.problem();
    assert_eq!(problem.code, "D1-NET-001");
    assert!(problem.cause.contains("refused"), "{problem:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up_and_was_told_when() {
    let heard = Arc::new(Mutex::new(HeaderMap::new()));
    let hears = Arc::clone(&heard);
    let silent = move |headers: HeaderMap| {
        *hears.lock().unwrap() = headers;
        std::future::pending::<StatusCode>()
    };
    let client = serve(Router::new().fallback(any(silent))).await;
    let error = client.balance().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(_)), "{error:?}");
    {
        let heard = heard.lock().unwrap();
        // Thirty seconds, in microseconds.
        assert_eq!(heard["grpc-timeout"], "30000000u");
        assert_eq!(heard["authorization"], "Bearer a-token");
    }
    // A price takes a device that looks at itself, for which there are three minutes.
    let (install, device) = ("jq".to_owned(), DeviceId::generate());
    let error = client.quote(&QuoteQuery { install, from: None, device }).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(_)), "{error:?}");
    assert_eq!(heard.lock().unwrap()["grpc-timeout"], "180000m");
}

#[tokio::test]
async fn a_server_of_something_else_is_told_as_that() {
    let client = serve(Router::new()).await;
    let error = client.balance().await.unwrap_err();
    let problem = error.problem();
    assert_eq!(
        (problem.code.as_str(), problem.title.as_str()),
        ("D1-NET-004", "the cloud answered `Unimplemented`")
    );
}

#[test]
fn only_addresses_that_nobody_reads_along_at_and_tokens_of_one_line_are_taken() {
    for address in ["http://example.org", "https://name@d1.example", "127.0.0.1:7701", ""] {
        let error = CreditsClient::new(address, "a-token").unwrap_err();
        assert!(matches!(error, ClientError::Address(_)), "{address}: {error:?}");
    }
    let error = CreditsClient::new("http://127.0.0.1:1", "two\nlines").unwrap_err();
    assert_eq!(error.problem().code, "D1-AUTH-002");
    let client = CreditsClient::new("http://localhost:1/x", "a-token").unwrap();
    assert!(!format!("{client:?}").contains("a-token"));
}
