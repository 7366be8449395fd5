//! Where a question goes, and by what way.

use hyper::{Uri, header::HeaderValue};
use hyper_util::client::proxy::matcher::Intercept;
use std::fmt;

/// A proxy that stands between us and everybody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is asked in plain HTTP. Others we can connect to, and ask nothing.
    pub is_plain: bool,
    /// What it wants to be told about who asks.
    pub authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy that a set of rules chose; `None` when it has no host.
    #[must_use]
    pub fn chosen(chosen: &Intercept) -> Option<Self> {
        let uri = chosen.uri();
        let scheme = uri.scheme_str().unwrap_or("http");
        let port = uri.port_u16().unwrap_or(match scheme {
            "http" => 80,
            "https" => 443,
            // As curl has it.
            _ => 1080,
        });
        let authorization = chosen.basic_auth().cloned();
        let host = bare(uri.host()?);
        Some(Self { host, port, is_plain: scheme == "http", authorization })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // How it is authorized is a secret.
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Whom to ask, and by what way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The address: `http`, `https` or `ssh`, with a host.
    pub uri: Uri,
    /// The proxy on the way; `None` for straight there.
    pub proxy: Option<Proxy>,
}

impl Destination {
    /// The name or address of whom is asked.
    #[must_use]
    pub fn host(&self) -> String {
        bare(self.uri.host().unwrap_or_default())
    }

    /// The port at which they are asked.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(match self.uri.scheme_str() {
            Some("https") => 443,
            Some("ssh") => 22,
            Some(_) | None => 80,
        })
    }

    /// Where the first connection goes: the proxy, or whom is asked.
    #[must_use]
    pub fn first(&self) -> (String, u16) {
        match &self.proxy {
            Some(proxy) => (proxy.host.clone(), proxy.port),
            None => (self.host(), self.port()),
        }
    }
}

/// A host without the brackets that an address of IPv6 has in a URL.
fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}
