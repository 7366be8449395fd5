//! One authority: its key, its certificate, and what it signs.
//!
//! Only the public key of a request goes into a certificate. All else is said here, whatever
//! the request asks for.

use super::{certificate::DeviceCertificate, error::AuthorityError, request::CertificateRequest};
use crate::identity::secret::random;
use d1_core::{Digest, Issued, KeyStage, SigningKey, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SanType, SerialNumber,
    date_time_ymd,
};
use std::{fmt, time::Duration};

/// The bytes of a serial number: 128 bits by chance (RFC 5280 §4.1.2.2 allows 160).
const SERIAL: usize = 16;
/// By how much a clock may be behind that sees a new certificate.
const BACKDATED: Duration = Duration::from_secs(5 * 60);

/// One authority.
pub struct Authority {
    id: String,
    stage: KeyStage,
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
}

/// What a server shows to devices, and the key it does so with.
pub struct ServerPapers {
    /// Its certificate, and the one of the authority, as DER.
    pub chain: Vec<Vec<u8>>,
    /// The private key, as PKCS #8.
    pub key: Vec<u8>,
    /// Until when it is good.
    pub ends: Timestamp,
}

/// Never prints the key.
impl fmt::Debug for ServerPapers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerPapers").field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// A new key on the curve P-256, named by the digest of its public half.
pub(super) fn fresh(stage: KeyStage, now: Timestamp) -> Result<SigningKey, AuthorityError> {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(AuthorityError::unusable)?;
    let id = Digest::of(&pair.subject_public_key_info()).to_string();
    Ok(SigningKey { id, stage, since: now, secret: pair.serialize_der() })
}

impl Authority {
    /// Reads one that was kept. Its certificate is made of its key each time: those who trust
    /// it do so by its name and key, which stay.
    pub(super) fn read(kept: &SigningKey) -> Result<Self, AuthorityError> {
        let pair = KeyPair::try_from(kept.secret.as_slice()).map_err(AuthorityError::unusable)?;
        let mut params = CertificateParams::default();
        let short: String = kept.id.chars().take(16).collect();
        params.distinguished_name.push(DnType::CommonName, format!("Day 1 Doctor devices {short}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        // How long it signs is said by its stage, which can be seen and changed.
        (params.not_before, params.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(9999, 12, 31));
        params.serial_number = Some(SerialNumber::from(1));
        let certificate = params.self_signed(&pair).map_err(AuthorityError::unusable)?;
        let certificate = certificate.der().to_vec();
        let issuer = Issuer::new(params, pair);
        Ok(Self { id: kept.id.clone(), stage: kept.stage, issuer, certificate })
    }

    /// The digest of its public key, as hexadecimal digits: what a device is given to know it by
    /// before it trusts anybody.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far it has come.
    #[must_use]
    pub const fn stage(&self) -> KeyStage {
        self.stage
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Signs a certificate for a device: for clients alone, and never for an authority.
    pub(in crate::identity) fn sign_device(
        &self,
        request: &CertificateRequest,
        names: &str,
        generation: u64,
        (now, life): (Timestamp, Duration),
    ) -> Result<Issued, AuthorityError> {
        let mut params = self.leaf(now, life, ExtendedKeyUsagePurpose::ClientAuth)?;
        let uri = names.try_into().map_err(AuthorityError::unusable)?;
        params.subject_alt_names.push(SanType::URI(uri));
        params.distinguished_name.push(DnType::CommonName, "Day 1 Doctor device");
        let serial = params.serial_number.as_ref().map(hex).unwrap_or_default();
        let signed = params.signed_by(request.public_key(), &self.issuer);
        let certificate = signed.map_err(AuthorityError::unusable)?.der().to_vec();
        let ends = DeviceCertificate::read(&certificate)?.ends;
        Ok(Issued { generation, serial, key: request.key(), certificate, ends })
    }

    /// Signs a certificate for a server that devices reach by `host`, a name or an address,
    /// with a new key.
    pub fn sign_server(
        &self,
        host: &str,
        now: Timestamp,
        life: Duration,
    ) -> Result<ServerPapers, AuthorityError> {
        let mut params = self.leaf(now, life, ExtendedKeyUsagePurpose::ServerAuth)?;
        let name = match host.parse() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(host.try_into().map_err(AuthorityError::unusable)?),
        };
        params.subject_alt_names.push(name);
        params.distinguished_name.push(DnType::CommonName, "Day 1 Doctor server");
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256);
        let pair = pair.map_err(AuthorityError::unusable)?;
        let signed = params.signed_by(&pair, &self.issuer).map_err(AuthorityError::unusable)?;
        let chain = vec![signed.der().to_vec(), self.certificate.clone()];
        Ok(ServerPapers { chain, key: pair.serialize_der(), ends: now.after(life) })
    }

    fn leaf(
        &self,
        now: Timestamp,
        life: Duration,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<CertificateParams, AuthorityError> {
        let mut params = CertificateParams::default();
        let begin = date_time_ymd(1970, 1, 1);
        // A certificate counts in whole seconds.
        let second = Duration::from_secs(now.0 / 1_000);
        params.not_before = begin + second.saturating_sub(BACKDATED);
        params.not_after = begin + second + life;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let mut serial = random::<SERIAL>().map_err(AuthorityError::unusable)?;
        // A serial number is positive and has no zero in front (RFC 5280 §4.1.2.2).
        serial[0] = serial[0] & 0x7f | 0x40;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        Ok(params)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("id", &self.id)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

fn hex(serial: &SerialNumber) -> String {
    serial.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
