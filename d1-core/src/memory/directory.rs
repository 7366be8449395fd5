//! A [`Directory`] in memory: gone with its process, and otherwise as strict as one on disk.

use crate::{
    AccountId, DeviceId, Directory, DirectoryError, FederatedId, LoginName, Membership,
    Organisation, Role, User, UserId,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A [`Directory`] in memory.
#[derive(Debug, Default)]
pub struct MemoryDirectory(Mutex<People>);

#[derive(Debug, Default)]
struct People {
    users: BTreeMap<LoginName, User>,
    names: HashMap<UserId, LoginName>,
    elsewhere: BTreeMap<FederatedId, UserId>,
    organisations: HashMap<AccountId, Organisation>,
    /// In the order in which they came.
    members: Vec<Membership>,
    devices: HashMap<DeviceId, AccountId>,
}

impl MemoryDirectory {
    /// One that knows nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No method leaves anything half changed, so that of a thread that panicked is fine.
    fn people(&self) -> MutexGuard<'_, People> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Directory for MemoryDirectory {
    async fn add_user(&self, user: &User, home: &Organisation) -> Result<(), DirectoryError> {
        let mut people = self.people();
        if people.users.contains_key(&user.login) || people.names.contains_key(&user.id) {
            return Err(DirectoryError::Taken(user.login.to_string()));
        }
        people.can_add(home)?;
        people.users.insert(user.login.clone(), user.clone());
        people.names.insert(user.id, user.login.clone());
        people.add(home, user.id);
        Ok(())
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, DirectoryError> {
        let people = self.people();
        Ok(people.names.get(&id).and_then(|name| people.users.get(name)).cloned())
    }

    async fn user_named(&self, name: &LoginName) -> Result<Option<User>, DirectoryError> {
        Ok(self.people().users.get(name).cloned())
    }

    async fn user_federated(&self, id: &FederatedId) -> Result<Option<User>, DirectoryError> {
        let people = self.people();
        let name = people.elsewhere.get(id).and_then(|user| people.names.get(user));
        Ok(name.and_then(|name| people.users.get(name)).cloned())
    }

    async fn federated_ids(&self, user: UserId) -> Result<Vec<FederatedId>, DirectoryError> {
        let people = self.people();
        let theirs = people.elsewhere.iter().filter(|(_, owner)| **owner == user);
        Ok(theirs.map(|(id, _)| id.clone()).collect())
    }

    async fn link_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError> {
        let mut people = self.people();
        people.knows(user)?;
        match *people.elsewhere.entry(id.clone()).or_insert(user) {
            owner if owner == user => Ok(()),
            _ => Err(DirectoryError::Linked(id.clone())),
        }
    }

    async fn unlink_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError> {
        self.people().elsewhere.retain(|known, owner| known != id || *owner != user);
        Ok(())
    }

    async fn users(
        &self,
        after: Option<&LoginName>,
        limit: usize,
    ) -> Result<Vec<User>, DirectoryError> {
        let people = self.people();
        let rest = people.users.values().filter(|user| after.is_none_or(|name| user.login > *name));
        Ok(rest.take(limit).cloned().collect())
    }

    async fn change_user(&self, user: &User) -> Result<(), DirectoryError> {
        let mut people = self.people();
        let name = people.names.get(&user.id).cloned();
        let kept = name.and_then(|name| people.users.get_mut(&name));
        let kept = kept.ok_or_else(|| DirectoryError::NoUser(user.id.to_string()))?;
        (kept.password, kept.disabled) = (user.password.clone(), user.disabled);
        Ok(())
    }

    async fn add_organisation(
        &self,
        organisation: &Organisation,
        owner: UserId,
    ) -> Result<(), DirectoryError> {
        let mut people = self.people();
        people.knows(owner)?;
        people.can_add(organisation)?;
        people.add(organisation, owner);
        Ok(())
    }

    async fn organisation(
        &self,
        account: AccountId,
    ) -> Result<Option<Organisation>, DirectoryError> {
        Ok(self.people().organisations.get(&account).cloned())
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, DirectoryError> {
        let people = self.people();
        Ok(people.members.iter().filter(|member| member.user == user).copied().collect())
    }

    async fn members(&self, account: AccountId) -> Result<Vec<Membership>, DirectoryError> {
        let people = self.people();
        Ok(people.members.iter().filter(|member| member.account == account).copied().collect())
    }

    async fn role(&self, account: AccountId, user: UserId) -> Result<Option<Role>, DirectoryError> {
        Ok(self.people().member(account, user).map(|member| member.role))
    }

    async fn set_role(
        &self,
        account: AccountId,
        user: UserId,
        role: Option<Role>,
    ) -> Result<(), DirectoryError> {
        let mut people = self.people();
        people.knows(user)?;
        if !people.organisations.contains_key(&account) {
            return Err(DirectoryError::NoOrganisation(account));
        }
        let is_other_owner = |member: &Membership| {
            member.account == account && member.role == Role::Owner && member.user != user
        };
        if role != Some(Role::Owner) && !people.members.iter().any(is_other_owner) {
            return Err(DirectoryError::NoOwnerLeft(account));
        }
        match (people.member(account, user), role) {
            (Some(member), Some(role)) => member.role = role,
            (None, Some(role)) => people.members.push(Membership { account, user, role }),
            (_, None) => people.members.retain(|it| (it.account, it.user) != (account, user)),
        }
        Ok(())
    }

    async fn claim_device(
        &self,
        device: DeviceId,
        account: AccountId,
    ) -> Result<AccountId, DirectoryError> {
        Ok(*self.people().devices.entry(device).or_insert(account))
    }

    async fn device_owner(&self, device: DeviceId) -> Result<Option<AccountId>, DirectoryError> {
        Ok(self.people().devices.get(&device).copied())
    }
}

impl People {
    fn knows(&self, user: UserId) -> Result<(), DirectoryError> {
        let known = self.names.contains_key(&user);
        known.then_some(()).ok_or_else(|| DirectoryError::NoUser(user.to_string()))
    }

    fn can_add(&self, organisation: &Organisation) -> Result<(), DirectoryError> {
        let taken = self.organisations.contains_key(&organisation.account);
        (!taken).then_some(()).ok_or_else(|| DirectoryError::Taken(organisation.name.clone()))
    }

    fn add(&mut self, organisation: &Organisation, owner: UserId) {
        let account = organisation.account;
        self.organisations.insert(account, organisation.clone());
        self.members.push(Membership { account, user: owner, role: Role::Owner });
    }

    fn member(&mut self, account: AccountId, user: UserId) -> Option<&mut Membership> {
        self.members.iter_mut().find(|member| member.account == account && member.user == user)
    }
}
