//! `keys`.

use clap::Subcommand;

/// What to do with the keys by which orders of clouds are known.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// List the clouds and the keys by which their orders are known
    List,
    /// Forget the keys of a cloud: no order of it is heeded from this moment on
    #[command(
        after_help = "Example:\n  d1-doctor keys forget-cloud wss://d1.example:7702\n\nThe device knows the cloud again when it is enrolled there again, or when the daemon is started with --order-key."
    )]
    ForgetCloud {
        /// Its address, as `keys list` shows it
        #[arg(value_name = "URL")]
        cloud: String,
    },
}
