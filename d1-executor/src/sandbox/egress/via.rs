//! By whom a host is reached from outside, where the owner of a tool says so.

use super::name::DomainName;
#[cfg(unix)]
use crate::doctor::Proxy;
#[cfg(unix)]
use hyper_util::client::proxy::matcher::Matcher;
use serde::{Deserialize, Serialize};
use std::fmt;

/// By whom a host is reached from outside, whatever our own environment says of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Via {
    /// Whether it is asked without TLS.
    pub is_plain: bool,
    /// The host.
    pub host: DomainName,
    /// The proxy, as an address that may have a password in it; `None`: straight there.
    pub proxy: Option<String>,
}

#[cfg(unix)]
impl Via {
    /// The proxy, as it is called.
    pub(super) fn proxy(&self) -> Option<Proxy> {
        let rules = Matcher::builder().all(self.proxy.as_deref()?).build();
        let scheme = if self.is_plain { "http" } else { "https" };
        let uri = format!("{scheme}://{}", self.host).parse().ok()?;
        Proxy::chosen(&rules.intercept(&uri)?)
    }
}

impl Via {
    #[cfg(unix)]
    fn shown(&self) -> impl fmt::Debug {
        self.proxy()
    }

    /// Nobody is called here, so nobody has read it.
    #[cfg(not(unix))]
    fn shown(&self) -> impl fmt::Debug {
        self.proxy.is_some()
    }
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // How a proxy is authorized is a secret.
        f.debug_struct("Via")
            .field("is_plain", &self.is_plain)
            .field("host", &self.host)
            .field("proxy", &self.shown())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_called_as_it_is_written_and_its_password_is_told_to_nobody() {
        let via = |proxy: Option<&str>| Via {
            is_plain: true,
            host: "a.test".parse().unwrap(),
            proxy: proxy.map(str::to_owned),
        };
        let shown = format!("{:?}", via(Some("http://ada:secret@all.test:3142")));
        assert!(shown.contains("all.test:3142") && !shown.contains("secret"), "{shown}");
        assert_eq!(format!("{:?}", via(Some("all.test:1")).proxy()), "Some(all.test:1)");
        assert_eq!(via(None).proxy(), None);
    }
}
