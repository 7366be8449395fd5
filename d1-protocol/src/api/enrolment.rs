//! How devices enrol, get their next certificate, and lose it.
//!
//! What is binary is in base64 (RFC 4648 §4): requests, certificates and keys as DER.

use d1_core::{AccountId, AnnouncedKey, DeviceId, KeyStage, OrderKeySet, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What somebody wants a token for by which one device enrols.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolmentTokenRequest {
    /// Minutes for which it is good: 1 to 60.
    #[serde(deserialize_with = "super::whole::number")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 60))]
    pub minutes: u32,
}

/// A token by which one device enrols. What lets in is told this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolmentTokenView {
    /// [`EnrolmentTokenView::SCHEMA`]
    pub schema: String,
    /// What lets in.
    pub secret: String,
    /// What it is called by when it is listed or taken back.
    pub id: String,
    /// Until when it is good, in milliseconds since 1970.
    pub ends: u64,
    /// Where the device enrols and links, as `wss://host:port`.
    pub link: String,
    /// The SHA-256 digest of the public key of the authority by which the device knows that
    /// server, in hexadecimal digits.
    pub authority: String,
}

impl EnrolmentTokenView {
    /// The name of its form.
    pub const SCHEMA: &str = "d1.enrolment-token.v1";
}

/// Never prints what lets in.
impl fmt::Debug for EnrolmentTokenView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentTokenView").field("link", &self.link).finish_non_exhaustive()
    }
}

/// The tokens of the caller's account that are neither used nor over, by their ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolmentTokenList {
    /// [`EnrolmentTokenList::SCHEMA`]
    pub schema: String,
    /// The tokens, without what lets in.
    pub tokens: Vec<OpenEnrolmentToken>,
}

impl EnrolmentTokenList {
    /// The name of its form.
    pub const SCHEMA: &str = "d1.enrolment-tokens.v1";
}

/// A token by which one device may enrol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenEnrolmentToken {
    /// What it is called by.
    pub id: String,
    /// Who made it; nobody stands behind the development token and the operator.
    pub by: Option<UserId>,
    /// Until when it is good, in milliseconds since 1970.
    pub ends: u64,
}

/// A device enrols.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolRequest {
    /// The one-time token.
    pub token: String,
    /// Which device it is.
    pub device: DeviceId,
    /// The request for its first certificate (PKCS #10): only its key is taken.
    pub request: String,
    /// The public key that it keeps, as a `SubjectPublicKeyInfo`.
    pub bound_key: String,
    /// Its signature of the proof by that key.
    pub proof: String,
}

/// Never prints the token.
impl fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolRequest").field("device", &self.device).finish_non_exhaustive()
    }
}

/// A device asks for its next certificate, and shows the one it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RenewRequest {
    /// The request for the certificate (PKCS #10): only its key is taken.
    pub request: String,
}

/// A device that slept until its certificate was over asks for the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoverRequest {
    /// Which device it is.
    pub device: DeviceId,
    /// The how-manieth certificate it had last.
    #[serde(deserialize_with = "super::whole::number")]
    pub generation: u64,
    /// The request for the next one (PKCS #10): only its key is taken.
    pub request: String,
    /// Its signature of the proof by the key that it keeps.
    pub proof: String,
}

/// What a device is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PapersView {
    /// [`PapersView::SCHEMA`]
    pub schema: String,
    /// Which device it is.
    pub device: DeviceId,
    /// Whose it is.
    pub account: AccountId,
    /// The how-manieth certificate it is.
    pub generation: u64,
    /// The certificate.
    pub certificate: String,
    /// The certificates of the authorities by which servers are known.
    pub authorities: Vec<String>,
    /// Until when the certificate is good, in milliseconds since 1970.
    pub ends: u64,
    /// The keys by which the device knows orders of this cloud: told when it enrols, and in
    /// signed orders after that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub order_keys: Option<OrderKeysView>,
}

/// The keys that orders to devices are signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderKeysView {
    /// Higher than that of every earlier set.
    #[serde(deserialize_with = "super::whole::number")]
    pub version: u64,
    /// The keys.
    pub keys: Vec<OrderKeyView>,
}

/// A key that orders to devices are signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderKeyView {
    /// Its public half (Ed25519), as 64 hexadecimal digits.
    pub key: String,
    /// `next`, `active` or `retired`.
    pub stage: String,
    /// Since when it is there, in milliseconds since 1970.
    #[serde(deserialize_with = "super::whole::number")]
    pub since: u64,
}

impl From<&OrderKeySet> for OrderKeysView {
    fn from(set: &OrderKeySet) -> Self {
        let view = |told: &AnnouncedKey| OrderKeyView {
            key: told.key.to_string(),
            stage: stage_text(told.stage).to_owned(),
            since: told.since.0,
        };
        Self { version: set.version, keys: set.keys.iter().map(view).collect() }
    }
}

impl OrderKeysView {
    /// The keys; `None` when one of them is none.
    #[must_use]
    pub fn keys(&self) -> Option<OrderKeySet> {
        let all = [KeyStage::Next, KeyStage::Active, KeyStage::Retired];
        let key = |told: &OrderKeyView| {
            Some(AnnouncedKey {
                key: told.key.parse().ok()?,
                stage: all.into_iter().find(|stage| stage_text(*stage) == told.stage)?,
                since: Timestamp(told.since),
            })
        };
        let keys = self.keys.iter().map(key).collect::<Option<_>>()?;
        Some(OrderKeySet { version: self.version, keys })
    }
}

const fn stage_text(stage: KeyStage) -> &'static str {
    match stage {
        KeyStage::Next => "next",
        KeyStage::Active => "active",
        KeyStage::Retired => "retired",
    }
}

impl PapersView {
    /// The name of its form.
    pub const SCHEMA: &str = "d1.papers.v1";
}

/// The devices of the caller's account that enrolled, by their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolmentList {
    /// [`EnrolmentList::SCHEMA`]
    pub schema: String,
    /// The devices.
    pub enrolments: Vec<EnrolmentView>,
    /// Whether these are all.
    pub complete: bool,
}

impl EnrolmentList {
    /// The name of its form.
    pub const SCHEMA: &str = "d1.enrolments.v1";
}

/// A device that enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolmentView {
    /// Which device it is.
    pub device: DeviceId,
    /// `active`, `locked` because it was seen twice, or `revoked`.
    pub state: String,
    /// Since when it is so, in milliseconds since 1970.
    pub since: u64,
    /// The how-manieth certificate it has.
    pub generation: u64,
    /// The serial number of that, in hexadecimal digits.
    pub serial: String,
    /// Until when that is good, in milliseconds since 1970.
    pub ends: u64,
}
