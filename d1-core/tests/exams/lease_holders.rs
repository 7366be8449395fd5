//! Leases of setups: those in memory, and ones with one flaw each.

use crate::broken_laws;
use d1_core::{
    Clock, NodeId, SetupId, SetupLeases, StoreError, Timestamp,
    conformance::{self, Driving, Pass, Passing},
    memory::{ManualClock, MemorySetupLeases},
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
async fn the_leases_of_setups_in_memory_obey_every_law() {
    let make = || async {
        let (clock, pass) = by_hand();
        Driving { leases: Arc::new(MemorySetupLeases::new(clock)), pass }
    };
    conformance::setup_leases(make).await;
}

/// What is wrong with leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    WhoeverAsksHasIt,
    NobodySeizes,
    AnybodyGivesBack,
    NothingEnds,
    NothingIsRenewed,
}

const CASES: [(Flaw, &[&str]); 5] = [
    (
        Flaw::WhoeverAsksHasIt,
        &[
            "what_is_anothers_is_not_held",
            "of_many_who_race_one_holds_it",
            "who_seizes_has_it",
            "only_the_holder_gives_back",
            "silence_frees",
            "a_renewed_lease_goes_on",
        ],
    ),
    (Flaw::NobodySeizes, &["who_seizes_has_it"]),
    (Flaw::AnybodyGivesBack, &["only_the_holder_gives_back"]),
    (Flaw::NothingEnds, &["silence_frees"]),
    (Flaw::NothingIsRenewed, &["a_renewed_lease_goes_on"]),
];

#[tokio::test]
async fn broken_leases_of_setups_fail_their_exam_by_the_right_laws() {
    for (flaw, laws) in CASES {
        let make = || async move {
            let (clock, pass) = by_hand();
            let sound = MemorySetupLeases::new(Arc::clone(&clock) as Arc<dyn Clock>);
            Driving { leases: Arc::new(Flawed { flaw, sound }), pass }
        };
        assert_eq!(broken_laws(conformance::setup_leases(make)).await, laws, "{flaw:?}");
    }
}

#[derive(Debug)]
struct Flawed {
    flaw: Flaw,
    sound: MemorySetupLeases,
}

#[async_trait::async_trait]
impl SetupLeases for Flawed {
    async fn hold(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<Vec<SetupId>, StoreError> {
        match self.flaw {
            Flaw::WhoeverAsksHasIt => {
                self.sound.seize(node, setups, ttl).await?;
                self.sound.hold(node, setups, ttl).await
            }
            Flaw::NothingEnds => self.sound.hold(node, setups, ttl * 1_000_000).await,
            Flaw::NothingIsRenewed => {
                // What is held already stays as long as it was.
                let mut held = Vec::new();
                for setup in setups {
                    let probe = NodeId::generate();
                    let free = !self.sound.hold(probe, &[*setup], ttl).await?.is_empty();
                    if free {
                        self.sound.give_back(probe, &[*setup]).await?;
                        held.extend(self.sound.hold(node, &[*setup], ttl).await?);
                    } else {
                        held.extend(
                            self.sound.hold(node, &[*setup], Duration::from_millis(500)).await?,
                        );
                    }
                }
                Ok(held)
            }
            _ => self.sound.hold(node, setups, ttl).await,
        }
    }

    async fn seize(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<(), StoreError> {
        match self.flaw {
            Flaw::NobodySeizes => self.sound.hold(node, setups, ttl).await.map(drop),
            _ => self.sound.seize(node, setups, ttl).await,
        }
    }

    async fn give_back(&self, node: NodeId, setups: &[SetupId]) -> Result<(), StoreError> {
        if self.flaw == Flaw::AnybodyGivesBack {
            self.sound.seize(node, setups, Duration::from_secs(1)).await?;
        }
        self.sound.give_back(node, setups).await
    }
}
