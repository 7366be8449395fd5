//! The name of a host in its one form: small letters, no dot at the end, other scripts as
//! `xn--…` (RFC 5891). It is made once; matching, looking up and telling all use it.

use serde::{Deserialize, Serialize};
use std::{fmt, net::Ipv6Addr, str::FromStr};

/// The longest name, without the dot at its end (RFC 1035, 2.3.4).
const LONGEST: usize = 253;
/// The longest part of a name.
const LONGEST_LABEL: usize = 63;

/// Why something is not the name of a host, or no rule about hosts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// It has signs that no name has.
    #[error("`{0}` is not the name of a host; write one as in `example.org`")]
    NotAName(String),
    /// It is an address, in whatever spelling.
    #[error(
        "`{0}` is an address and not a name; write it whole and with its port, as in `192.0.2.7:8080` or `[2001:db8::7]:8080`"
    )]
    AnAddress(String),
    /// It is no port.
    #[error("`{0}` is not a port; write one from 1 to 65535, as in `example.org:8443`")]
    Port(String),
    /// Everybody can have a name below it.
    #[error(
        "anybody can have a name below `{0}`, so all of them cannot be allowed at once; name the site, as in `*.example.org`"
    )]
    PublicSuffix(String),
    /// A star that is not the whole first part.
    #[error("`{0}` has a star in the wrong place; only `*.` at the front means all names below")]
    Star(String),
}

/// The name of a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name as a program asks for it: ASCII already, parts may begin with `_`, letters may be
    /// large. `None` when no host can have it.
    pub(super) fn asked(labels: &[&[u8]]) -> Option<Self> {
        let parts: Option<Vec<String>> = labels
            .iter()
            .map(|label| {
                let text = std::str::from_utf8(label).ok()?.to_ascii_lowercase();
                is_label(&text).then_some(text)
            })
            .collect();
        Self::of(parts?.join("."))
    }

    /// A name as a program writes it in TLS or HTTP.
    pub(super) fn written(text: &str) -> Option<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let labels: Vec<&[u8]> = text.as_bytes().split(|byte| *byte == b'.').collect();
        Self::asked(&labels)
    }

    /// Whether it is a name below `above`, and not that itself.
    pub(super) fn is_below(&self, above: &Self) -> bool {
        self.0.strip_suffix(&above.0).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }

    fn of(text: String) -> Option<Self> {
        let last = text.rsplit('.').next().unwrap_or_default();
        (!text.is_empty() && text.len() <= LONGEST && !is_number(last)).then_some(Self(text))
    }
}

/// Letters, digits, `-` inside, and `_` as some names of services and buckets have it.
fn is_label(text: &str) -> bool {
    let legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=LONGEST_LABEL).contains(&text.len())
        && text.bytes().all(legal)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether a name that ends so is read as an address somewhere: `127.1`, `0x7f000001`, `017…`.
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").map(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    hex.unwrap_or(!label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()))
}

impl FromStr for DomainName {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let wrong = || HostError::NotAName(text.escape_debug().to_string());
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(HostError::AnAddress(text.to_owned()));
        }
        let name = idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::URL)
            .map_err(|_| wrong())?;
        let name = name.strip_suffix('.').unwrap_or(&name);
        if is_number(name.rsplit('.').next().unwrap_or_default()) {
            return Err(HostError::AnAddress(text.to_owned()));
        }
        Self::written(name).ok_or_else(wrong)
    }
}

impl TryFrom<String> for DomainName {
    type Error = HostError;
    fn try_from(text: String) -> Result<Self, HostError> {
        text.parse()
    }
}

impl From<DomainName> for String {
    fn from(host: DomainName) -> Self {
        host.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_has_one_form() {
        for text in ["github.com", "GitHub.COM", "github.com.", "github\u{3002}com", "ｇithub.com"]
        {
            assert_eq!(text.parse::<DomainName>().unwrap().as_str(), "github.com", "{text}");
        }
        let ours: DomainName = "bücher.example".parse().unwrap();
        assert_eq!(ours, "xn--bcher-kva.example".parse().unwrap());
        // One letter is Cyrillic: another host, whatever it looks like.
        assert_ne!("gіthub.com".parse::<DomainName>().unwrap().as_str(), "github.com");
    }

    #[test]
    fn what_is_no_name_is_refused_and_an_address_in_every_spelling_told_apart() {
        for text in [
            "",
            ".",
            "a..b",
            "a b",
            "a\0.github.com",
            "a%00.github.com",
            "a@github.com",
            "-a.com",
            "github.com#.evil",
            "[::1%25x.github.com]",
            "a/b",
            "a\n",
            "*",
            "a.*",
            "a:b",
            "xn--a",
        ] {
            let error = text.parse::<DomainName>().unwrap_err();
            assert!(matches!(error, HostError::NotAName(_)), "{text:?}: {error}");
        }
        for text in
            ["127.0.0.1", "0x7f.1", "2130706433", "017700000001", "127.1", "::1", "0x7F000001"]
        {
            let error = text.parse::<DomainName>().unwrap_err();
            assert!(matches!(error, HostError::AnAddress(_)), "{text:?}: {error}");
            assert_eq!(DomainName::written(text), None);
        }
        for label in [&b"\0"[..], b"a.b", b"", b"\xff", b"%00"] {
            assert_eq!(DomainName::asked(&[label, b"example", b"org"]), None, "{label:?}");
        }
        let long = format!("{}.com", "a".repeat(64));
        assert!(long.parse::<DomainName>().is_err());
        assert!(format!("{}com", "a.".repeat(126)).parse::<DomainName>().is_err());
    }

    #[test]
    fn what_is_below_is_told_by_whole_parts() {
        let host = |text: &str| text.parse::<DomainName>().unwrap();
        let github = host("github.com");
        assert!(
            host("api.github.com").is_below(&github) && host("a.b.github.com").is_below(&github)
        );
        for other in ["github.com", "evilgithub.com", "github.com.evil.com", "com"] {
            assert!(!host(other).is_below(&github), "{other}");
        }
    }
}
