//! TLS 1.3 as a device speaks it (RFC 8446): it knows the server by an authority of the cloud's
//! own, and shows a certificate of its own.
//!
//! What a connection is for is said in its first word (ALPN, RFC 7301), so that a server asks
//! everybody for a certificate but those who come to get their first one.

use d1_core::{Digest, TransportError};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore,
    SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
    version::TLS13,
};
use std::{error::Error, fmt, io, sync::Arc};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

/// What a device says that comes to link, or for its next certificate: it shows the one it has.
pub const ALPN_DEVICE: &[u8] = b"d1-device/1";
/// What a device says that comes to enrol, or to recover: it has no certificate to show.
pub const ALPN_ENROL: &[u8] = b"d1-enrol/1";

/// By what a server is known.
#[derive(Clone, PartialEq, Eq)]
pub enum Trust {
    /// An authority whose key has this digest, as somebody was told by the cloud's owner.
    Pin(Digest),
    /// These authorities, as DER.
    Authorities(Vec<Vec<u8>>),
}

/// A certificate with its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The certificate, as DER.
    pub certificate: Vec<u8>,
    /// The private key, as PKCS #8.
    pub key: Vec<u8>,
}

/// Never prints the key.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pin(pin) => write!(f, "Pin({pin})"),
            Self::Authorities(all) => write!(f, "Authorities({})", all.len()),
        }
    }
}

/// Whether a server has said, in TLS itself, that it will not speak with this device: it does not
/// believe its certificate, or not any more.
#[must_use]
pub fn is_alert(error: &TransportError) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let told = inner.and_then(|inner| inner.downcast_ref::<TlsError>());
        if matches!(told, Some(TlsError::AlertReceived(_))) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// How a device speaks to a server that it knows by `trust`, showing `credentials`, or coming
/// to get some.
pub(crate) fn client(
    trust: &Trust,
    credentials: Option<&Credentials>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])?;
    let builder = match trust {
        Trust::Authorities(all) => builder.with_root_certificates(roots(all)?),
        Trust::Pin(pin) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned { pin: *pin, provider })),
    };
    let mut config = match credentials {
        Some(Credentials { certificate, key }) => {
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.clone()));
            builder.with_client_auth_cert(vec![certificate.clone().into()], key)?
        }
        None => builder.with_no_client_auth(),
    };
    let alpn = if credentials.is_some() { ALPN_DEVICE } else { ALPN_ENROL };
    config.alpn_protocols = vec![alpn.to_vec()];
    Ok(Arc::new(config))
}

fn roots(all: &[Vec<u8>]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in all {
        roots.add(CertificateDer::from(authority.as_slice()))?;
    }
    Ok(roots)
}

/// Knows a server by the key of the authority that it shows with its certificate. The
/// certificate itself is verified as any other.
#[derive(Debug)]
struct Pinned {
    pin: Digest,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn is_pinned(&self, certificate: &CertificateDer<'_>) -> bool {
        let read = X509Certificate::from_der(certificate);
        read.is_ok_and(|(_, read)| Digest::of(read.public_key().raw) == self.pin)
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let authority = intermediates.iter().find(|it| self.is_pinned(it));
        let authority =
            authority.ok_or(TlsError::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let roots = Arc::new(roots(&[authority.to_vec()])?);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider)).build();
        let verifier = verifier.map_err(|error| TlsError::General(error.to_string()))?;
        verifier.verify_server_cert(end_entity, &[], server_name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
