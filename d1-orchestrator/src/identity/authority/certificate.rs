//! What the certificate of a device says of it.

use super::error::AuthorityError;
use d1_core::{AccountId, DeviceId, Digest, Timestamp};
use x509_parser::{
    certificate::X509Certificate,
    extensions::GeneralName,
    prelude::{FromDer as _, ParsedExtension},
};

/// How its name begins.
const SCHEME: &str = "d1://";

/// What the certificate of a device says of it. Whoever reads one has had it verified before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceCertificate {
    /// Whose the device is.
    pub account: AccountId,
    /// Which it is.
    pub device: DeviceId,
    /// The how-manieth of it.
    pub generation: u64,
    /// The digest of the whole certificate.
    pub digest: Digest,
    /// Until when it is good.
    pub ends: Timestamp,
}

impl DeviceCertificate {
    /// The name under which a device is certified: a URI (RFC 5280 §4.2.1.6).
    pub(in crate::identity) fn name(
        account: AccountId,
        device: DeviceId,
        generation: u64,
    ) -> String {
        format!("{SCHEME}{account}/device/{device}/generation/{generation}")
    }

    /// Reads what a certificate says, as DER. It is verified by nobody here.
    pub fn read(der: &[u8]) -> Result<Self, AuthorityError> {
        let no = AuthorityError::NoDevice;
        let (_, certificate) =
            X509Certificate::from_der(der).map_err(|_| no("not a certificate at all"))?;
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.ok_or(no("one without a name"))?;
        let [GeneralName::URI(name)] = names.value.general_names.as_slice() else {
            return Err(no("one with other names"));
        };
        let usage = certificate.extended_key_usage().ok().flatten();
        if !usage.is_some_and(|usage| usage.value.client_auth && !usage.value.server_auth) {
            return Err(no("one for something else"));
        }
        let known = |it: &ParsedExtension<'_>| !it.unsupported();
        if !certificate.iter_extensions().all(|it| known(it.parsed_extension())) {
            return Err(no("one that says more than ours"));
        }
        let (account, device, generation) = parts(name).ok_or(no("one with another name"))?;
        let ends = certificate.validity().not_after.timestamp();
        let ends = u64::try_from(ends).map_err(|_| no("one without an end"))?;
        let ends = Timestamp(ends.saturating_mul(1_000));
        Ok(Self { account, device, generation, digest: Digest::of(der), ends })
    }
}

fn parts(name: &str) -> Option<(AccountId, DeviceId, u64)> {
    let (account, rest) = name.strip_prefix(SCHEME)?.split_once("/device/")?;
    let (device, generation) = rest.split_once("/generation/")?;
    let read = (account.parse().ok()?, device.parse().ok()?, generation.parse().ok()?);
    // What is written in another way is not ours.
    (DeviceCertificate::name(read.0, read.1, read.2) == name).then_some(read)
}
