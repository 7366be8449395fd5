//! Stores of enrolments: the one in memory, and some with a flaw each.

use crate::broken_laws;
use d1_core::{
    AccountId, DeviceId, Digest, Enrolment, EnrolmentStore, EnrolmentStoreError, EnrolmentToken,
    Timestamp, conformance, memory::MemoryEnrolmentStore,
};
use std::sync::Arc;

#[tokio::test]
async fn the_store_of_enrolments_in_memory_obeys_every_law() {
    let make = || async { Arc::new(MemoryEnrolmentStore::new()) as Arc<dyn EnrolmentStore> };
    conformance::enrolment_store(make).await;
}

#[tokio::test]
async fn a_store_of_enrolments_that_dies_with_its_process_fails_the_durability_exam() {
    let open = || async { Arc::new(MemoryEnrolmentStore::new()) as Arc<dyn EnrolmentStore> };
    let broken = broken_laws(conformance::enrolment_store_durability(open)).await;
    assert_eq!(broken, ["enrolments_outlive_the_process"]);
}

/// What is wrong with a store of enrolments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    TokensNeverEnd,
    KeepsUsedTokens,
    TakesBackAnothers,
    OverwritesOthers,
    ShowsEverybodys,
    TellsNobody,
    LosesThePrevious,
}

#[derive(Debug)]
struct Flawed(Flaw, MemoryEnrolmentStore);

#[async_trait::async_trait]
impl EnrolmentStore for Flawed {
    async fn add_token(
        &self,
        token: &EnrolmentToken,
        now: Timestamp,
    ) -> Result<(), EnrolmentStoreError> {
        self.1.add_token(token, now).await
    }

    async fn token(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<EnrolmentToken>, EnrolmentStoreError> {
        let now = if self.0 == Flaw::TokensNeverEnd { Timestamp(0) } else { now };
        self.1.token(secret, now).await
    }

    async fn tokens(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<EnrolmentToken>, EnrolmentStoreError> {
        self.1.tokens(account, now).await
    }

    async fn drop_token(
        &self,
        account: AccountId,
        secret: &Digest,
    ) -> Result<bool, EnrolmentStoreError> {
        let kept = self.1.token(secret, Timestamp(0)).await?;
        let account = match kept.filter(|_| self.0 == Flaw::TakesBackAnothers) {
            Some(kept) => kept.account,
            None => account,
        };
        self.1.drop_token(account, secret).await
    }

    async fn enrol(
        &self,
        secret: &Digest,
        device: &Enrolment,
        now: Timestamp,
    ) -> Result<u64, EnrolmentStoreError> {
        let token = self.1.token(secret, now).await?;
        let version = self.1.enrol(secret, device, now).await?;
        if let Some(token) = token.filter(|_| self.0 == Flaw::KeepsUsedTokens) {
            self.1.add_token(&token, now).await?;
        }
        Ok(version)
    }

    async fn find(&self, device: DeviceId) -> Result<Option<Enrolment>, EnrolmentStoreError> {
        let found = self.1.find(device).await?;
        Ok(found.map(|mut found| {
            if self.0 == Flaw::LosesThePrevious {
                found.previous = None;
            }
            found
        }))
    }

    async fn save(&self, device: &Enrolment) -> Result<u64, EnrolmentStoreError> {
        let mut device = device.clone();
        if self.0 == Flaw::OverwritesOthers {
            let kept = self.1.find(device.device).await?;
            device.version = kept.map_or(device.version, |kept| kept.version);
        }
        self.1.save(&device).await
    }

    async fn list(
        &self,
        account: AccountId,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<Enrolment>, EnrolmentStoreError> {
        let mut listed = self.1.list(account, after, limit).await?;
        if self.0 == Flaw::ShowsEverybodys {
            listed.extend(self.1.list(AccountId::from_bytes([8; 16]), None, 1).await?);
        }
        Ok(listed)
    }

    async fn shut_out(&self, since: Timestamp) -> Result<Vec<DeviceId>, EnrolmentStoreError> {
        if self.0 == Flaw::TellsNobody {
            return Ok(Vec::new());
        }
        self.1.shut_out(since).await
    }
}

#[tokio::test]
async fn a_flawed_store_of_enrolments_fails_by_the_laws_it_breaks() {
    let cases: [(Flaw, &[&str]); 7] = [
        (Flaw::TokensNeverEnd, &["a_token_is_found_until_it_is_over"]),
        (Flaw::KeepsUsedTokens, &["a_token_enrols_once", "of_racing_enrolments_one_wins"]),
        (Flaw::TakesBackAnothers, &["an_account_sees_and_takes_back_its_own_tokens"]),
        (Flaw::OverwritesOthers, &["a_stale_change_changes_nothing", "of_racing_changes_one_wins"]),
        (Flaw::ShowsEverybodys, &["an_account_sees_its_own_devices_in_order"]),
        (Flaw::TellsNobody, &["who_is_shut_out_is_told_from_then_on"]),
        (
            Flaw::LosesThePrevious,
            &[
                "a_device_is_found_as_it_was_kept",
                "a_device_enrols_again_in_its_place",
                "no_key_is_ever_taken_twice",
                "of_racing_changes_one_wins",
            ],
        ),
    ];
    for (flaw, laws) in cases {
        let make = || async move {
            Arc::new(Flawed(flaw, MemoryEnrolmentStore::new())) as Arc<dyn EnrolmentStore>
        };
        assert_eq!(broken_laws(conformance::enrolment_store(make)).await, laws, "{flaw:?}");
    }
}
