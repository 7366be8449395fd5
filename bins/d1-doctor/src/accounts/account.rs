//! An account that somebody is signed in to.

use d1_core::{AccountId, Scopes, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An account that somebody is signed in to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The cloud, as `http://host:port`.
    pub cloud: String,
    /// What they sign in with there.
    pub login: String,
    /// The account that pays.
    pub account: AccountId,
    /// What may be done.
    pub scopes: Scopes,
    /// What is presented with each request.
    pub access_token: String,
    /// Until when that is good; `None` when nobody said.
    pub good_until: Option<Timestamp>,
    /// What the next one is had for; a token that was brought along has none.
    pub refresh_token: Option<String>,
}

/// Never prints a token.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.login, self.cloud)
    }
}

/// All of them, the one that is used when none is named being the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// The accounts, the last one that was signed in to first.
    #[serde(default)]
    pub accounts: Vec<Account>,
}

impl Accounts {
    /// Puts an account first, in place of the same person at the same cloud.
    pub fn put(&mut self, account: Account) {
        self.accounts.retain(|it| (&it.cloud, &it.login) != (&account.cloud, &account.login));
        self.accounts.insert(0, account);
    }

    /// The account that is meant: of this cloud, and of this person, where either is named.
    #[must_use]
    pub fn pick(&self, cloud: Option<&str>, login: Option<&str>) -> Option<&Account> {
        let mut all = self.accounts.iter();
        all.find(|it| {
            cloud.is_none_or(|cloud| cloud == it.cloud)
                && login.is_none_or(|login| login.eq_ignore_ascii_case(&it.login))
        })
    }

    /// Puts an account in the place of the same person at the same cloud.
    pub fn replace(&mut self, account: Account) {
        let same = |it: &&mut Account| (&it.cloud, &it.login) == (&account.cloud, &account.login);
        if let Some(kept) = self.accounts.iter_mut().find(same) {
            *kept = account;
        }
    }

    /// Forgets one.
    pub fn remove(&mut self, account: &Account) {
        self.accounts.retain(|it| (&it.cloud, &it.login) != (&account.cloud, &account.login));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(login: &str, cloud: &str) -> Account {
        Account {
            cloud: cloud.into(),
            login: login.into(),
            account: AccountId::from_bytes([1; 16]),
            scopes: Scopes::default(),
            access_token: "secret".into(),
            good_until: None,
            refresh_token: Some("secret".into()),
        }
    }

    #[test]
    fn the_last_sign_in_is_used_unless_another_is_named() {
        let mut all = Accounts::default();
        all.put(account("anna", "http://127.0.0.1:1"));
        all.put(account("bert", "http://127.0.0.1:1"));
        all.put(account("anna", "http://127.0.0.1:2"));
        let pick = |cloud, login| all.pick(cloud, login).map(|it| format!("{it:?}"));
        assert_eq!(pick(None, None).unwrap(), "anna@http://127.0.0.1:2");
        assert_eq!(pick(Some("http://127.0.0.1:1"), None).unwrap(), "bert@http://127.0.0.1:1");
        assert_eq!(pick(None, Some("BERT")).unwrap(), "bert@http://127.0.0.1:1");
        assert_eq!(pick(Some("http://127.0.0.1:2"), Some("bert")), None);
        let mut all = all.clone();
        all.put(account("bert", "http://127.0.0.1:1"));
        assert_eq!(all.accounts.len(), 3);
    }

    #[test]
    fn no_token_is_ever_printed() {
        assert!(!format!("{:?}", account("anna", "x")).contains("secret"));
    }
}
