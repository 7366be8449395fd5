//! The [`Directory`] port: who there is, in which organisations, and whose each device is.

use crate::{
    AccountId, DeviceId, FederatedId, LoginName, Membership, Organisation, Role, User, UserId,
};
use std::{error::Error, fmt};

/// Why the directory could not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The name is another person's, or the organisation is there already.
    #[error("there is a `{0}` already; choose another name")]
    Taken(String),
    /// The person of another provider is somebody else here.
    #[error("{0} is somebody else here; unlink them first")]
    Linked(FederatedId),
    /// There is nobody of this name or id.
    #[error("there is no user `{0}`")]
    NoUser(String),
    /// There is no such organisation.
    #[error("there is no organisation {0}")]
    NoOrganisation(AccountId),
    /// Nobody could look after the organisation any more.
    #[error("organisation {0} would have no owner; make somebody else an owner first")]
    NoOwnerLeft(AccountId),
    /// The storage is in trouble.
    #[error("the directory could not {doing}; see that where it is kept is there")]
    Backend {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Knows people, organisations, and whose each device is.
///
/// What changes something is durable when it returns, whole or not at all.
#[async_trait::async_trait]
pub trait Directory: fmt::Debug + Send + Sync {
    /// Keeps a new person, and an organisation of their own, of which they are the owner.
    /// Refuses a name, an id or an account that is taken, and then keeps neither.
    async fn add_user(&self, user: &User, home: &Organisation) -> Result<(), DirectoryError>;

    /// The person of this id.
    async fn user(&self, id: UserId) -> Result<Option<User>, DirectoryError>;

    /// The person of this name.
    async fn user_named(&self, name: &LoginName) -> Result<Option<User>, DirectoryError>;

    /// The person that another provider knows so.
    async fn user_federated(&self, id: &FederatedId) -> Result<Option<User>, DirectoryError>;

    /// How other providers know a person, in the order of their names.
    async fn federated_ids(&self, user: UserId) -> Result<Vec<FederatedId>, DirectoryError>;

    /// Says that this person is `id` at another provider. To say so again changes nothing;
    /// refuses one that is somebody else, also when many say so at once.
    async fn link_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError>;

    /// Says that this person is not `id` any more; they may not have been.
    async fn unlink_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError>;

    /// Everybody, by name, after `after`, at most `limit`.
    async fn users(
        &self,
        after: Option<&LoginName>,
        limit: usize,
    ) -> Result<Vec<User>, DirectoryError>;

    /// Sets the password of a person, and whether they are kept out. Their name and id stay.
    async fn change_user(&self, user: &User) -> Result<(), DirectoryError>;

    /// Keeps a new organisation of which `owner` is the owner.
    async fn add_organisation(
        &self,
        organisation: &Organisation,
        owner: UserId,
    ) -> Result<(), DirectoryError>;

    /// The organisation with this account.
    async fn organisation(
        &self,
        account: AccountId,
    ) -> Result<Option<Organisation>, DirectoryError>;

    /// Where a person is, their own organisation first, then in the order in which they came.
    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, DirectoryError>;

    /// Who is in an organisation, in the order in which they came.
    async fn members(&self, account: AccountId) -> Result<Vec<Membership>, DirectoryError>;

    /// What somebody is in an organisation.
    async fn role(&self, account: AccountId, user: UserId) -> Result<Option<Role>, DirectoryError>;

    /// Makes somebody something in an organisation, or nothing. Refuses to leave it without an
    /// owner, also when several owners leave at once.
    async fn set_role(
        &self,
        account: AccountId,
        user: UserId,
        role: Option<Role>,
    ) -> Result<(), DirectoryError>;

    /// Says that a device is an account's, unless it is another's already; tells whose it is.
    /// The first who says so has it.
    async fn claim_device(
        &self,
        device: DeviceId,
        account: AccountId,
    ) -> Result<AccountId, DirectoryError>;

    /// Whose device it is.
    async fn device_owner(&self, device: DeviceId) -> Result<Option<AccountId>, DirectoryError>;
}
