//! `keys`.

use clap::Subcommand;
use d1_core::UserPublicKey;

/// What to do with the keys by which orders and plans are known.
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
    /// Make your own key, with which you sign plans: on the machine where you sign
    Make,
    /// Trust the key of a person on this device: what they sign is done here
    #[command(
        after_help = "Example:\n  d1-doctor keys trust <key> --name ada\n\nWhat has to be signed is said by `orders.signature` in policy.toml."
    )]
    Trust {
        /// Their key, as `keys make` prints it there
        key: UserPublicKey,
        /// Whose it is
        #[arg(long, default_value = "somebody", value_name = "NAME")]
        name: String,
        /// Say yes beforehand; only the administrator can
        #[arg(short, long)]
        yes: bool,
    },
    /// Take the trust in the key of a person away, from this moment on
    Distrust {
        /// Their key
        key: UserPublicKey,
    },
}
