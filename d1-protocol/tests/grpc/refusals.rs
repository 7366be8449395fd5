//! Refusals: the code that everybody understands, and the whole problem.

use crate::{
    bytes::{answered, message},
    clerk::{Answer, clerk_and_client, serve},
};
use axum::{Router, response::Response, routing::any};
use d1_core::{Category, Problem};
use d1_protocol::{CallRefusal, ClientError, grpc_refusal, is_grpc};
use http::{HeaderMap, header::RETRY_AFTER};
use std::time::Duration;

pub(crate) fn problem(code: &str) -> Problem {
    Problem::new(code, Category::Usage, "this is not so")
}

#[tokio::test]
async fn a_refusal_is_the_problem_it_carries_and_a_code_of_its_kind() {
    let kinds = [
        ("D1-X-1", Category::Usage, 3),
        ("D1-X-1", Category::Task, 9),
        ("D1-X-1", Category::Daemon, 14),
        ("D1-X-1", Category::Auth, 16),
        ("D1-X-1", Category::Credit, 9),
        ("D1-X-1", Category::Denied, 7),
        ("D1-X-1", Category::Network, 14),
        ("D1-X-1", Category::Timeout, 4),
        ("D1-X-1", Category::Bug, 13),
        ("D1-API-003", Category::Usage, 5),
        ("D1-API-004", Category::Usage, 12),
        ("D1-LIMIT-429", Category::Denied, 8),
    ];
    let (clerk, client) = clerk_and_client().await;
    for (code, category, number) in kinds {
        let problem = Problem::new(code, category, "zu großer Wunsch\n%")
            .because("so ist es")
            .leaving("nothing was changed")
            .next("ask for less");
        clerk.will_say(Answer::Refused(problem.clone().into()));
        let error = client.balance().await.unwrap_err();
        assert!(matches!(error, ClientError::Refused(_)), "{error:?}");
        assert_eq!(error.problem(), problem);
        let response: Response = grpc_refusal(&problem);
        assert_eq!(response.headers()["grpc-status"], number.to_string(), "{problem}");
        assert_eq!(response.headers()["content-type"], "application/grpc");
        assert_eq!(response.status(), 200);
    }
}

#[tokio::test]
async fn a_problem_that_no_head_holds_tells_what_failed_and_how_things_are() {
    let (clerk, client) = clerk_and_client().await;
    let long = "ä\u{1}".repeat(5_000);
    let problem = Problem::new("D1-X-1", Category::Bug, &long)
        .because(&long)
        .leaving("nothing was changed")
        .next(&long);
    clerk.will_say(Answer::Refused(problem.clone().into()));
    let told = client.balance().await.unwrap_err().problem();
    let expected =
        Problem { title: told.title.clone(), ..Problem::new("D1-X-1", Category::Bug, "") };
    assert_eq!(told, expected.leaving("nothing was changed"));
    assert!(long.starts_with(&told.title) && (500..=512).contains(&told.title.len()));
}

#[tokio::test]
async fn a_refusal_that_says_when_to_ask_again_is_heard_so_where_waiting_helps() {
    for (code, waits) in [("D1-LIMIT-429", true), ("D1-API-003", false)] {
        let refuse = move || async move {
            let mut response: Response = grpc_refusal(&problem(code));
            response.headers_mut().insert(RETRY_AFTER, 7.into());
            response
        };
        let client = serve(Router::new().fallback(any(refuse))).await;
        let error = client.caps().await.unwrap_err();
        assert_eq!(error.problem(), problem(code));
        if let ClientError::Limited { retry_after, .. } = error {
            assert_eq!((waits, retry_after), (true, Duration::from_secs(7)));
        } else {
            assert!(!waits && matches!(error, ClientError::Refused(_)), "{error:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_says_when_to_ask_again_and_a_patient_client_waits_for_that() {
    let (clerk, client) = clerk_and_client().await;
    let refusal = CallRefusal {
        problem: Problem::new("D1-NODE-001", Category::Network, "servers do not find each other"),
        retry_after: Some(Duration::from_millis(6_100)),
    };
    clerk.will_say(Answer::Refused(refusal.clone()));
    let error = client.balance().await.unwrap_err();
    let ClientError::Limited { problem, retry_after } = error else { panic!("{error:?}") };
    assert_eq!((*problem, retry_after), (refusal.problem, Duration::from_secs(7)));
    assert_eq!(clerk.was_asked().len(), 1);
    // At 0, 7 and 14 s; a fourth time would be after what it has patience for.
    let patient = client.patient(Duration::from_secs(20));
    let error = patient.balance().await.unwrap_err();
    assert!(matches!(error, ClientError::Limited { .. }), "{error:?}");
    assert_eq!(clerk.was_asked().len(), 3);
}

#[tokio::test]
async fn nobody_is_answered_who_is_not_known() {
    let (refused, asked) = answered("Balance", None, message(b"")).await;
    assert_eq!((refused.status, refused.problem.code.as_str()), (16, "D1-AUTH-001"));
    assert_eq!(asked, []);
}

#[test]
fn only_grpc_is_answered_as_grpc() {
    let told = |kind: &str| {
        is_grpc(&HeaderMap::from_iter([(http::header::CONTENT_TYPE, kind.parse().unwrap())]))
    };
    for kind in ["application/grpc", "application/grpc+proto", "application/grpc;charset=x"] {
        assert!(told(kind), "{kind}");
    }
    for kind in ["application/grpc-web", "application/json", "text/grpc", ""] {
        assert!(!told(kind), "{kind}");
    }
    assert!(!is_grpc(&HeaderMap::new()));
}
