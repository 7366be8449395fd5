//! What the cloud is told: flags, with the environment below them.

use clap::Parser;
use std::{net::SocketAddr, path::PathBuf};

/// Plans and dispatches to any number of daemons.
///
/// Until sign-in is here, one development token opens everything; the server therefore
/// listens on this machine only.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "d1-cloud",
    version,
    after_help = "Examples:\n  \
        d1-cloud --token-file token                  listen on 127.0.0.1:7701\n  \
        d1-cloud --token-file token --listen [::1]:0 listen on a free port"
)]
pub struct Config {
    /// Where to listen; must be an address of this machine only
    #[arg(long, env = "D1_LISTEN", default_value = "127.0.0.1:7701", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where setups are kept
    #[arg(long, env = "D1_STATE_DIR", value_name = "DIR", default_value = "/var/lib/d1-cloud")]
    pub state_dir: PathBuf,
    /// A file with the development token; clients and daemons present it
    #[arg(long, env = "D1_TOKEN_FILE", value_name = "FILE")]
    pub token_file: PathBuf,
    /// How many credits the development account starts with
    #[arg(long, default_value_t = 1000, value_name = "CREDITS")]
    pub credits: u64,
}
