//! The plan of a setup, whole, and the signature of a person under it.

use d1_core::{DeviceId, Digest, SealedGrant, Setup, SetupId};
use serde::{Deserialize, Serialize};

/// The plan of a setup, as a person signs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanView {
    /// `d1.setup.plan.v1`
    pub schema: String,
    /// Of which setup.
    pub setup: SetupId,
    /// For which device.
    pub device: DeviceId,
    /// The plan's digest: SHA-256 of `plan` as it is here.
    pub digest: Digest,
    /// The plan as JSON, byte for byte what the digest is of.
    pub plan: String,
}

/// Sign the plan of a setup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignRequest {
    /// A COSE_Sign1 message, as hexadecimal digits. It is carried to the device, and read there.
    #[cfg_attr(
        feature = "openapi",
        schema(
            value_type = String,
            min_length = 2,
            max_length = 20480,
            pattern = "^([0-9a-f][0-9a-f])+$"
        )
    )]
    pub grant: SealedGrant,
}

impl PlanView {
    /// Its version.
    pub const SCHEMA: &str = "d1.setup.plan.v1";
}

impl From<&Setup> for PlanView {
    fn from(setup: &Setup) -> Self {
        Self {
            schema: Self::SCHEMA.to_owned(),
            setup: setup.id,
            device: setup.device,
            digest: setup.plan.id(),
            // As for the digest: this cannot fail, and an empty text is no plan's.
            plan: serde_json::to_string(&setup.plan).unwrap_or_default(),
        }
    }
}
