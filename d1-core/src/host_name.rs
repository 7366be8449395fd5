//! The host a step talks to, as a plan names it: one host, never a pattern.

use crate::NameError;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A host a step talks to, with its port when that is not one of HTTP: `mirror.example`,
/// `registry.example:8443`, `192.0.2.7:8080`, `[2001:db8::7]:8080`.
///
/// `package-mirror` stands for those that the package manager of the machine is set up with.
///
/// ```
/// use d1_core::HostName;
/// assert!("registry.example:8443".parse::<HostName>().is_ok());
/// assert!("*.example".parse::<HostName>().is_err(), "a step names whom it calls");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

const KIND: &str = "a host name";
const ALLOWED: &str = ".-_, and a port after :";
/// What stands for the mirrors of a package manager.
const PACKAGE_MIRROR: &str = "package-mirror";

impl HostName {
    /// The most characters it may have: the longest name, and a port.
    pub const MAX: usize = 253 + 6;

    /// Those that the package manager of the machine is set up with.
    #[must_use]
    pub fn package_mirror() -> Self {
        Self(PACKAGE_MIRROR.to_owned())
    }

    /// Whether it stands for the mirrors of a package manager.
    #[must_use]
    pub fn is_package_mirror(&self) -> bool {
        self.0 == PACKAGE_MIRROR
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty { kind: KIND });
    }
    if text.len() > HostName::MAX {
        return Err(NameError::TooLong { kind: KIND, max: HostName::MAX });
    }
    let wrong = |found: &str| {
        let found = found.escape_debug().to_string();
        Err(NameError::Character { kind: KIND, found, allowed: ALLOWED })
    };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (text, None),
    };
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
    };
    if let Some(port) = port.filter(|port| !is_port(port)) {
        return wrong(&format!(":{port}"));
    }
    if let Some(inner) = host.strip_prefix('[') {
        // Whether there is such an address is for whoever calls it to see.
        let is_part = |c: char| c.is_ascii_hexdigit() || ":.".contains(c);
        let address = inner.strip_suffix(']').filter(|it| it.contains(':'));
        return match address.filter(|it| it.chars().all(is_part)) {
            Some(_address) => Ok(()),
            None => wrong(host),
        };
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    match (host.chars().find(|c| !legal(*c)), host.chars().next()) {
        (Some(bad), _) => wrong(&bad.to_string()),
        (None, None) => Err(NameError::Empty { kind: KIND }),
        // A leading dash would be read as an option.
        (None, Some(first @ ('-' | '.'))) => wrong(&first.to_string()),
        (None, Some(_)) => Ok(()),
    }
}

impl FromStr for HostName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        check(text).map(|()| Self(text.to_owned()))
    }
}

impl TryFrom<String> for HostName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        check(&text).map(|()| Self(text))
    }
}

impl From<HostName> for String {
    fn from(host: HostName) -> Self {
        host.0
    }
}

impl AsRef<str> for HostName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_named_with_its_port_or_without() {
        for good in [
            "mirror.example",
            "package-mirror",
            "registry.example:8443",
            "192.0.2.7:8080",
            "[2001:db8::7]:8080",
            "my_bucket.example",
        ] {
            assert_eq!(good.parse::<HostName>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn patterns_and_what_no_host_is_called_are_refused() {
        for bad in [
            "",
            "*",
            "*.example",
            "a b",
            "-x",
            ".x",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a:b",
            "a:1:2",
            "http://a",
            "a/b",
            "ada@a",
            "[::1",
            "[x]:1",
            "::1",
            ":80",
            "ü.example",
            "a\n",
        ] {
            assert!(bad.parse::<HostName>().is_err(), "{bad:?} passed");
        }
        assert!("x".repeat(HostName::MAX + 1).parse::<HostName>().is_err());
    }
}
