//! What the cloud is told of another provider of identities.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Another provider of identities (OpenID Connect) that people may sign in at.
#[derive(Clone, Debug, Default, Args)]
pub struct UpstreamConfig {
    /// The address of a provider of identities that people may sign in at (OpenID Connect), as
    /// it calls itself
    #[arg(
        long,
        env = "D1_OIDC_ISSUER",
        value_name = "URL",
        requires = "oidc_client",
        global = true
    )]
    pub oidc_issuer: Option<String>,
    /// What it calls this server; there it is registered with PUBLIC-URL/sign-in/elsewhere/back
    #[arg(
        long,
        env = "D1_OIDC_CLIENT",
        value_name = "ID",
        requires = "oidc_issuer",
        global = true
    )]
    pub oidc_client: Option<String>,
    /// A file with the secret by which it knows this server, in one line
    #[arg(
        long,
        env = "D1_OIDC_SECRET_FILE",
        value_name = "FILE",
        requires = "oidc_issuer",
        global = true
    )]
    pub oidc_secret_file: Option<PathBuf>,
    /// What people know it by; the name of its host when nothing is said
    #[arg(
        long,
        env = "D1_OIDC_LABEL",
        value_name = "NAME",
        requires = "oidc_issuer",
        global = true
    )]
    pub oidc_label: Option<String>,
    /// Whom of those that it vouches for is let in
    #[arg(
        long,
        env = "D1_OIDC_ADMITS",
        value_name = "WHO",
        default_value = "linked",
        global = true
    )]
    pub oidc_admits: Admits,
}

/// Whom of those that another provider vouches for is let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Admits {
    /// Who was linked by `d1-cloud users link`, and nobody else
    #[default]
    Linked,
    /// Everybody whom it knows: for the provider of one's own organisation
    Everybody,
}
