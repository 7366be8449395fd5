//! `d1-doctor credits`: how the account stands in its cloud, and what it may spend.

mod account;
mod caps;
mod history;

use crate::{
    args::{Credits, CreditsCommand},
    commands::cloud,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
};

/// Shows credits, or changes what may be spent.
pub async fn run(
    terminal: &Terminal,
    home: impl FnOnce() -> Result<Home, Failure>,
    args: &Credits,
) -> Result<ExitCode, Failure> {
    let client = cloud::client(&args.cloud, home).await?;
    match &args.what {
        None => account::run(terminal, &client).await,
        Some(CreditsCommand::History(history)) => history::run(terminal, &client, *history).await,
        Some(CreditsCommand::Caps { change }) => caps::run(terminal, &client, *change).await,
    }
}
