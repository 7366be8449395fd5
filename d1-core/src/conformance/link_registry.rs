//! The laws of [`LinkRegistry`].

use super::{Laws, Pass, patiently, samples::RACERS};
use crate::{DeviceId, Holder, LinkRegistry, Node, NodeId};
use std::{collections::BTreeSet, future::Future, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// So long that it does not end while a law is proven.
const LONG: Duration = Duration::from_secs(3_600);
/// So short that its end can be waited for, as some leases cannot be hurried.
const SHORT: Duration = Duration::from_millis(500);

/// A registry, and a way to let time pass for it.
pub struct Registering {
    /// The registry.
    pub registry: Arc<dyn LinkRegistry>,
    /// Lets so much time pass, at least.
    pub pass: Pass,
}

/// Checks every law of [`LinkRegistry`], each on a fresh one from `make`.
pub async fn link_registry<F, R>(make: F)
where
    F: Fn() -> R,
    R: Future<Output = Registering>,
{
    let mut laws = Laws::default();
    laws.check("what_is_claimed_is_found", patiently(found(make().await))).await;
    laws.check("a_newer_claim_takes_the_link_over", patiently(taken_over(make().await))).await;
    laws.check("of_many_who_race_the_highest_claim_has_it", patiently(racing(make().await))).await;
    laws.check("only_the_claim_that_counts_is_released", patiently(released(make().await))).await;
    laws.check("silence_frees", patiently(silence(make().await))).await;
    laws.check("a_renewed_claim_goes_on", patiently(renewed(make().await))).await;
    laws.check("what_was_forgotten_is_put_back", patiently(put_back(make().await))).await;
    laws.check("of_two_who_put_back_the_higher_has_it", patiently(both_back(make().await))).await;
    laws.check("nodes_are_listed_while_they_live", patiently(nodes(make().await))).await;
    laws.all_hold();
}

fn a_node(port: u16) -> Node {
    Node { id: NodeId::generate(), address: format!("http://127.0.0.1:{port}") }
}

async fn found(Registering { registry, .. }: Registering) {
    let (node, device) = (a_node(1), DeviceId::generate());
    assert_eq!(registry.find(device).await.unwrap(), None);
    let fence = registry.claim(device, &node, 7, LONG).await.unwrap();
    assert!(fence >= 7, "{fence}");
    assert_eq!(registry.find(device).await.unwrap(), Some(Holder { node, fence }));
    assert_eq!(registry.find(DeviceId::generate()).await.unwrap(), None);
}

async fn taken_over(Registering { registry, .. }: Registering) {
    let (older, newer, device) = (a_node(1), a_node(2), DeviceId::generate());
    let first = registry.claim(device, &older, 1 << 40, LONG).await.unwrap();
    let second = registry.claim(device, &newer, 1, LONG).await.unwrap();
    assert!(second > first, "{second} is not after {first}");
    let holder = Some(Holder { node: newer.clone(), fence: second });
    assert_eq!(registry.find(device).await.unwrap(), holder);
    // The older one is told, and takes nothing back.
    assert_eq!(registry.renew(&older, &[(device, first)], LONG).await.unwrap(), [device]);
    assert_eq!(registry.find(device).await.unwrap(), holder);
    assert_eq!(registry.renew(&newer, &[(device, second)], LONG).await.unwrap(), []);
}

async fn racing(Registering { registry, .. }: Registering) {
    let device = DeviceId::generate();
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let registry = Arc::clone(&registry);
        racers.spawn(async move {
            let node = a_node(1);
            let fence = registry.claim(device, &node, 1, LONG).await.unwrap();
            Holder { node, fence }
        });
    }
    let claims = racers.join_all().await;
    let fences: BTreeSet<_> = claims.iter().map(|claim| claim.fence).collect();
    assert_eq!(fences.len(), claims.len(), "two have the same fence");
    let highest = claims.into_iter().max_by_key(|claim| claim.fence);
    assert_eq!(registry.find(device).await.unwrap(), highest);
}

async fn released(Registering { registry, .. }: Registering) {
    let (node, device) = (a_node(1), DeviceId::generate());
    let first = registry.claim(device, &node, 1, LONG).await.unwrap();
    let second = registry.claim(device, &node, 1, LONG).await.unwrap();
    registry.release(device, first).await.unwrap();
    let holder = Some(Holder { node, fence: second });
    assert_eq!(registry.find(device).await.unwrap(), holder);
    registry.release(device, second).await.unwrap();
    assert_eq!(registry.find(device).await.unwrap(), None);
    registry.release(device, second).await.unwrap();
}

async fn silence(Registering { registry, pass }: Registering) {
    let device = DeviceId::generate();
    registry.claim(device, &a_node(1), 1, SHORT).await.unwrap();
    pass(SHORT).await;
    assert_eq!(registry.find(device).await.unwrap(), None);
}

async fn renewed(Registering { registry, pass }: Registering) {
    let (node, device) = (a_node(1), DeviceId::generate());
    let fence = registry.claim(device, &node, 1, SHORT).await.unwrap();
    assert_eq!(registry.renew(&node, &[(device, fence)], LONG).await.unwrap(), []);
    pass(SHORT).await;
    assert_eq!(registry.find(device).await.unwrap(), Some(Holder { node, fence }));
}

async fn put_back(Registering { registry, pass }: Registering) {
    let (node, device) = (a_node(1), DeviceId::generate());
    let fence = registry.claim(device, &node, 1, SHORT).await.unwrap();
    pass(SHORT).await;
    assert_eq!(registry.renew(&node, &[(device, fence)], LONG).await.unwrap(), []);
    assert_eq!(registry.find(device).await.unwrap(), Some(Holder { node, fence }));
}

async fn both_back(Registering { registry, .. }: Registering) {
    let (older, newer) = (a_node(1), a_node(2));
    let (one, two) = (DeviceId::generate(), DeviceId::generate());
    // Never claimed here, as when a registry has lost everything.
    let renew = async |node: &Node, device, fence| {
        registry.renew(node, &[(device, fence)], LONG).await.unwrap()
    };
    assert_eq!(renew(&older, one, 5).await, []);
    assert_eq!(renew(&newer, one, 6).await, []);
    assert_eq!(renew(&older, one, 5).await, [one]);
    assert_eq!(renew(&newer, two, 6).await, []);
    assert_eq!(renew(&older, two, 5).await, [two]);
    let holder = Some(Holder { node: newer, fence: 6 });
    assert_eq!(registry.find(one).await.unwrap(), holder);
    assert_eq!(registry.find(two).await.unwrap(), holder);
}

async fn nodes(Registering { registry, pass }: Registering) {
    let mut all = [a_node(1), a_node(2)];
    all.sort_by_key(|node| node.id);
    assert_eq!(registry.nodes().await.unwrap(), []);
    for node in &all {
        registry.renew(node, &[], LONG).await.unwrap();
    }
    assert_eq!(registry.nodes().await.unwrap(), all);
    registry.leave(all[0].id).await.unwrap();
    assert_eq!(registry.nodes().await.unwrap(), all[1..]);
    let silent = a_node(3);
    registry.renew(&silent, &[], SHORT).await.unwrap();
    pass(SHORT).await;
    assert_eq!(registry.nodes().await.unwrap(), all[1..]);
}
