//! Tokens by which servers know each other.

use crate::tokens::{Bench, bearer, refused};
use d1_core::NodeId;
use d1_orchestrator::{NodeTokens, RefusedToken, TokenError};
use std::time::Duration;

async fn why(tokens: &NodeTokens, token: &str) -> RefusedToken {
    match tokens.verify(token).await {
        Err(TokenError::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn servers_with_the_same_keys_know_each_other_for_a_minute() {
    let (here, there) = (NodeId::generate(), NodeId::generate());
    let bench = Bench::new();
    let theirs = bench.another_server().tokens.of_node(there);
    let token = bench.tokens.of_node(here).issue(there).await.unwrap();
    assert_eq!(theirs.verify(&token).await.unwrap(), here);
    bench.clock.advance(Duration::from_secs(64));
    assert_eq!(theirs.verify(&token).await.unwrap(), here);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(why(&theirs, &token).await, RefusedToken::Expired);
}

#[tokio::test]
async fn a_token_for_one_server_is_no_good_at_another_one_or_with_other_keys() {
    let (here, there) = (NodeId::generate(), NodeId::generate());
    let bench = Bench::new();
    let token = bench.tokens.of_node(here).issue(there).await.unwrap();
    let third = bench.tokens.of_node(NodeId::generate());
    assert_eq!(why(&third, &token).await, RefusedToken::Audience);
    let stranger = Bench::new().tokens.of_node(there);
    assert_eq!(why(&stranger, &token).await, RefusedToken::UnknownKey);
}

#[tokio::test]
async fn no_persons_token_is_taken_for_a_servers_nor_the_other_way() {
    let node = NodeId::generate();
    let bench = Bench::new();
    let tokens = bench.tokens.of_node(node);
    let servers = tokens.issue(node).await.unwrap();
    assert_eq!(refused(&bench, &servers).await, RefusedToken::Type);
    let persons = bench.tokens.issue(&bearer()).await.unwrap();
    assert_eq!(why(&tokens, &persons).await, RefusedToken::Type);
    for nothing in ["", "x", "a.b.c", &"x".repeat(5_000)] {
        tokens.verify(nothing).await.unwrap_err();
    }
}
