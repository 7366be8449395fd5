//! Judges a certificate twice: by the authorities of this system, and by those that many tools
//! bring along.
//!
//! The handshake itself goes by the system's word, so nothing is ever said to somebody who is
//! not believed.

use super::{Presented, Refusal};
use d1_core::Clock;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    time_provider::TimeProvider,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Judges one certificate, and keeps what it found.
#[derive(Debug)]
pub(super) struct Judge {
    system: Arc<RootCertStore>,
    bundled: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
    found: Mutex<Option<Presented>>,
}

impl Judge {
    pub(super) fn new(
        system: Arc<RootCertStore>,
        bundled: Arc<RootCertStore>,
        provider: Arc<CryptoProvider>,
    ) -> Self {
        Self { system, bundled, provider, found: Mutex::new(None) }
    }

    /// What was presented; `None` when nothing was.
    pub(super) fn found(&self) -> Option<Presented> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn verify(&self, roots: &Arc<RootCertStore>, shown: &Shown<'_>) -> Result<(), Error> {
        if roots.is_empty() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        let (roots, provider) = (Arc::clone(roots), Arc::clone(&self.provider));
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        let Shown { leaf, others, name, staple, now } = shown;
        verifier.verify_server_cert(leaf, others, name, staple, *now).map(|_| ())
    }
}

/// What a server shows.
struct Shown<'a> {
    leaf: &'a CertificateDer<'a>,
    others: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
    staple: &'a [u8],
    now: UnixTime,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        staple: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = Shown { leaf, others, name, staple, now };
        let by_system = self.verify(&self.system, &shown);
        let presented = Presented {
            issuer: issuer(leaf),
            by_system: by_system.clone().map_err(|error| refusal(&error)),
            by_bundled: self.verify(&self.bundled, &shown).map_err(|error| refusal(&error)),
        };
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(presented);
        by_system.map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Who vouches for a certificate: what it calls them, or whose house they are.
fn issuer(leaf: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(leaf).ok()?;
    let issuer = certificate.issuer();
    let mut names = issuer.iter_common_name().chain(issuer.iter_organization());
    names.find_map(|name| name.as_str().ok()).map(str::to_owned)
}

fn refusal(error: &Error) -> Refusal {
    use CertificateError as Flaw;
    let Error::InvalidCertificate(flaw) = error else { return Refusal::Other(error.to_string()) };
    if matches!(flaw, Flaw::UnknownIssuer) {
        Refusal::UnknownAuthority
    } else if matches!(flaw, Flaw::Expired | Flaw::ExpiredContext { .. }) {
        Refusal::Expired
    } else if matches!(flaw, Flaw::NotValidYet | Flaw::NotValidYetContext { .. }) {
        Refusal::NotYet
    } else if matches!(flaw, Flaw::NotValidForName | Flaw::NotValidForNameContext { .. }) {
        Refusal::OtherName
    } else {
        Refusal::Other(error.to_string())
    }
}

/// Certificates are judged by our clock, as every other tool does by its own.
#[derive(Debug)]
pub(super) struct OurTime(pub(super) Arc<dyn Clock>);

impl TimeProvider for OurTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_millis(self.0.now().0)))
    }
}
