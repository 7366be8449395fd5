//! What a TLS client says first: whom it wants (RFC 6066, 3). Read, checked, and passed on as it
//! was; nothing is decrypted.

use super::name::DomainName;
use d1_core::NetworkReason;
use rustls::server::Acceptor;
use std::fmt;

/// The longest greeting: with post-quantum keys some kilobytes.
const LONGEST: usize = 16 * 1024;
/// "I do not know this name" (RFC 6066, 3): a record with a fatal alert, before any key is.
pub(super) const UNKNOWN_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// A greeting as it comes in.
pub(super) struct Hello {
    acceptor: Acceptor,
    bytes: Vec<u8>,
}

impl Hello {
    pub(super) fn new() -> Self {
        Self { acceptor: Acceptor::default(), bytes: Vec::new() }
    }

    /// Takes in what came; true when the greeting is whole and asks for `host`.
    pub(super) fn take(&mut self, chunk: &[u8], host: &DomainName) -> Result<bool, NetworkReason> {
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() > LONGEST {
            return Err(NetworkReason::NotTls);
        }
        let mut rest = chunk;
        while !rest.is_empty() {
            match self.acceptor.read_tls(&mut rest) {
                Ok(0) | Err(_) => return Err(NetworkReason::NotTls),
                Ok(_taken) => {}
            }
            let accepted = self.acceptor.accept().map_err(|_| NetworkReason::NotTls)?;
            if let Some(accepted) = accepted {
                let wanted = accepted.client_hello().server_name().and_then(DomainName::written);
                let same = wanted.as_ref() == Some(host);
                return if same { Ok(true) } else { Err(NetworkReason::OtherServerName) };
            }
        }
        Ok(false)
    }

    /// Everything that came so far.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hello").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{ClientConfig, ClientConnection, RootCertStore, crypto::aws_lc_rs};
    use std::sync::Arc;

    /// What a real client says when it wants `name`.
    fn greeting(name: &str, with_name: bool) -> Vec<u8> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        config.enable_sni = with_name;
        let name = name.to_owned().try_into().unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        bytes
    }

    fn host() -> DomainName {
        "example.org".parse().unwrap()
    }

    #[test]
    fn a_greeting_in_any_pieces_is_read_and_kept_as_it_was() {
        for wanted in ["example.org", "EXAMPLE.org"] {
            let bytes = greeting(wanted, true);
            for size in [1, 7, 4096] {
                let mut hello = Hello::new();
                let mut done = false;
                for chunk in bytes.chunks(size) {
                    assert!(!done);
                    done = hello.take(chunk, &host()).unwrap();
                }
                assert!(done);
                assert_eq!(hello.into_bytes(), bytes);
            }
        }
    }

    #[test]
    fn whoever_wants_another_name_or_none_is_refused() {
        for bytes in [
            greeting("evil.org", true),
            greeting("example.org.evil.org", true),
            greeting("www.example.org", true),
            greeting("example.org", false),
            greeting("192.0.2.1", true),
        ] {
            let refused = Hello::new().take(&bytes, &host());
            assert_eq!(refused, Err(NetworkReason::OtherServerName));
        }
    }

    #[test]
    fn what_is_no_greeting_is_refused_and_so_is_one_without_end() {
        for bytes in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], b"SSH-2.0-x\r\n", &[22, 3, 1, 0, 5, 2, 0, 0, 1, 0]]
        {
            let refused = Hello::new().take(bytes, &host());
            assert_eq!(refused, Err(NetworkReason::NotTls));
        }
        let mut hello = Hello::new();
        // A record that promises more than ever comes.
        let mut refused = hello.take(&[22, 3, 1, 0x3f, 0xff, 1, 0, 0xff, 0xff], &host());
        for _ in 0..40 {
            if refused.is_ok() {
                refused = hello.take(&[0; 512], &host());
            }
        }
        assert_eq!(refused, Err(NetworkReason::NotTls));
    }
}
