//! What the cloud is told: flags, with the environment below them.

use crate::{ceilings::Ceilings, upstream::UpstreamConfig};
use clap::{Parser, Subcommand};
use d1_core::{LoginName, Scopes};
use std::{net::SocketAddr, path::PathBuf};

/// Plans and dispatches to any number of daemons.
///
/// It listens on this machine only: what comes from outside comes through a proxy that speaks
/// TLS.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "d1-cloud",
    version,
    after_help = "Examples:\n  \
        d1-cloud                                 listen on 127.0.0.1:7701\n  \
        d1-cloud --public-url https://d1.example be reached by that name, through a proxy\n  \
        d1-cloud users add anna                  let somebody sign in\n  \
        d1-cloud ledger verify                   recompute what every account has"
)]
pub struct Config {
    /// Where to listen; must be an address of this machine only
    #[arg(long, env = "D1_LISTEN", default_value = "127.0.0.1:7701", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where to listen for devices that enrol, over TLS 1.3 and by certificates of our own; it
    /// may be any address. Devices link with a token, on this machine only, without
    #[arg(long, env = "D1_LINK_LISTEN", value_name = "ADDRESS", global = true)]
    pub link_listen: Option<SocketAddr>,
    /// Where devices reach that, as wss://host:port; where it listens when nothing is said
    #[arg(long, env = "D1_LINK_URL", value_name = "URL", global = true)]
    pub link_url: Option<String>,
    /// How many seconds the certificate of a device is good; it is renewed after half of that
    #[arg(
        long,
        env = "D1_CERTIFICATE_LIFE",
        value_name = "SECONDS",
        default_value_t = 86_400,
        value_parser = clap::value_parser!(u64).range(4..=86_400)
    )]
    pub certificate_life: u64,
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
    /// A PostgreSQL address that all servers share, to keep setups, people, devices and signing
    /// keys at, instead of the state directory; what is secret in it belongs into the environment
    #[arg(long, env = "D1_STORE", value_name = "URL", hide_env_values = true, global = true)]
    pub store: Option<String>,
    /// A Redis address that all servers share, to tell each other at which one each device is
    /// linked, so that each may be asked for all; needs --store, and is told alone without. What
    /// is secret in it belongs into the environment
    #[arg(long, env = "D1_LINKS", value_name = "URL", hide_env_values = true, requires = "store")]
    pub links: Option<String>,
    /// Where the other servers reach this one, as http://host:port of this machine; where it
    /// listens when nothing is said
    #[arg(long, env = "D1_NODE_ADDRESS", value_name = "URL", requires = "links")]
    pub node_address: Option<String>,
    /// A file with the price lists to work by, the one in force being the newest that has begun;
    /// those that are built in without
    #[arg(long, env = "D1_PRICES", value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// A Redis address that all servers share, to count requests at; each counts its own
    /// without. What is secret in it belongs into the environment
    #[arg(long, env = "D1_LIMITS", value_name = "URL", hide_env_values = true)]
    pub limits: Option<String>,
    /// What people and programs reach the server by: https://name, or http:// for this machine
    /// alone; where it listens when nothing is said
    #[arg(long, env = "D1_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<String>,
    /// A proxy of ours stands in front: whoever asks is at the last address of X-Forwarded-For,
    /// which it has to set
    #[arg(long, env = "D1_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// A Redis address that all servers share, to keep sign-ins at; the state directory without.
    /// What is secret in it belongs into the environment
    #[arg(long, env = "D1_SESSIONS", value_name = "URL", hide_env_values = true, global = true)]
    pub sessions: Option<String>,
    /// A file with a development token, which opens everything without signing in
    #[arg(long, env = "D1_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// How many credits the development account starts with
    #[arg(long, env = "D1_DEVELOPMENT_CREDITS", default_value_t = 1000, value_name = "CREDITS")]
    pub credits: u64,
    /// Where else people may sign in.
    #[command(flatten)]
    pub upstream: UpstreamConfig,
    /// How much may be asked.
    #[command(flatten)]
    pub ceilings: Ceilings,
    /// What to do instead of serving
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Looks after the books of credits
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Looks after the record of what was asked, decided and done
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Looks after the people who may sign in
    #[command(subcommand)]
    Users(UsersCommand),
    /// Looks after the keys that tokens are signed with
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Looks after the authorities that sign the certificates of devices
    #[command(subcommand)]
    Authorities(AuthoritiesCommand),
    /// Looks after the keys that orders to devices are signed with
    #[command(subcommand)]
    OrderKeys(OrderKeysCommand),
    /// Looks after the devices that enrol, and the tokens by which they do
    #[command(subcommand)]
    Enrolments(EnrolmentsCommand),
}

/// What to do with the record of what was asked, decided and done.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum AuditCommand {
    /// Prints every line, for `d1-doctor audit verify`; the key goes to standard error
    #[command(after_help = "Example:\n  d1-cloud audit export > cloud.jsonl")]
    Export,
}

