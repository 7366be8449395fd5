//! The laws of [`SetupLeases`].

use super::{Laws, Pass, patiently, samples::RACERS};
use crate::{NodeId, SetupId, SetupLeases};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// So long that it does not end while a law is proven.
const LONG: Duration = Duration::from_secs(3_600);
/// So short that its end can be waited for, as some leases cannot be hurried.
const SHORT: Duration = Duration::from_millis(500);

/// Leases, and a way to let time pass for them.
pub struct Driving {
    /// The leases.
    pub leases: Arc<dyn SetupLeases>,
    /// Lets so much time pass, at least.
    pub pass: Pass,
}

/// Checks every law of [`SetupLeases`], each on a fresh one from `make`.
pub async fn setup_leases<F, L>(make: F)
where
    F: Fn() -> L,
    L: Future<Output = Driving>,
{
    let mut laws = Laws::default();
    laws.check("what_is_anothers_is_not_held", patiently(held(make().await))).await;
    laws.check("of_many_who_race_one_holds_it", patiently(racing(make().await))).await;
    laws.check("who_seizes_has_it", patiently(seized(make().await))).await;
    laws.check("only_the_holder_gives_back", patiently(given_back(make().await))).await;
    laws.check("silence_frees", patiently(silence(make().await))).await;
    laws.check("a_renewed_lease_goes_on", patiently(renewed(make().await))).await;
    laws.all_hold();
}

async fn hold(port: &Arc<dyn SetupLeases>, node: NodeId, setups: &[SetupId]) -> Vec<SetupId> {
    let mut held = port.hold(node, setups, LONG).await.unwrap();
    held.sort();
    held
}

fn sorted<const N: usize>(mut setups: [SetupId; N]) -> [SetupId; N] {
    setups.sort();
    setups
}

async fn held(Driving { leases, .. }: Driving) {
    let (anna, bert) = (NodeId::generate(), NodeId::generate());
    let [one, two, three] = [(); 3].map(|()| SetupId::generate());
    assert_eq!(hold(&leases, anna, &[one, two]).await, sorted([one, two]));
    assert_eq!(hold(&leases, bert, &[one, two, three]).await, [three]);
    assert_eq!(hold(&leases, anna, &[one, two, three]).await, sorted([one, two]));
    assert_eq!(hold(&leases, anna, &[]).await, []);
}

async fn racing(Driving { leases, .. }: Driving) {
    let setup = SetupId::generate();
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let leases = Arc::clone(&leases);
        racers.spawn(async move { hold(&leases, NodeId::generate(), &[setup]).await.len() });
    }
    assert_eq!(racers.join_all().await.iter().sum::<usize>(), 1);
}

async fn seized(Driving { leases, .. }: Driving) {
    let (anna, bert) = (NodeId::generate(), NodeId::generate());
    let [one, two] = [(); 2].map(|()| SetupId::generate());
    hold(&leases, anna, &[one, two]).await;
    leases.seize(bert, &[one], LONG).await.unwrap();
    assert_eq!(hold(&leases, anna, &[one, two]).await, [two]);
    assert_eq!(hold(&leases, bert, &[one, two]).await, [one]);
}

async fn given_back(Driving { leases, .. }: Driving) {
    let (anna, bert) = (NodeId::generate(), NodeId::generate());
    let [one, two] = [(); 2].map(|()| SetupId::generate());
    hold(&leases, anna, &[one, two]).await;
    leases.give_back(bert, &[one, two]).await.unwrap();
    assert_eq!(hold(&leases, bert, &[one, two]).await, []);
    leases.give_back(anna, &[one]).await.unwrap();
    assert_eq!(hold(&leases, bert, &[one, two]).await, [one]);
}

async fn silence(Driving { leases, pass }: Driving) {
    let (anna, bert, setup) = (NodeId::generate(), NodeId::generate(), SetupId::generate());
    leases.hold(anna, &[setup], SHORT).await.unwrap();
    pass(SHORT).await;
    assert_eq!(hold(&leases, bert, &[setup]).await, [setup]);
    assert_eq!(hold(&leases, anna, &[setup]).await, []);
}

async fn renewed(Driving { leases, pass }: Driving) {
    let (anna, bert, setup) = (NodeId::generate(), NodeId::generate(), SetupId::generate());
    leases.seize(anna, &[setup], SHORT).await.unwrap();
    leases.hold(anna, &[setup], LONG).await.unwrap();
    pass(SHORT).await;
    assert_eq!(hold(&leases, bert, &[setup]).await, []);
}
