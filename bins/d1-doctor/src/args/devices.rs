//! `devices`.

use super::{Cloud, Consent};
use clap::{Args, Subcommand};

/// `devices`
#[derive(Debug, Args)]
pub struct Devices {
    /// What to do; list them when nothing is said.
    #[command(subcommand)]
    pub what: Option<DevicesCommand>,
    /// Whose devices.
    #[command(flatten)]
    pub cloud: Cloud,
}

/// What to do with devices.
#[derive(Debug, Subcommand)]
pub enum DevicesCommand {
    /// End what waits for a device that is away: it is not sent, and what it held is free again
    #[command(
        after_help = "Examples:\n  d1-doctor devices purge 0b5a6f3e --dry-run\n  d1-doctor devices purge 0b5a6f3e --yes\n\nWhat the device has heard of already ends when the device says so."
    )]
    Purge(DevicesPurge),
}

/// `devices purge`
#[derive(Debug, Args)]
pub struct DevicesPurge {
    /// A device's id, or the beginning of one
    pub device: String,
    /// Consent.
    #[command(flatten)]
    pub consent: Consent,
}