/// What to do with the people who may sign in.
#[derive(Clone, Debug, Subcommand)]
pub enum UsersCommand {
    /// Lets somebody sign in; the password is one line on standard input
    #[command(
        after_help = "Examples:\n  d1-cloud users add anna < password\n  d1-cloud users add anna@example.org --gift 100 < password\n  d1-cloud --oidc-issuer https://id.example --oidc-client d1 users add bert --subject 248289761001"
    )]
    Add {
        /// What they sign in with
        name: LoginName,
        /// Who they are at the provider of --oidc-issuer, its `sub`; then no password is read
        #[arg(long, value_name = "SUB")]
        subject: Option<String>,
        /// How many credits their account starts with
        #[arg(long = "gift", default_value_t = 0, value_name = "CREDITS")]
        gift: u64,
    },
    /// Lists everybody, what they are where, and who they are at other providers
    List,
    /// Says who somebody is at the provider of --oidc-issuer, so that they may sign in there
    #[command(
        after_help = "Example:\n  d1-cloud --oidc-issuer https://id.example --oidc-client d1 users link anna 248289761001"
    )]
    Link {
        /// What they are called here
        name: LoginName,
        /// What it calls them, its `sub`
        subject: String,
    },
    /// Says that they are not any more, and signs them out
    Unlink {
        /// What they are called here
        name: LoginName,
        /// What it calls them, its `sub`
        subject: String,
    },
    /// Gives somebody another password, one line on standard input, and signs them out
    Password {
        /// What they sign in with
        name: LoginName,
    },
    /// Keeps somebody out, from this moment on
    Disable {
        /// What they sign in with
        name: LoginName,
    },
    /// Lets somebody in again
    Enable {
        /// What they sign in with
        name: LoginName,
    },
    /// Makes somebody something in the organisation of somebody else
    #[command(
        after_help = "Examples:\n  d1-cloud users role bert --in anna --as member\n  d1-cloud users role bert --in anna --as nothing"
    )]
    Role {
        /// Who becomes something
        name: LoginName,
        /// Whose organisation, their own first one
        #[arg(long = "in", value_name = "NAME")]
        of: LoginName,
        /// owner, admin, member or viewer; or nothing
        #[arg(long = "as", value_name = "ROLE")]
        role: String,
    },
    /// Prints a new token for a program of somebody, as a daemon
    #[command(
        after_help = "Examples:\n  d1-cloud users token anna --scopes device:link > token\n  d1-cloud users token anna --scopes 'credits:read setup:read' --days 30"
    )]
    Token {
        /// Whose it is
        name: LoginName,
        /// What it may do
        #[arg(long, value_name = "SCOPES")]
        scopes: Scopes,
        /// What it is called
        #[arg(long, default_value = "made by the operator", value_name = "NAME")]
        label: String,
        /// For how many days it is good
        #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=365))]
        days: u32,
    },
}

/// What to do with the keys that tokens are signed with.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysCommand {
    /// Lists them
    List,
    /// Lets the next key sign from now on; what was signed stays good until it ends
    Rotate,
    /// Forgets a key, and with it everything that it signed: for one that got out
    Withdraw {
        /// Which
        // One of sixty-four begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        key: String,
    },
}

/// What to do with the authorities that sign the certificates of devices.
#[derive(Clone, Debug, Subcommand)]
pub enum AuthoritiesCommand {
    /// Lists them, each by the digest of its public key
    List,
    /// Lets the next authority sign from now on; what was signed stays good until it ends
    Rotate,
    /// Forgets an authority, and with it everything that it signed: for one that got out.
    /// Devices recover by themselves, as long as they know the next one
    Withdraw {
        /// Which
        authority: String,
    },
}

/// What to do with the keys that orders to devices are signed with.
#[derive(Clone, Debug, Subcommand)]
pub enum OrderKeysCommand {
    /// Lists them, each by its public half: what a daemon is given with --order-key
    List,
    /// Lets the next key sign from now on. Devices that are linked are told, others when they come
    Rotate,
    /// Forgets a key, for one that got out: devices heed it no more once they are told
    Withdraw {
        /// Which
        key: String,
    },
}

/// What to do with the devices that enrol, and the tokens by which they do.
#[derive(Clone, Debug, Subcommand)]
pub enum EnrolmentsCommand {
    /// Makes a token by which one device enrols for somebody, and prints it; what to say on the
    /// device goes to standard error
    #[command(
        after_help = "Example:\n  d1-cloud enrolments token anna --link-url wss://d1.example:7702 > secret"
    )]
    Token {
        /// Whose the device will be
        name: LoginName,
        /// For how many minutes it is good
        #[arg(long, default_value_t = 10, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=60))]
        minutes: u32,
    },
    /// Lists the tokens of somebody that are open, and the devices that enrolled
    List {
        /// Whose
        name: LoginName,
    },
    /// Takes back a token that was not used, or the identity of a device, whose link is closed
    #[command(
        after_help = "Examples:\n  d1-cloud enrolments revoke anna 3f786850e387550f\n  d1-cloud enrolments revoke anna 01900000-0000-7000-8000-000000000001"
    )]
    Revoke {
        /// Whose it is
        name: LoginName,
        /// Which, as `list` tells it
        what: String,
    },
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
