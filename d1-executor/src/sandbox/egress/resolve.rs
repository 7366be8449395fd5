//! Who looks up the names that were let through.

use super::name::DomainName;
use std::{fmt, io, net::SocketAddr};

/// Looks up names.
#[async_trait::async_trait]
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of `port` of `host`, the best first. Which of them may be called is not
    /// for it to say.
    async fn addresses(&self, host: &DomainName, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The resolver of this machine, with its list of hosts and all.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait::async_trait]
impl Resolver for SystemResolver {
    async fn addresses(&self, host: &DomainName, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host.as_str(), port)).await?.collect())
    }
}
