//! `login`, `logout` and `whoami`.

use clap::Args;

/// `login`
#[derive(Debug, Args)]
pub struct Login {
    /// The cloud to sign in to, as http://host:port
    #[arg(long, env = "D1_CLOUD", default_value = "http://127.0.0.1:7701", value_name = "URL")]
    pub cloud: String,
    /// Sign in by a code that is typed on any screen, and open no browser; what such a code
    /// grants never approves setups, links devices or makes tokens
    #[arg(long)]
    pub no_browser: bool,
    /// Only begin: print the code and a name by which another command goes on
    #[arg(long)]
    pub no_wait: bool,
    /// Go on with a sign-in that was begun with --no-wait
    #[arg(long, value_name = "NAME", conflicts_with_all = ["no_wait", "with_token", "no_browser"])]
    pub resume: Option<String>,
    /// Read a token that was made for this machine, one line on standard input
    #[arg(long, conflicts_with_all = ["no_wait", "no_browser"])]
    pub with_token: bool,
}

/// `logout`
#[derive(Debug, Args)]
pub struct Logout {
    /// Of which cloud; of the one that was signed in to last when nothing is said
    #[arg(long, env = "D1_CLOUD", value_name = "URL")]
    pub cloud: Option<String>,
    /// Who signs out, where several are signed in
    #[arg(long, env = "D1_ACCOUNT", value_name = "NAME")]
    pub account: Option<String>,
    /// Sign everybody out, everywhere
    #[arg(long, conflicts_with_all = ["cloud", "account"])]
    pub all: bool,
}
