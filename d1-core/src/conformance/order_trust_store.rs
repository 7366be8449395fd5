//! The laws of [`OrderTrustStore`].

use super::Laws;
use crate::{
    AnnouncedKey, KeyStage, OrderKey, OrderKeySet, OrderTrust, OrderTrustStore, Timestamp,
};
use std::sync::Arc;

type Port = Arc<dyn OrderTrustStore>;

/// Checks every law of [`OrderTrustStore`], each on a fresh one from `make`.
pub async fn order_trust_store(make: impl Fn() -> Port) {
    let mut laws = Laws::default();
    let (fresh, saved, replaced) = (make(), make(), make());
    laws.check("a_new_store_trusts_nobody", async move {
        assert_eq!(fresh.load().unwrap(), OrderTrust::default());
    })
    .await;
    laws.check("saved_keys_are_loaded", async move {
        saved.save(&rotated()).unwrap();
        assert_eq!(saved.load().unwrap(), rotated());
    })
    .await;
    laws.check("saved_keys_take_the_place_of_all_others", async move {
        replaced.save(&rotated()).unwrap();
        let other = OrderTrust::of(&set(9, &[(3, KeyStage::Active)]));
        replaced.save(&other).unwrap();
        assert_eq!(replaced.load().unwrap(), other);
        replaced.save(&OrderTrust::default()).unwrap();
        assert_eq!(replaced.load().unwrap(), OrderTrust::default());
    })
    .await;
    laws.all_hold();
}

/// Checks that keys are still there when the same store is opened again; `open` gives the same
/// store every time, and it begins empty.
pub async fn order_trust_store_durability(open: impl Fn() -> Port) {
    open().save(&rotated()).unwrap();
    let again = open();
    let mut laws = Laws::default();
    laws.check("trusted_keys_outlive_the_process", async move {
        assert_eq!(again.load().unwrap(), rotated());
    })
    .await;
    laws.all_hold();
}

/// What a device knows after a rotation and a withdrawal.
fn rotated() -> OrderTrust {
    let mut trust = OrderTrust::of(&set(1, &[(0, KeyStage::Active), (1, KeyStage::Next)]));
    trust.learn(&set(u64::MAX, &[(1, KeyStage::Retired), (2, KeyStage::Active)]));
    trust
}

fn set(version: u64, keys: &[(u8, KeyStage)]) -> OrderKeySet {
    let told = |(seed, stage): &(u8, KeyStage)| AnnouncedKey {
        key: OrderKey::from_seed(&[*seed; 32]).public(),
        stage: *stage,
        since: Timestamp(1_700_000_000_000),
    };
    OrderKeySet { version, keys: keys.iter().map(told).collect() }
}
