//! A [`Scope`]: one thing that somebody is allowed to do, and [`Scopes`], all that they are.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// Text that names no scope, or names one twice over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a scope; the scopes are {all}", all = Scopes::all())]
pub struct ScopeError(String);

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident: $text:literal, $plain:literal;)*) => {
        /// One thing that somebody is allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// Every scope there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As it is written in a request and in a token.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it allows, for a person who is asked to grant it.
            #[must_use]
            pub const fn plainly(self) -> &'static str {
                match self { $(Self::$name => $plain,)* }
            }
        }
    };
}

scopes! {
    /// To see setups, and what they tell.
    SetupRead: "setup:read", "see setups and what they tell";
    /// To plan setups, and to stop them.
    SetupWrite: "setup:write", "plan setups, and stop them";
    /// To say yes to a setup, to go on with one, and to take one back: what lets something
    /// happen on a machine.
    SetupApprove: "setup:approve", "approve, resume and undo setups, which changes machines";
    /// To see credits.
    CreditsRead: "credits:read", "see credits, prices and what was spent";
    /// To set caps, and to set credits aside.
    CreditsWrite: "credits:write", "set caps, and set credits aside";
    /// To see devices.
    DeviceRead: "device:read", "see devices";
    /// To link a device.
    DeviceLink: "device:link", "link a device";
    /// To make tokens that others may use, and to take them back.
    TokenWrite: "token:write", "make and take back access tokens";
    /// To stay signed in (OpenID Connect Core §11).
    OfflineAccess: "offline_access", "stay signed in";
}

impl Scope {
    /// Whether a code that was typed from one screen into another may grant it.
    ///
    /// Such a code can be passed on by whoever wants to be let in (RFC 8628 §5.4), so what
    /// changes machines, or lets others in for long, is not granted by one.
    #[must_use]
    pub const fn by_device_code(self) -> bool {
        match self {
            Self::SetupApprove | Self::DeviceLink | Self::TokenWrite => false,
            Self::SetupRead
            | Self::SetupWrite
            | Self::CreditsRead
            | Self::CreditsWrite
            | Self::DeviceRead
            | Self::OfflineAccess => true,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let named = Self::ALL.iter().copied().find(|scope| scope.as_str() == text);
        named
            .ok_or_else(|| ScopeError(text.chars().take(64).flat_map(char::escape_debug).collect()))
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;
    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.as_str().to_owned()
    }
}

/// All that somebody is allowed to do, written as RFC 6749 §3.3 has it: names and spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Everything there is.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether `scope` is among them.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }

    /// Whether all of these are among the `others`.
    #[must_use]
    pub fn within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// One after the other, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}{scope}")?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        text.split(' ').filter(|name| !name.is_empty()).map(str::parse).collect()
    }
}

impl TryFrom<String> for Scopes {
    type Error = ScopeError;
    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_as_they_were_written() {
        let some: Scopes = "credits:read setup:read".parse().unwrap();
        assert_eq!(some.to_string(), "setup:read credits:read");
        assert_eq!(some.to_string().parse(), Ok(some.clone()));
        assert_eq!("".parse(), Ok(Scopes::default()));
        assert_eq!(Scopes::all().to_string().parse(), Ok(Scopes::all()));
        assert!(some.within(&Scopes::all()) && !Scopes::all().within(&some));
    }

    #[test]
    fn what_is_not_a_scope_is_named() {
        for bad in ["setup", "SETUP:READ", "setup:read\tcredits:read", "\u{1b}[1m"] {
            let error = bad.parse::<Scopes>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{}` is not", bad.escape_debug())), "{error}");
        }
    }

    #[test]
    fn a_code_typed_from_another_screen_grants_nothing_that_changes_a_machine() {
        let fenced: Scopes = Scope::ALL.iter().copied().filter(|s| !s.by_device_code()).collect();
        assert_eq!(fenced.to_string(), "setup:approve device:link token:write");
    }
}
