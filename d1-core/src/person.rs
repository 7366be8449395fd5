//! People, the organisations they are in, and what they may do there.

use crate::{AccountId, Scope, Scopes, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why something is not the name somebody signs in with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name to sign in with; use 1 to {max} letters, digits and ._+-@, a letter or digit first",
    max = LoginName::MAX
)]
pub struct LoginNameError(String);

/// What somebody signs in with: a name, or an address of mail. Upper and lower case are the
/// same, so that nobody is mistaken for somebody else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoginName(String);

impl LoginName {
    /// The most characters.
    pub const MAX: usize = 128;

    /// The name as text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LoginName {
    type Err = LoginNameError;

    fn from_str(text: &str) -> Result<Self, LoginNameError> {
        let legal = |c: char| c.is_ascii_alphanumeric() || "._+-@".contains(c);
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && text.len() <= Self::MAX && text.chars().all(legal) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(LoginNameError(text.chars().take(Self::MAX).flat_map(char::escape_debug).collect()))
    }
}

impl TryFrom<String> for LoginName {
    type Error = LoginNameError;
    fn try_from(text: String) -> Result<Self, LoginNameError> {
        text.parse()
    }
}

impl From<LoginName> for String {
    fn from(name: LoginName) -> Self {
        name.0
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A person who signs in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Who it is, whatever they are called.
    pub id: UserId,
    /// What they sign in with.
    pub login: LoginName,
    /// Their password, hashed, as a PHC string; `None` when they have none and sign in
    /// elsewhere.
    pub password: Option<String>,
    /// Whether they are kept out.
    pub disabled: bool,
    /// Since when they are known.
    pub created: Timestamp,
}

/// Never prints the hash of a password.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("login", &self.login)
            .field("disabled", &self.disabled)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

/// People who share an account: what it pays for, and what was done for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its account.
    pub account: AccountId,
    /// What it is called, for people.
    pub name: String,
    /// Since when it is known.
    pub created: Timestamp,
}

/// What somebody is in an organisation, the most powerful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything, and makes others owners. There is always one.
    Owner,
    /// May do everything but make or unmake owners.
    Admin,
    /// Sets machines up.
    Member,
    /// Looks.
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// What somebody in this role may do at most.
    #[must_use]
    pub fn scopes(self) -> Scopes {
        Scope::ALL.iter().copied().filter(|&scope| self.may(scope)).collect()
    }

    /// Whether somebody in this role may.
    #[must_use]
    pub const fn may(self, scope: Scope) -> bool {
        match scope {
            Scope::SetupRead | Scope::CreditsRead | Scope::DeviceRead | Scope::OfflineAccess => {
                true
            }
            Scope::SetupWrite | Scope::SetupApprove | Scope::TokenWrite => {
                matches!(self, Self::Owner | Self::Admin | Self::Member)
            }
            Scope::CreditsWrite | Scope::DeviceLink => matches!(self, Self::Owner | Self::Admin),
        }
    }

    /// Whether somebody in this role may make another person, who is `from`, to what is `to`.
    #[must_use]
    pub fn may_change(self, from: Option<Self>, to: Option<Self>) -> bool {
        let touches_owners = [from, to].contains(&Some(Self::Owner));
        match self {
            Self::Owner => true,
            Self::Admin => !touches_owners,
            Self::Member | Self::Viewer => false,
        }
    }
}

/// A word that is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role; use owner, admin, member or viewer")]
pub struct RoleError(String);

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let named = Self::ALL.into_iter().find(|role| role.as_str() == text);
        named.ok_or_else(|| RoleError(text.chars().take(32).flat_map(char::escape_debug).collect()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// That somebody is in an organisation, and what they are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Of which organisation.
    pub account: AccountId,
    /// Who.
    pub user: UserId,
    /// What they are there.
    pub role: Role,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_any_case_and_nothing_that_looks_alike() {
        let name: LoginName = "Anna@Example.org".parse().unwrap();
        assert_eq!(name.as_str(), "anna@example.org");
        for bad in ["", "-a", ".a", "@a", "a b", "a\n", "аnna", "a\0", &"a".repeat(129)] {
            assert!(bad.parse::<LoginName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn each_role_may_what_the_weaker_ones_may() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[1].scopes().within(&pair[0].scopes()), "{pair:?}");
        }
        assert_eq!(Role::Owner.scopes(), Scopes::all());
        let looks = "setup:read credits:read device:read offline_access";
        assert_eq!(Role::Viewer.scopes().to_string(), looks);
    }

    #[test]
    fn only_an_owner_makes_or_unmakes_owners_and_only_who_manages_changes_anybody() {
        use Role::{Admin, Member, Owner, Viewer};
        assert!(Owner.may_change(Some(Owner), None) && Owner.may_change(None, Some(Owner)));
        assert!(
            Admin.may_change(Some(Member), Some(Admin)) && Admin.may_change(None, Some(Viewer))
        );
        assert!(!Admin.may_change(Some(Owner), Some(Member)));
        assert!(!Admin.may_change(Some(Admin), Some(Owner)));
        for weak in [Member, Viewer] {
            assert!(
                !weak.may_change(Some(weak), Some(Admin)) && !weak.may_change(None, Some(weak))
            );
        }
    }

    #[test]
    fn no_hash_of_a_password_is_ever_printed() {
        let user = User {
            id: UserId::from_bytes([1; 16]),
            login: "anna".parse().unwrap(),
            password: Some("$argon2id$secret".into()),
            disabled: false,
            created: Timestamp(1),
        };
        assert!(!format!("{user:?}").contains("argon2id"));
    }
}
