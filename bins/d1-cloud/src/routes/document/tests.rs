//! The document is whole, fresh, and tells the truth about who may ask.

use super::{DOCUMENT, TOKEN, need, text};
use crate::{compose::App, config::Config, routes};
use axum::http::Method;
use clap::Parser as _;
use d1_protocol::api;
use serde_json::Value;
use std::{collections::BTreeSet, fs};

/// Where the document is kept, for programs that are made from it.
const KEPT_AT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

/// What is asked by people with a browser, or over gRPC: addresses that are described elsewhere.
/// Those for other servers are not there while a server is alone.
const ELSEWHERE: [(&str, &[&str]); 13] = [
    (api::ACTIVATE, &["get", "post"]),
    (api::DECIDE, &["post"]),
    (api::AUTHORIZE, &["get", "post"]),
    (api::SIGN_IN, &["get", "post"]),
    (api::SIGN_IN_ELSEWHERE, &["get"]),
    (api::SIGN_IN_ANSWER, &["get"]),
    (api::SIGN_OUT, &["post"]),
    ("/style.css", &["get"]),
    (api::CREDITS_CALL, &["post"]),
    (api::SETUPS_CALL, &["post"]),
    (api::DEVICES_CALL, &["post"]),
    (api::REFLECTION_CALL, &["post"]),
    (api::HEALTH_CALL, &["post"]),
];

/// Each method of each address.
type Operations = BTreeSet<(String, String)>;

fn document() -> Value {
    serde_json::from_str(&DOCUMENT).unwrap()
}

fn described(document: &Value) -> Operations {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(|method| (path.clone(), method.clone()))
        })
        .collect()
}

/// What a router answers, read from what it tells of itself for debugging, as it tells nothing
/// else: its endpoints by their number, and then the paths of these numbers.
fn answered(router: &axum::Router) -> Operations {
    let told = format!("{router:?}");
    let told = told.split("fallback_router").next().unwrap();
    let (endpoints, paths) = told.split_once("node: Node").unwrap();
    let mut found = Operations::new();
    for endpoint in endpoints.split("RouteId(").skip(1) {
        let id = endpoint.split(')').next().unwrap();
        let start = format!("RouteId({id}): \"");
        let path = paths.split_once(&start).unwrap().1.split('"').next().unwrap();
        for method in ["get", "put", "post", "delete", "patch", "head", "options"] {
            if !endpoint.contains(&format!(" {method}: None")) {
                found.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
    found
}

/// The routes of a real server.
async fn real() -> (Operations, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().to_str().unwrap();
    let config = ["d1-cloud", "--listen", "127.0.0.1:0", "--state-dir", state];
    let (app, _listener, _door) = App::open(Config::try_parse_from(config).unwrap()).await.unwrap();
    (answered(&routes::router(app)), home)
}

#[tokio::test]
async fn every_route_of_the_server_is_described_and_nothing_else() {
    let mut expected = described(&document());
    for (path, methods) in ELSEWHERE {
        for method in methods {
            let new = expected.insert((path.to_owned(), (*method).to_owned()));
            assert!(new, "{method} {path} is described after all");
        }
    }
    let (real, _home) = real().await;
    assert_eq!(real, expected);
    assert!(real.len() > 40, "hardly any route was read: {real:?}");
}

#[tokio::test]
async fn a_route_that_nobody_described_is_noticed() {
    let (real, _home) = real().await;
    let hidden = axum::Router::new().route("/hidden", axum::routing::get(|| async {}));
    let known = answered(&hidden);
    assert_eq!(known, Operations::from([("/hidden".to_owned(), "get".to_owned())]));
    assert!(known.is_disjoint(&real) && known.is_disjoint(&described(&document())));
}

/// A difference is to be looked at: run this test with `D1_PUBLISH=1`, and read what changed.
#[test]
fn the_document_that_is_kept_is_the_one_that_is_served() {
    if std::env::var_os("D1_PUBLISH").is_some() {
        fs::write(KEPT_AT, text()).unwrap();
    }
    assert!(fs::read_to_string(KEPT_AT).unwrap() == *DOCUMENT, "run this with D1_PUBLISH=1");
}

#[test]
fn every_operation_says_what_it_is_who_may_ask_and_how_it_refuses() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, method) in described(&document) {
        let operation = &document["paths"][&path][&method];
        let at = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{at}");
        assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{at}");
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let known = need(&method, &path, &path).is_some();
        assert_eq!(operation["security"][0][TOKEN].is_array(), known, "{at}");
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!(responses.contains_key("401"), known, "{at}");
        assert!(responses.contains_key("default"), "{at}");
        for (status, response) in responses {
            assert!(
                response["description"].as_str().is_some_and(|it| !it.is_empty()),
                "{at} {status}"
            );
        }
    }
}

#[test]
fn every_word_that_is_named_is_described() {
    let text = text();
    let document = document();
    for name in text.split("\"#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        let word = &document["components"]["schemas"][name];
        assert!(word.is_object() && word.get("$ref").is_none(), "`{name}` is not described");
    }
}
