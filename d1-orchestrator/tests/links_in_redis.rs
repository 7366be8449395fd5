//! The registry of links in Redis sits the exam of its port, and outlives the death of its server.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

#[expect(unreachable_pub, reason = "other crates share it as a part of the world")]
#[path = "../../tests/world/redis.rs"]
mod redis;

use d1_core::{
    DeviceId, LinkRegistry, Node, NodeId,
    conformance::{self, Pass, Passing, Registering},
};
use d1_orchestrator::RedisLinks;
use redis::Redis;
use std::{sync::Arc, time::Duration};

/// The time of a real server passes by itself.
fn real_time() -> Pass {
    Arc::new(|wait| Box::pin(tokio::time::sleep(wait + Duration::from_millis(1))) as Passing)
}

fn a_node() -> Node {
    Node { id: NodeId::generate(), address: "http://127.0.0.1:7701".into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_obeys_every_law() {
    let server = Redis::start();
    let make = || async {
        assert_eq!(server.ask(&["FLUSHALL"]), "OK");
        let registry = Arc::new(RedisLinks::open(&server.url()).unwrap());
        Registering { registry, pass: real_time() }
    };
    conformance::link_registry(make).await;
}

#[tokio::test]
async fn more_claims_than_one_script_takes_are_renewed_and_told() {
    let server = Redis::start();
    let registry = RedisLinks::open(&server.url()).unwrap();
    let (node, long) = (a_node(), Duration::from_secs(3_600));
    let claims: Vec<_> = (0..1_500).map(|_| (DeviceId::generate(), 5)).collect();
    assert_eq!(registry.renew(&node, &claims, long).await.unwrap(), []);
    let taken = [claims[3].0, claims[1_024].0, claims[1_499].0];
    for device in taken {
        registry.claim(device, &a_node(), 6, long).await.unwrap();
    }
    assert_eq!(registry.renew(&node, &claims, long).await.unwrap(), taken);
    let holder = registry.find(claims[777].0).await.unwrap().unwrap();
    assert_eq!((holder.node, holder.fence), (node, 5));
}

#[tokio::test]
async fn what_is_not_renewed_leaves_nothing_behind() {
    let server = Redis::start();
    let registry = RedisLinks::open(&server.url()).unwrap();
    let (node, short) = (a_node(), Duration::from_millis(1));
    registry.claim(DeviceId::generate(), &node, 1, short).await.unwrap();
    registry.renew(&node, &[(DeviceId::generate(), 1)], short).await.unwrap();
    while !registry.nodes().await.unwrap().is_empty() {}
    while !server.ask(&["KEYS", "*"]).is_empty() {}
}

#[tokio::test]
async fn while_redis_does_not_answer_nobody_is_found_and_afterwards_all_is_put_back() {
    let mut server = Redis::start();
    let registry = RedisLinks::open(&server.url()).unwrap();
    let (node, device, long) = (a_node(), DeviceId::generate(), Duration::from_secs(3_600));
    let fence = registry.claim(device, &node, 1, long).await.unwrap();
    server.pause();
    registry.find(device).await.unwrap_err();
    server.go_on();
    // The connection that was given up is made anew.
    while registry.find(device).await.is_err() {}
    server.kill();
    let error = registry.find(device).await.unwrap_err().to_string();
    assert!(error.starts_with("the registry of links could not look up a link"), "{error}");
    server.run();
    while registry.renew(&node, &[(device, fence)], long).await.is_err() {}
    let holder = registry.find(device).await.unwrap().unwrap();
    assert_eq!((holder.node, holder.fence), (node, fence));
}

#[tokio::test]
async fn an_address_that_makes_no_sense_is_refused() {
    let error = RedisLinks::open("not an address").unwrap_err().to_string();
    assert!(error.starts_with("the registry of links could not be reached"), "{error}");
}
