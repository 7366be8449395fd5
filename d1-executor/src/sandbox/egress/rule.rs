//! A rule about hosts: `example.org`, `*.example.org`, `example.org:8443`, `192.0.2.7:8080`.
//!
//! A name is that name alone. `*.` means every name below, however deep, and not the name itself.
//! Without a port it is 80 and 443. An address is allowed only whole and with its port: nothing
//! looks it up, so nothing can lead it elsewhere.

use super::name::{DomainName, HostError};
use d1_core::{HostName, NetworkReason};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// The ports of HTTP, without TLS and with it.
pub(super) const HTTP: u16 = 80;
pub(super) const HTTPS: u16 = 443;

/// Which hosts a rule means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Pattern {
    /// This one.
    Exact(DomainName),
    /// All below this one.
    Below(DomainName),
    /// This address, called as such.
    Address(IpAddr),
}

/// A rule about hosts, and the ports of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostRule {
    pub(super) pattern: Pattern,
    /// None: those of HTTP.
    port: Option<u16>,
}

impl HostRule {
    /// The ports it allows.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        self.port.map_or_else(|| vec![HTTP, HTTPS], |port| vec![port])
    }

    /// The rule for one host, as a step names it.
    pub fn of(host: &HostName) -> Result<Self, HostError> {
        host.as_str().parse()
    }

    /// The rule for one port of a name.
    pub(super) fn of_name(host: &DomainName, port: u16) -> Self {
        Self { pattern: Pattern::Exact(host.clone()), port: Some(port) }
    }

    /// The rule for one port of an address.
    pub(super) fn of_address(address: IpAddr, port: u16) -> Self {
        Self { pattern: Pattern::Address(address.to_canonical()), port: Some(port) }
    }

    /// Whether everything that `other` allows is allowed by this one, too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let ports = self.ports();
        let hosts = match (&self.pattern, &other.pattern) {
            (Pattern::Below(ours), Pattern::Exact(host)) => host.is_below(ours),
            (Pattern::Below(ours), Pattern::Below(host)) => host == ours || host.is_below(ours),
            (Pattern::Exact(_) | Pattern::Address(_) | Pattern::Below(_), _) => {
                self.pattern == other.pattern
            }
        };
        hosts && other.ports().iter().all(|port| ports.contains(port))
    }

    fn means(&self, host: &DomainName) -> bool {
        match &self.pattern {
            Pattern::Exact(ours) => host == ours,
            Pattern::Below(above) => host.is_below(above),
            Pattern::Address(_) => false,
        }
    }
}

impl FromStr for HostRule {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let (host, port) = split(text)?;
        let address = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok())
            .map(IpAddr::V6)
            .or_else(|| host.parse().ok());
        if let Some(address) = address {
            return match port {
                Some(_) => Ok(Self { pattern: Pattern::Address(address.to_canonical()), port }),
                None => Err(HostError::AnAddress(text.to_owned())),
            };
        }
        let Some(above) = host.strip_prefix("*.") else {
            if host.contains('*') {
                return Err(HostError::Star(text.escape_debug().to_string()));
            }
            return Ok(Self { pattern: Pattern::Exact(host.parse()?), port });
        };
        let above: DomainName = above.parse()?;
        if psl::domain_str(above.as_str()).is_none() {
            return Err(HostError::PublicSuffix(above.to_string()));
        }
        Ok(Self { pattern: Pattern::Below(above), port })
    }
}

fn split(text: &str) -> Result<(&str, Option<u16>), HostError> {
    // An address of IPv6 alone has colons, too.
    if text.parse::<Ipv6Addr>().is_ok() || text.ends_with(']') {
        return Ok((text, None));
    }
    let Some((host, port)) = text.rsplit_once(':') else { return Ok((text, None)) };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(number @ 1..) if digits => Ok((host, Some(number))),
        Ok(_) | Err(_) => Err(HostError::Port(port.escape_debug().to_string())),
    }
}

impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            Pattern::Exact(host) => write!(f, "{host}")?,
            Pattern::Below(host) => write!(f, "*.{host}")?,
            Pattern::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
            Pattern::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl TryFrom<String> for HostRule {
    type Error = HostError;
    fn try_from(text: String) -> Result<Self, HostError> {
        text.parse()
    }
}

impl From<HostRule> for String {
    fn from(rule: HostRule) -> Self {
        rule.to_string()
    }
}

/// The rules of one command, asked about names and ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<HostRule>);

impl Places {
    /// Those that these rules allow.
    #[must_use]
    pub fn new(rules: &[HostRule]) -> Self {
        Self(rules.to_vec())
    }

    /// Every port that some rule allows.
    #[must_use]
    pub fn ports(&self) -> BTreeSet<u16> {
        self.0.iter().flat_map(HostRule::ports).collect()
    }

    /// Whether some port of `host` is allowed.
    #[must_use]
    pub fn knows(&self, host: &DomainName) -> bool {
        self.0.iter().any(|rule| rule.means(host))
    }

    /// Whether `host` is below a name that is allowed: `_http._tcp.example.org`.
    pub(super) fn knows_above(&self, host: &DomainName) -> bool {
        self.0.iter().any(|rule| match &rule.pattern {
            Pattern::Exact(ours) | Pattern::Below(ours) => host.is_below(ours),
            Pattern::Address(_) => false,
        })
    }

