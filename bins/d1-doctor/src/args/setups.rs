//! `setups`.

use super::Cloud;
use clap::{Args, Subcommand};
use d1_core::SetupId;

/// `setups`
#[derive(Debug, Args)]
pub struct Setups {
    /// What to do.
    #[command(subcommand)]
    pub what: SetupsCommand,
    /// Whose setups.
    #[command(flatten)]
    pub cloud: Cloud,
}

/// What to do with setups of an account in a cloud.
#[derive(Debug, Subcommand)]
pub enum SetupsCommand {
    /// Show the plan of a setup, and sign it with your own key after a yes that is typed
    #[command(
        after_help = "Example:\n  d1-doctor setups sign 7c1e0d2a-5b3f-4c1a-9e55-0f6f3e1f2a10\n\nThe device takes it for half an hour, and each step of it once. It has to trust your key: d1-doctor keys make here, and d1-doctor keys trust there."
    )]
    Sign {
        /// Its id
        #[arg(value_name = "SETUP")]
        setup: SetupId,
    },
}
