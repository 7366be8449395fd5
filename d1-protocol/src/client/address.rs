//! Where a cloud may be asked: nobody in between may read what is said.

use super::ClientError;
use reqwest::Url;

/// An address that TLS protects, or one of this machine.
pub(crate) fn private(base: &str) -> Result<Url, ClientError> {
    let url: Url = base.parse().map_err(|_| refused(base))?;
    let is_bare = url.username().is_empty() && url.password().is_none();
    match url.scheme() {
        "https" if url.host_str().is_some() && is_bare => Ok(url),
        _ => local(base),
    }
}

/// An address of this machine.
pub(crate) fn local(base: &str) -> Result<Url, ClientError> {
    let url: Url = base.parse().map_err(|_| refused(base))?;
    let is_here = match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
        Some("localhost") => true,
        Some(host) => host.parse().is_ok_and(|host: std::net::IpAddr| host.is_loopback()),
        None => false,
    };
    if url.scheme() != "http" || !is_here {
        return Err(refused(base));
    }
    Ok(url)
}

fn refused(base: &str) -> ClientError {
    ClientError::Address(base.chars().take(200).collect())
}
