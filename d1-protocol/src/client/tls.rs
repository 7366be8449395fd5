//! By whom a server is known that is asked over TLS (RFC 8446): by the authorities that this
//! system trusts, or those of the file named in `SSL_CERT_FILE`; where there are none at all, as
//! on a machine that nothing was installed on yet, by those that browsers trust.

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    version::{TLS12, TLS13},
};
use std::sync::Arc;

/// How `address` is spoken with. Without `https` nobody is trusted, and nothing is read.
pub(crate) fn towards(address: &str) -> Result<ClientConfig, rustls::Error> {
    let is_secure = address.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
    let roots = if is_secure { roots() } else { RootCertStore::empty() };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_protocol_versions(&[&TLS13, &TLS12])?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // One that cannot be read is one that is not believed.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_authority_is_read_where_none_is_needed() {
        assert!(!roots().is_empty());
        let plain = towards("http://127.0.0.1:7701").unwrap();
        let secure = towards("HTTPS://d1.example").unwrap();
        assert_eq!((plain.alpn_protocols.len(), secure.alpn_protocols.len()), (0, 0));
    }
}
