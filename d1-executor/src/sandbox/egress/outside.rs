//! What is outside: who looks up names, which proxy stands on the way, who is told.

use super::{
    audit::{EgressAudit, NoFurtherAudit},
    name::DomainName,
    resolve::{Resolver, SystemResolver},
    standing::{AsGranted, Standing},
};
use crate::{doctor::Proxy, sandbox::grant::Profile};
use hyper_util::client::proxy::matcher::Matcher;
use std::{fmt, sync::Arc};

/// What is outside of a sandbox, as its owner has set it up.
#[derive(Clone)]
pub struct Outside {
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) audit: Arc<dyn EgressAudit>,
    pub(super) owner: Arc<dyn Standing>,
    proxies: Option<Arc<Matcher>>,
}

impl Outside {
    /// The resolver of this machine, no proxy, nobody who is told besides the record, and an owner
    /// who never thinks again.
    #[must_use]
    pub fn new() -> Self {
        Self {
            resolver: Arc::new(SystemResolver),
            audit: Arc::new(NoFurtherAudit),
            owner: Arc::new(AsGranted),
            proxies: None,
        }
    }

    /// With the proxies that the owner's environment names: `http_proxy`, `https_proxy` and
    /// `no_proxy`, in small letters first. A program that serves pages gets none by `HTTP_PROXY`:
    /// whoever asks it can set that.
    #[must_use]
    pub fn with_proxies_of(self, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let either = |small: &str, large: &str| {
            let given = |name: &str| env(name).filter(|value| !value.is_empty());
            given(small).or_else(|| given(large)).unwrap_or_default()
        };
        let serves = env("REQUEST_METHOD").is_some();
        let http = if serves {
            env("http_proxy").unwrap_or_default()
        } else {
            either("http_proxy", "HTTP_PROXY")
        };
        let https = either("https_proxy", "HTTPS_PROXY");
        if http.is_empty() && https.is_empty() {
            return self;
        }
        let no = either("no_proxy", "NO_PROXY");
        let proxies = Matcher::builder().http(http).https(https).no(no).build();
        Self { proxies: Some(Arc::new(proxies)), ..self }
    }

    /// With somebody else who looks up names.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, ..self }
    }

    /// With somebody who is told of every decision before it happens.
    #[must_use]
    pub fn with_audit(self, audit: Arc<dyn EgressAudit>) -> Self {
        Self { audit, ..self }
    }

    /// With an owner who is asked again before each connection.
    #[must_use]
    pub fn with_owner(self, owner: Arc<dyn Standing>) -> Self {
        Self { owner, ..self }
    }

    /// The same for a command of `profile`. Whom packages call is set up where the machine says
    /// whom it trusts for packages; the owner's word about the hosts of commands is not about that.
    #[must_use]
    pub(in crate::sandbox) fn of_profile(&self, profile: Profile) -> Self {
        if profile == Profile::Packages {
            self.clone().with_owner(Arc::new(AsGranted))
        } else {
            self.clone()
        }
    }

    /// The proxy that stands before `host`.
    pub(super) fn proxy(&self, host: &DomainName, is_plain: bool) -> Option<Proxy> {
        let scheme = if is_plain { "http" } else { "https" };
        let uri = format!("{scheme}://{host}").parse().ok()?;
        Proxy::chosen(&self.proxies.as_ref()?.intercept(&uri)?)
    }
}

impl Default for Outside {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // How a proxy is authorized is a secret.
        f.debug_struct("Outside")
            .field("resolver", &self.resolver)
            .field("audit", &self.audit)
            .field("owner", &self.owner)
            .field("proxies", &self.proxies.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_s_proxy_stands_before_what_the_owner_says() {
        let env = |name: &str| {
            let value = match name {
                "http_proxy" => "http://small.test:3128",
                "HTTP_PROXY" => "http://large.test:1",
                "HTTPS_PROXY" => "http://ada:secret@safe.test",
                "NO_PROXY" => "local.test",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let outside = Outside::new().with_proxies_of(&env);
        let before = |host: &str, plain| {
            outside.proxy(&host.parse().unwrap(), plain).map(|proxy| format!("{proxy:?}"))
        };
        assert_eq!(before("a.com", true).as_deref(), Some("small.test:3128"));
        assert_eq!(before("a.com", false).as_deref(), Some("safe.test:80"));
        assert_eq!(before("x.local.test", true), None);
        assert!(!format!("{outside:?}").contains("secret"));
        let serving = |name: &str| {
            env(name)
                .filter(|_| name != "http_proxy")
                .or_else(|| (name == "REQUEST_METHOD").then(|| "GET".into()))
        };
        let outside = Outside::new().with_proxies_of(&serving);
        assert_eq!(outside.proxy(&"a.com".parse().unwrap(), true), None);
        let nothing = Outside::new().with_proxies_of(&|_| None);
        assert_eq!(nothing.proxy(&"a.com".parse().unwrap(), true), None);
    }
}
