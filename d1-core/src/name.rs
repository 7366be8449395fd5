//! Names that are safe to place in a command line: to hold one is to have passed its check.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a string is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing was given.
    #[error("{kind} cannot be empty")]
    Empty {
        /// What was to be named.
        kind: &'static str,
    },
    /// More than any real name has.
    #[error("{kind} cannot be longer than {max} characters")]
    TooLong {
        /// What was to be named.
        kind: &'static str,
        /// The bound.
        max: usize,
    },
    /// A character that has no place in such a name.
    #[error("`{found}` cannot appear in {kind} here; use letters, digits and {allowed}")]
    Character {
        /// What was to be named.
        kind: &'static str,
        /// The offending character, printable.
        found: String,
        /// What may appear beside letters and digits.
        allowed: &'static str,
    },
}

fn check(kind: &'static str, max: usize, allowed: &'static str, s: &str) -> Result<(), NameError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || allowed.contains(c);
    let character =
        |c: char| NameError::Character { kind, found: c.escape_debug().to_string(), allowed };
    if let Some(bad) = s.chars().find(|&c| !legal(c)) {
        return Err(character(bad));
    }
    match s.chars().next() {
        None => Err(NameError::Empty { kind }),
        // A leading dash would be read as an option, a leading dot or slash as a path.
        Some(first @ ('-' | '.' | '/' | '+')) => Err(character(first)),
        Some(_) if s.len() > max => Err(NameError::TooLong { kind, max }),
        Some(_) => Ok(()),
    }
}

macro_rules! name {
    ($($(#[$doc:meta])* $name:ident: $kind:literal, $max:literal, $allowed:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX: usize = $max;

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        #[cfg(feature = "openapi")]
        crate::openapi::described!($name, crate::openapi::name($kind, $max, $allowed));

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                check($kind, Self::MAX, $allowed, s).map(|()| Self(s.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(s: String) -> Result<Self, Self::Error> {
                check($kind, Self::MAX, $allowed, &s).map(|()| Self(s))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

name! {
    /// What a person asks for: `docker`, `ripgrep`, `python@3.12`, `web-js`.
    ///
    /// ```
    /// assert!("ripgrep".parse::<d1_core::ThingName>().is_ok());
    /// assert!("jq; rm -rf /".parse::<d1_core::ThingName>().is_err());
    /// ```
    ThingName: "the name of a thing to install", 128, "._+-@:/";
    /// A package as its manager calls it: `g++`, `libc6:i386`, `python@3.12`, `user/tap/tool`.
    PackageName: "a package name", 128, "._+-@:/";
    /// A command on the search path: `rg`, `g++`, `python3.12`.
    CommandName: "a command name", 128, "._+-";
    /// A service: `docker`, `postgresql@15-main`.
    ServiceName: "a service name", 128, "._-@:";
    /// A group of users.
    GroupName: "a group name", 32, "_-";
    /// A user of the machine.
    UserName: "a user name", 32, "_-.";
    /// A check of the doctor, its area first: `apt.lock`, `sys.disk.home`.
    CheckId: "the name of a check", 64, "._-";
    /// One step of a plan; unique within it.
    StepId: "a step id", 64, "_-.";
    /// What two steps cannot use at once: `apt`, `file:/etc/hosts` is written `file-etc-hosts`.
    ResourceKey: "a resource key", 128, "_-.:/";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_be_read_as_an_option_or_a_path_is_refused() {
        for bad in ["-y", ".", "../x", "/etc/passwd", "+x", "a b", "a\nb", "a;b", "ü", "$(x)", ""]
        {
            assert!(bad.parse::<PackageName>().is_err(), "{bad:?} passed");
        }
        assert!("x".repeat(129).parse::<PackageName>().is_err());
    }

    #[test]
    fn names_that_managers_really_use_pass() {
        for good in ["g++", "libc6:i386", "python@3.12", "homebrew/core/jq", "Git.Git", "0ad"] {
            assert!(good.parse::<PackageName>().is_ok(), "{good:?} refused");
        }
    }

    #[test]
    fn the_refusal_names_the_character() {
        let error = "a\tb".parse::<GroupName>().unwrap_err().to_string();
        assert_eq!(error, "`\\t` cannot appear in a group name here; use letters, digits and _-");
    }
}
