//! `d1-doctor devices`: the devices of an account in its cloud, and what waits for them.

mod list;
mod purge;
mod waiting;

use crate::{
    args::{Devices, DevicesCommand},
    commands::cloud,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
};

/// Lists devices, or ends what waits for one.
pub async fn run(
    terminal: &Terminal,
    home: impl FnOnce() -> Result<Home, Failure>,
    args: &Devices,
) -> Result<ExitCode, Failure> {
    let client = cloud::client(&args.cloud, home).await?;
    match &args.what {
        None => list::run(terminal, &client).await,
        Some(DevicesCommand::Purge(purge)) => purge::run(terminal, &client, purge).await,
    }
}
