//! The laws of [`Leases`].

use super::{Laws, Pass, patiently, samples::RACERS};
use crate::{Lease, Leases, LimitKey};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// So long that it does not end while a law is proven.
const LONG: Duration = Duration::from_secs(3_600);
/// So short that its end can be waited for, as some leases cannot be hurried.
const SHORT: Duration = Duration::from_millis(500);

/// Leases, and a way to let time pass for them.
pub struct Renting {
    /// The leases.
    pub leases: Arc<dyn Leases>,
    /// Lets so much time pass, at least.
    pub pass: Pass,
}

/// Checks every law of [`Leases`], each on a fresh one from `make`.
pub async fn leases<F, L>(make: F)
where
    F: Fn() -> L,
    L: Future<Output = Renting>,
{
    let mut laws = Laws::default();
    laws.check("nobody_has_more_than_the_most", patiently(most(make().await))).await;
    laws.check("of_many_who_race_only_the_most_get_one", patiently(racing(make().await))).await;
    laws.check("what_is_given_back_is_free_once", patiently(given_back(make().await))).await;
    laws.check("silence_frees", patiently(silence(make().await))).await;
    laws.check("a_renewed_lease_goes_on", patiently(renewed(make().await))).await;
    laws.all_hold();
}

fn key(text: &str) -> LimitKey {
    text.parse().unwrap()
}

async fn take(port: &Arc<dyn Leases>, owner: &str, most: u32, ttl: Duration) -> Option<Lease> {
    port.take(&key(owner), &key("streams"), most, ttl).await.unwrap()
}

async fn most(Renting { leases, .. }: Renting) {
    for owner in ["anna", "bert"] {
        assert!(take(&leases, owner, 2, LONG).await.is_some());
        assert!(take(&leases, owner, 2, LONG).await.is_some());
        assert_eq!(take(&leases, owner, 2, LONG).await, None);
        assert!(take(&leases, owner, 3, LONG).await.is_some());
    }
    let other = leases.take(&key("anna"), &key("setups"), 1, LONG).await.unwrap();
    assert!(other.is_some());
    assert_eq!(take(&leases, "zoe", 0, LONG).await, None);
}

async fn racing(Renting { leases, .. }: Renting) {
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let leases = Arc::clone(&leases);
        racers.spawn(async move { take(&leases, "anna", 5, LONG).await });
    }
    assert_eq!(racers.join_all().await.iter().flatten().count(), 5);
}

async fn given_back(Renting { leases, .. }: Renting) {
    let first = take(&leases, "anna", 2, LONG).await.unwrap();
    assert!(take(&leases, "anna", 2, LONG).await.is_some());
    leases.give_back(&first).await.unwrap();
    leases.give_back(&first).await.unwrap();
    assert!(!leases.renew(&first, LONG).await.unwrap());
    assert!(take(&leases, "anna", 2, LONG).await.is_some());
    assert_eq!(take(&leases, "anna", 2, LONG).await, None);
}

async fn silence(Renting { leases, pass }: Renting) {
    let dead = take(&leases, "anna", 1, SHORT).await.unwrap();
    pass(SHORT).await;
    assert!(!leases.renew(&dead, LONG).await.unwrap());
    assert!(take(&leases, "anna", 1, LONG).await.is_some());
    // Whoever comes back late does not take the place of another.
    leases.give_back(&dead).await.unwrap();
    assert_eq!(take(&leases, "anna", 1, LONG).await, None);
}

async fn renewed(Renting { leases, pass }: Renting) {
    let lease = take(&leases, "anna", 1, SHORT).await.unwrap();
    assert!(leases.renew(&lease, LONG).await.unwrap());
    pass(SHORT).await;
    assert_eq!(take(&leases, "anna", 1, LONG).await, None);
}
