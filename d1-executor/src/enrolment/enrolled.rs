//! The file of a device that is enrolled.

use super::{
    file::{read_private, replace},
    keys::{Newcomer, PrivateKey},
};
use crate::state_dir::StateDir;
use d1_core::{AccountId, DeviceId, Timestamp, recovery_proof};
use serde::{Deserialize, Serialize};
use std::{error::Error, io, path::PathBuf, time::Duration};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

/// The name of the file.
const FILE: &str = "enrolment.json";

/// Why what a device has cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolledError {
    /// It cannot be read or written.
    #[error("cannot {doing} `{path}`; see that its folder is there and has room", path = path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others may read it, or it is somebody else's.
    #[error("`{path}` holds private keys, and is not private to this user; if nobody has read it: chmod 600 it, else enrol the device again", path = path.display())]
    NotPrivate {
        /// Which file.
        path: PathBuf,
    },
    /// It holds something else.
    #[error("`{path}` cannot be understood; enrol the device again", path = path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A key cannot be made or used.
    #[error("a key of this device cannot be used; enrol the device again")]
    Key(#[source] Box<dyn Error + Send + Sync>),
}

impl EnrolledError {
    pub(super) fn key(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Key(error.into())
    }
}

/// What a device has that is enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// Where it links, as `wss://host:port`.
    pub link: String,
    /// Which device it is.
    pub device: DeviceId,
    /// Whose it is.
    pub account: AccountId,
    /// The how-manieth certificate it has.
    pub generation: u64,
    /// The key that it keeps.
    pub bound: PrivateKey,
    /// The key of its certificate.
    pub key: PrivateKey,
    /// Its certificate, as PEM.
    pub certificate: String,
    /// The authorities by which it knows servers, as PEM.
    pub authorities: Vec<String>,
    /// The key of the next certificate, while an answer is waited for: asked again with the
    /// same key, the cloud gives the same answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pending: Option<PrivateKey>,
}

/// What a cloud gave: the certificate and the authorities, as DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenPapers {
    /// Whose the device is.
    pub account: AccountId,
    /// The how-manieth certificate it is.
    pub generation: u64,
    /// The certificate.
    pub certificate: Vec<u8>,
    /// Whom to trust from now on.
    pub authorities: Vec<Vec<u8>>,
}

impl Enrolled {
    /// A device that has enrolled at `link`.
    #[must_use]
    pub fn new(newcomer: Newcomer, link: &str, given: &GivenPapers) -> Self {
        Self {
            link: link.to_owned(),
            device: newcomer.device,
            account: given.account,
            generation: given.generation,
            bound: newcomer.bound,
            key: newcomer.key,
            certificate: certificate(&given.certificate),
            authorities: given.authorities.iter().map(|it| certificate(it)).collect(),
            pending: None,
        }
    }

    /// Where it is kept.
    #[must_use]
    pub fn path(state: &StateDir) -> PathBuf {
        state.path().join(FILE)
    }

    /// What this device has; nothing when it is not enrolled.
    pub fn load(state: &StateDir) -> Result<Option<Self>, EnrolledError> {
        let path = Self::path(state);
        let Some(text) = read_private(&path)? else { return Ok(None) };
        let read: Self = serde_json::from_str(&text)
            .map_err(|error| EnrolledError::Damaged { path: path.clone(), source: error.into() })?;
        read.times().map_err(|why| EnrolledError::Damaged { path, source: why.into() })?;
        Ok(Some(read))
    }

    /// Keeps it; on the disk when it returns.
    pub fn save(&self, state: &StateDir) -> Result<(), EnrolledError> {
        let path = Self::path(state);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| EnrolledError::Damaged { path: path.clone(), source: error.into() })?;
        replace(&path, &(text + "\n"), 0o600)?;
        // Public, and only for those who look: what counts is in the other file.
        replace(&state.certificate(), &self.certificate, 0o644)
    }

    /// The key of the next certificate: the one that was asked with before, where no answer
    /// came, or a new one, which is kept before anybody is asked.
    pub fn prepare(&mut self, state: &StateDir) -> Result<PrivateKey, EnrolledError> {
        if let Some(pending) = &self.pending {
            return Ok(pending.clone());
        }
        let fresh = PrivateKey::generate()?;
        self.pending = Some(fresh.clone());
        self.save(state)?;
        Ok(fresh)
    }

    /// Takes the next certificate, of the key that was prepared, and keeps it.
    pub fn take(&mut self, state: &StateDir, given: &GivenPapers) -> Result<(), EnrolledError> {
        let missing = || EnrolledError::Key("no key was prepared".into());
        let key = self.pending.clone().ok_or_else(missing)?;
        let next = Self {
            generation: given.generation,
            key,
            certificate: certificate(&given.certificate),
            authorities: given.authorities.iter().map(|it| certificate(it)).collect(),
            pending: None,
            ..self.clone()
        };
        next.times().map_err(EnrolledError::key)?;
        next.save(state)?;
        *self = next;
        Ok(())
    }

    /// What it proves with the key that it keeps when its certificate is over.
    pub fn recovery_proof(&self, request: &[u8]) -> Result<Vec<u8>, EnrolledError> {
        self.bound.sign(&recovery_proof(self.device, self.generation, request))
    }

    /// The certificate, as DER.
    pub fn certificate_der(&self) -> Result<Vec<u8>, EnrolledError> {
        der(&self.certificate).map_err(EnrolledError::key)
    }

    /// The authorities, as DER.
    pub fn authorities_der(&self) -> Result<Vec<Vec<u8>>, EnrolledError> {
        self.authorities.iter().map(|it| der(it).map_err(EnrolledError::key)).collect()
    }

    /// When the certificate was given, and until when it is good.
    #[must_use]
    pub fn validity(&self) -> (Timestamp, Timestamp) {
        // What cannot be read was not loaded.
        self.times().unwrap_or_default()
    }

    /// When to ask for the next certificate: after half of its life, a tenth of it sooner or
    /// later by `chance` (0 to 1), so that devices that enrolled together do not all ask at
    /// once.
    #[must_use]
    pub fn renew_at(&self, chance: f64) -> Timestamp {
        let (from, until) = self.validity();
        let life = until.since(from);
        let jitter = life.mul_f64(chance.clamp(0.0, 1.0) * 0.1);
        let half = (life / 2).saturating_sub(life / 20);
        from.after(half + jitter)
    }

    fn times(&self) -> Result<(Timestamp, Timestamp), String> {
        let der = der(&self.certificate)?;
        let (_, read) = X509Certificate::from_der(&der).map_err(|error| error.to_string())?;
        let time = |seconds: i64| {
            Timestamp(u64::try_from(seconds).unwrap_or_default().saturating_mul(1_000))
        };
        let validity = read.validity();
        let from = time(validity.not_before.timestamp()).after(BACKDATED);
        Ok((from, time(validity.not_after.timestamp())))
    }
}

/// By how much certificates of ours begin before they were given, for clocks that are behind.
const BACKDATED: Duration = Duration::from_secs(5 * 60);

fn certificate(der: &[u8]) -> String {
    pem::encode(&pem::Pem::new("CERTIFICATE", der))
}

fn der(text: &str) -> Result<Vec<u8>, String> {
    Ok(pem::parse(text).map_err(|error| error.to_string())?.into_contents())
}
