//! Registries of links: the one in memory, and ones with one flaw each.

use crate::broken_laws;
use d1_core::{
    Clock, DeviceId, Holder, LinkRegistry, Node, NodeId, RegistryError, Timestamp,
    conformance::{self, Pass, Passing, Registering},
    memory::{ManualClock, MemoryLinkRegistry},
};
use std::{sync::Arc, time::Duration};

fn by_hand() -> (Arc<ManualClock>, Pass) {
    let clock = Arc::new(ManualClock::starting_at(Timestamp(1_000_000)));
    let moved = Arc::clone(&clock);
    let pass = move |wait: Duration| {
        moved.advance(wait + Duration::from_millis(1));
        Box::pin(tokio::task::yield_now()) as Passing
    };
    (clock, Arc::new(pass))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_in_memory_obeys_every_law() {
    let make = || async {
        let (clock, pass) = by_hand();
        Registering { registry: Arc::new(MemoryLinkRegistry::new(clock)), pass }
    };
    conformance::link_registry(make).await;
}

/// What is wrong with a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    TheFirstKeepsIt,
    AnybodyReleases,
    LeasesNeverEnd,
    RenewsNothing,
    TakesBackByRenewing,
    NobodyLeaves,
}

const CASES: [(Flaw, &[&str]); 6] = [
    (
        Flaw::TheFirstKeepsIt,
        &[
            "a_newer_claim_takes_the_link_over",
            "of_many_who_race_the_highest_claim_has_it",
            "only_the_claim_that_counts_is_released",
        ],
    ),
    (Flaw::AnybodyReleases, &["only_the_claim_that_counts_is_released"]),
    (Flaw::LeasesNeverEnd, &["silence_frees", "nodes_are_listed_while_they_live"]),
    (
        Flaw::RenewsNothing,
        &[
            "a_newer_claim_takes_the_link_over",
            "a_renewed_claim_goes_on",
            "what_was_forgotten_is_put_back",
            "of_two_who_put_back_the_higher_has_it",
        ],
    ),
    (
        Flaw::TakesBackByRenewing,
        &[
            "a_newer_claim_takes_the_link_over",
            "a_renewed_claim_goes_on",
            "of_two_who_put_back_the_higher_has_it",
        ],
    ),
    (Flaw::NobodyLeaves, &["nodes_are_listed_while_they_live"]),
];

#[tokio::test]
async fn a_broken_registry_fails_its_exam_by_the_right_laws() {
    for (flaw, laws) in CASES {
        let make = || async move {
            let (clock, pass) = by_hand();
            let sound = MemoryLinkRegistry::new(Arc::clone(&clock) as Arc<dyn Clock>);
            Registering { registry: Arc::new(Flawed { flaw, sound }), pass }
        };
        assert_eq!(broken_laws(conformance::link_registry(make)).await, laws, "{flaw:?}");
    }
}

#[derive(Debug)]
struct Flawed {
    flaw: Flaw,
    sound: MemoryLinkRegistry,
}

impl Flawed {
    fn ttl(&self, ttl: Duration) -> Duration {
        if self.flaw == Flaw::LeasesNeverEnd { Duration::from_secs(1 << 20) } else { ttl }
    }
}

#[async_trait::async_trait]
impl LinkRegistry for Flawed {
    async fn claim(
        &self,
        device: DeviceId,
        node: &Node,
        least: u64,
        ttl: Duration,
    ) -> Result<u64, RegistryError> {
        if self.flaw == Flaw::TheFirstKeepsIt
            && let Some(holder) = self.sound.find(device).await?
        {
            return Ok(holder.fence);
        }
        self.sound.claim(device, node, least, self.ttl(ttl)).await
    }

    async fn renew(
        &self,
        node: &Node,
        claims: &[(DeviceId, u64)],
        ttl: Duration,
    ) -> Result<Vec<DeviceId>, RegistryError> {
        match self.flaw {
            Flaw::RenewsNothing => self.sound.renew(node, &[], ttl).await,
            Flaw::TakesBackByRenewing => {
                for (device, fence) in claims {
                    self.sound.claim(*device, node, *fence, ttl).await?;
                }
                self.sound.renew(node, &[], ttl).await
            }
            _ => self.sound.renew(node, claims, self.ttl(ttl)).await,
        }
    }

    async fn release(&self, device: DeviceId, fence: u64) -> Result<(), RegistryError> {
        let held = self.sound.find(device).await?.map(|holder| holder.fence);
        let fence = held.filter(|_| self.flaw == Flaw::AnybodyReleases).unwrap_or(fence);
        self.sound.release(device, fence).await
    }

    async fn find(&self, device: DeviceId) -> Result<Option<Holder>, RegistryError> {
        self.sound.find(device).await
    }

    async fn nodes(&self) -> Result<Vec<Node>, RegistryError> {
        self.sound.nodes().await
    }

    async fn leave(&self, node: NodeId) -> Result<(), RegistryError> {
        if self.flaw == Flaw::NobodyLeaves { Ok(()) } else { self.sound.leave(node).await }
    }
}
