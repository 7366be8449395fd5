//! Directories: the one in memory, and some with a flaw each.

use crate::broken_laws;
use d1_core::{
    AccountId, DeviceId, Directory, DirectoryError, FederatedId, LoginName, Membership,
    Organisation, Role, User, UserId, conformance, memory::MemoryDirectory,
};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_in_memory_obeys_every_law() {
    conformance::directory(|| async { Arc::new(MemoryDirectory::new()) as Arc<dyn Directory> })
        .await;
}

#[tokio::test]
async fn a_directory_that_dies_with_its_process_fails_the_durability_exam() {
    let open = || async { Arc::new(MemoryDirectory::new()) as Arc<dyn Directory> };
    let broken = broken_laws(conformance::directory_durability(open)).await;
    assert_eq!(broken, ["people_outlive_the_process"]);
}

/// What is wrong with a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    MindsCase,
    GivesNoHome,
    ForgetsChanges,
    IgnoresTheLimit,
    LosesOwners,
    ShowsEverybody,
    TakesStrangers,
    GivesDevicesAway,
    HearsNoIssuer,
    LinksTwice,
}

#[derive(Debug)]
struct Flawed(Flaw, MemoryDirectory);

impl Flawed {
    fn has(&self, flaw: Flaw) -> bool {
        self.0 == flaw
    }
}

#[async_trait::async_trait]
impl Directory for Flawed {
    async fn add_user(&self, user: &User, home: &Organisation) -> Result<(), DirectoryError> {
        self.1.add_user(user, home).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, DirectoryError> {
        self.1.user(id).await
    }

    async fn user_named(&self, name: &LoginName) -> Result<Option<User>, DirectoryError> {
        let found = self.1.user_named(name).await?;
        Ok(found.filter(|_| !(self.has(Flaw::MindsCase) && name.as_str().contains('@'))))
    }

    async fn user_federated(&self, id: &FederatedId) -> Result<Option<User>, DirectoryError> {
        let found = self.1.user_federated(id).await?;
        if found.is_none() && self.has(Flaw::HearsNoIssuer) {
            let known = FederatedId::new("https://id.example", id.subject()).unwrap();
            return self.1.user_federated(&known).await;
        }
        Ok(found)
    }

    async fn federated_ids(&self, user: UserId) -> Result<Vec<FederatedId>, DirectoryError> {
        self.1.federated_ids(user).await
    }

    async fn link_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError> {
        match self.1.link_user(user, id).await {
            Err(DirectoryError::Linked(_)) if self.has(Flaw::LinksTwice) => Ok(()),
            linked => linked,
        }
    }

    async fn unlink_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError> {
        self.1.unlink_user(user, id).await
    }

    async fn users(
        &self,
        after: Option<&LoginName>,
        limit: usize,
    ) -> Result<Vec<User>, DirectoryError> {
        let limit = if self.has(Flaw::IgnoresTheLimit) { usize::MAX } else { limit };
        self.1.users(after, limit).await
    }

    async fn change_user(&self, user: &User) -> Result<(), DirectoryError> {
        let mut user = user.clone();
        user.disabled &= !self.has(Flaw::ForgetsChanges);
        self.1.change_user(&user).await
    }

    async fn add_organisation(
        &self,
        organisation: &Organisation,
        owner: UserId,
    ) -> Result<(), DirectoryError> {
        self.1.add_organisation(organisation, owner).await
    }

    async fn organisation(
        &self,
        account: AccountId,
    ) -> Result<Option<Organisation>, DirectoryError> {
        self.1.organisation(account).await
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, DirectoryError> {
        let all = self.1.memberships(user).await?;
        Ok(all.into_iter().skip(usize::from(self.has(Flaw::GivesNoHome))).collect())
    }

    async fn members(&self, account: AccountId) -> Result<Vec<Membership>, DirectoryError> {
        self.1.members(account).await
    }

    async fn role(&self, account: AccountId, user: UserId) -> Result<Option<Role>, DirectoryError> {
        let role = self.1.role(account, user).await?;
        Ok(role.or(self.has(Flaw::ShowsEverybody).then_some(Role::Viewer)))
    }

    async fn set_role(
        &self,
        account: AccountId,
        user: UserId,
        role: Option<Role>,
    ) -> Result<(), DirectoryError> {
        let set = self.1.set_role(account, user, role).await;
        match set {
            Err(DirectoryError::NoOwnerLeft(_)) if self.has(Flaw::LosesOwners) => Ok(()),
            Err(DirectoryError::NoUser(_)) if self.has(Flaw::TakesStrangers) => Ok(()),
            set => set,
        }
    }

    async fn claim_device(
        &self,
        device: DeviceId,
        account: AccountId,
    ) -> Result<AccountId, DirectoryError> {
        let owner = self.1.claim_device(device, account).await?;
        Ok(if self.has(Flaw::GivesDevicesAway) { account } else { owner })
    }

    async fn device_owner(&self, device: DeviceId) -> Result<Option<AccountId>, DirectoryError> {
        self.1.device_owner(device).await
    }
}

#[tokio::test]
async fn a_flawed_directory_fails_by_the_laws_it_breaks() {
    let cases: [(Flaw, &[&str]); 10] = [
        (Flaw::HearsNoIssuer, &["a_person_is_found_as_others_know_them"]),
        (
            Flaw::LinksTwice,
            &[
                "who_is_somebody_elsewhere_is_nobody_else_here",
                "of_many_who_race_to_be_somebody_one_is",
            ],
        ),
        (Flaw::MindsCase, &["a_person_is_found_by_id_and_by_name"]),
        (
            Flaw::GivesNoHome,
            &[
                "a_new_person_owns_an_organisation",
                "roles_are_given_changed_and_taken",
                "nobody_unknown_is_given_a_role",
            ],
        ),
        (Flaw::ForgetsChanges, &["a_change_is_kept_and_changes_nobody_else"]),
        (Flaw::IgnoresTheLimit, &["people_are_listed_by_name_in_parts"]),
        (
            Flaw::LosesOwners,
            &[
                "an_organisation_never_loses_its_last_owner",
                "of_owners_who_leave_at_once_one_stays",
            ],
        ),
        (Flaw::ShowsEverybody, &["roles_are_given_changed_and_taken"]),
        (Flaw::TakesStrangers, &["nobody_unknown_is_given_a_role"]),
        (
            Flaw::GivesDevicesAway,
            &["a_device_is_whose_it_was_first", "of_many_who_race_for_a_device_one_has_it"],
        ),
    ];
    for (flaw, laws) in cases {
        let make =
            || async move { Arc::new(Flawed(flaw, MemoryDirectory::new())) as Arc<dyn Directory> };
        assert_eq!(broken_laws(conformance::directory(make)).await, laws, "{flaw:?}");
    }
}
