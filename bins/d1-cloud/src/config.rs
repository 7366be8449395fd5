//! What the cloud is told: flags, with the environment below them.

use clap::{Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf};

/// Plans and dispatches to any number of daemons.
///
/// Until sign-in is here, one development token opens everything; the server therefore
/// listens on this machine only.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "d1-cloud",
    version,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
        d1-cloud --token-file token                  listen on 127.0.0.1:7701\n  \
        d1-cloud --token-file token --listen [::1]:0 listen on a free port\n  \
        d1-cloud ledger verify                       recompute what every account has"
)]
pub struct Config {
    /// Where to listen; must be an address of this machine only
    #[arg(long, env = "D1_LISTEN", default_value = "127.0.0.1:7701", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where setups and credits are kept
    #[arg(
        long,
        env = "D1_STATE_DIR",
        value_name = "DIR",
        default_value = "/var/lib/d1-cloud",
        global = true
    )]
    pub state_dir: PathBuf,
    /// A PostgreSQL address to keep the credits at, instead of the state directory; what is
    /// secret in it belongs into the environment
    #[arg(long, env = "D1_LEDGER", value_name = "URL", hide_env_values = true, global = true)]
    pub ledger: Option<String>,
    /// A file with the price lists to work by, the one in force being the newest that has begun;
    /// those that are built in without
    #[arg(long, env = "D1_PRICES", value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// A Redis address that all servers share, to count requests at; each counts its own
    /// without. What is secret in it belongs into the environment
    #[arg(long, env = "D1_LIMITS", value_name = "URL", hide_env_values = true)]
    pub limits: Option<String>,
    /// A file with the development token; clients and daemons present it
    #[arg(long, env = "D1_TOKEN_FILE", value_name = "FILE", required = true)]
    pub token_file: Option<PathBuf>,
    /// How many credits the development account starts with
    #[arg(long, default_value_t = 1000, value_name = "CREDITS")]
    pub credits: u64,
    /// What to do instead of serving
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Command {
    /// Looks after the books of credits
    #[command(subcommand)]
    Ledger(LedgerCommand),
}

/// What to do with the books of credits.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum LedgerCommand {
    /// Recomputes what every account has from its history, and names the first difference
    ///
    /// Changes nothing, and may be run while a server works. Ends with 0 when everything
    /// agrees, with 1 when something does not, and with 2 when the books cannot be read.
    Verify,
}
