//! What the daemon is told: flags, with the environment below them.

use clap::{Parser, ValueEnum};
use d1_core::OrderPublicKey;
use std::path::PathBuf;

/// Carries out plans on this machine, for people at its terminals and for a cloud.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "d1-daemon",
    version,
    after_help = "Examples:\n  \
        d1-daemon                                      serve this machine's own users\n  \
        d1-daemon --cloud ws://127.0.0.1:7701 --token-file token   serve a cloud, too"
)]
pub struct Config {
    /// Where everything is kept [default: /var/lib/d1-doctor for root, the XDG state directory otherwise]
    #[arg(long, env = "D1_STATE_DIR", value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// The lock by which a second daemon on this machine is refused [default: /run/d1-daemon.lock
    /// for root, d1-daemon.lock in XDG_RUNTIME_DIR otherwise]
    #[arg(long, env = "D1_MACHINE_LOCK", value_name = "FILE")]
    pub machine_lock: Option<PathBuf>,
    /// The socket to listen on [default: daemon.sock in the state directory]
    #[arg(long, env = "D1_SOCKET", value_name = "FILE")]
    pub socket: Option<PathBuf>,
    /// The cloud to serve with a token, as ws://host:port of this machine; without, the one at
    /// which this device is enrolled (d1-doctor daemon enroll)
    #[arg(long, env = "D1_CLOUD", value_name = "URL", requires = "token_file")]
    pub cloud: Option<String>,
    /// A file with the token the cloud knows us by
    #[arg(long, env = "D1_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Which orders of that cloud to heed: signed ones where a key of it is known, all of them
    /// where none is
    #[arg(long, env = "D1_ORDERS", value_enum, value_name = "WHICH", requires = "cloud")]
    pub orders: Option<Orders>,
    /// A key by which its orders are known, from `d1-cloud order-keys list`; it is remembered, and
    /// the cloud tells of others by its word
    #[arg(long, env = "D1_ORDER_KEY", value_name = "KEY", requires = "cloud")]
    pub order_key: Option<OrderPublicKey>,
    /// Every how many seconds to look for what is wrong with the machine
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub look_every: u64,
    /// How many seconds running work may take to end when the daemon is stopped
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub drain: u64,
}

/// Which orders of a cloud that is served with a token are heeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Orders {
    /// All of them: whoever holds the other end of the link is believed
    Any,
    /// Those that are signed by a key that is known
    Signed,
}

impl Config {
    /// The state directory: the one given, or the platform's.
    #[must_use]
    pub fn state_dir(&self) -> Option<PathBuf> {
        let root = || is_root().then(|| PathBuf::from("/var/lib/d1-doctor"));
        let xdg = || Some(dir("XDG_STATE_HOME")?.join("d1-doctor"));
        let home = || Some(dir("HOME")?.join(".local/state/d1-doctor"));
        self.state_dir.clone().or_else(root).or_else(xdg).or_else(home)
    }

    /// The machine's lock: the one given, or the platform's. Where the platform has no place
    /// for it, the state directory's own lock has to do.
    #[must_use]
    pub fn machine_lock(&self) -> Option<PathBuf> {
        let root = || is_root().then(|| PathBuf::from("/run/d1-daemon.lock"));
        let user = || Some(dir("XDG_RUNTIME_DIR")?.join("d1-daemon.lock"));
        self.machine_lock.clone().or_else(root).or_else(user)
    }
}

fn dir(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