    /// Whether `port` of `host` is allowed, or why not.
    pub fn allow(&self, host: &DomainName, port: u16) -> Result<(), NetworkReason> {
        let mut known = self.0.iter().filter(|rule| rule.means(host)).peekable();
        if known.peek().is_none() {
            return Err(NetworkReason::NameNotAllowed);
        }
        if known.any(|rule| rule.ports().contains(&port)) {
            Ok(())
        } else {
            Err(NetworkReason::PortNotAllowed)
        }
    }

    /// Whether this address may be called as such.
    #[must_use]
    pub fn allow_address(&self, address: IpAddr, port: u16) -> bool {
        let wanted = Pattern::Address(address);
        self.0.iter().any(|rule| rule.pattern == wanted && rule.port == Some(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> HostRule {
        text.parse().unwrap()
    }

    fn host(text: &str) -> DomainName {
        text.parse().unwrap()
    }

    #[test]
    fn a_rule_means_what_it_says_and_not_what_looks_like_it() {
        let places = Places::new(&["github.com", "*.example.com", "git.test:9418"].map(rule));
        for (name, port, wanted) in [
            ("github.com", 443, Ok(())),
            ("github.com", 80, Ok(())),
            ("github.com", 22, Err(NetworkReason::PortNotAllowed)),
            ("api.github.com", 443, Err(NetworkReason::NameNotAllowed)),
            ("evilgithub.com", 443, Err(NetworkReason::NameNotAllowed)),
            ("github.com.evil.com", 443, Err(NetworkReason::NameNotAllowed)),
            ("example.com", 443, Err(NetworkReason::NameNotAllowed)),
            ("a.example.com", 443, Ok(())),
            ("a.b.example.com", 443, Ok(())),
            ("notexample.com", 443, Err(NetworkReason::NameNotAllowed)),
            ("git.test", 9418, Ok(())),
            ("git.test", 443, Err(NetworkReason::PortNotAllowed)),
        ] {
            assert_eq!(places.allow(&host(name), port), wanted, "{name}:{port}");
        }
        assert_eq!(places.ports(), BTreeSet::from([80, 443, 9418]));
    }

    #[test]
    fn a_star_where_anybody_can_have_a_name_is_refused() {
        for text in ["*.com", "*.co.uk", "*.github.io", "*.test", "*.COM.", "*.xn--p1ai"] {
            let error = text.parse::<HostRule>().unwrap_err();
            assert!(matches!(error, HostError::PublicSuffix(_)), "{text}: {error}");
        }
        for text in ["*", "**.a.com", "a.*.com", "a*.com", "*a.com"] {
            let error = text.parse::<HostRule>().unwrap_err();
            assert!(matches!(error, HostError::Star(_)), "{text}: {error}");
        }
        assert!("*.ada.github.io".parse::<HostRule>().is_ok());
    }

    #[test]
    fn an_address_is_allowed_only_whole_and_with_its_port() {
        for text in ["10.0.0.1", "::1", "[::1]", "127.1", "127.1:80", "0x7f.0.0.1:80"] {
            let error = text.parse::<HostRule>().unwrap_err();
            assert!(matches!(error, HostError::AnAddress(_)), "{text}: {error}");
        }
        let places = Places::new(&["10.0.0.1:8080", "[::1]:99", "[::ffff:10.0.0.2]:7"].map(rule));
        assert!(places.allow_address("10.0.0.1".parse().unwrap(), 8080));
        assert!(!places.allow_address("10.0.0.1".parse().unwrap(), 80));
        assert!(places.allow_address("::1".parse().unwrap(), 99));
        assert!(places.allow_address("10.0.0.2".parse().unwrap(), 7));
        assert!(
            !Places::new(&[rule("*.example.com")]).allow_address("10.0.0.1".parse().unwrap(), 443)
        );
    }

    #[test]
    fn a_port_is_a_number_that_there_is() {
        for text in ["a.com:", "a.com:0", "a.com:65536", "a.com:+80", "a.com:http", "a.com: 80"] {
            let error = text.parse::<HostRule>().unwrap_err();
            assert!(matches!(error, HostError::Port(_)), "{text}: {error}");
        }
    }

    #[test]
    fn a_rule_reads_back_as_it_was_and_covers_what_is_narrower() {
        for text in ["a.com", "*.a.com", "a.com:8443", "*.a.com:1", "10.0.0.1:5", "[::1]:5"] {
            assert_eq!(rule(text).to_string(), text);
        }
        assert!(
            rule("*.a.com").covers(&rule("x.a.com")) && rule("*.a.com").covers(&rule("*.b.a.com"))
        );
        assert!(rule("a.com").covers(&rule("a.com:443")));
        for (ours, other) in [
            ("*.a.com", "a.com"),
            ("a.com", "*.a.com"),
            ("a.com", "a.com:8443"),
            ("a.com:443", "a.com"),
            ("*.b.a.com", "*.a.com"),
            ("10.0.0.1:5", "10.0.0.2:5"),
        ] {
            assert!(!rule(ours).covers(&rule(other)), "{ours} covers {other}");
        }
    }
}
