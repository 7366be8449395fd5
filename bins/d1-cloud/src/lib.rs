//! The Day 1 Doctor cloud, as a library: the engine behind HTTP, devices behind WebSocket.
//!
//! Start-up goes in this order, and each part fails in its own way before the next begins:
//! read the command line, read the token, open the store, listen, take up what an earlier
//! process left, say that it is ready. It ends by letting requests finish.

mod audit;
mod ceilings;
mod compose;
mod config;
mod credits;
mod door;
mod drain;
mod enrolments;
mod front;
mod identity;
mod keys;
mod leases;
mod ledger;
mod limits;
mod nodes;
mod open_files;
mod patience;
mod people;
mod place;
mod proxy;
mod refusal;
mod routes;
mod seats;
mod setups;
mod socket;
mod token;
mod upstream;
mod who;

pub use ceilings::Ceilings;
pub use compose::{Cloud, StartError};
pub use config::{
    AuditCommand, AuthoritiesCommand, Command, Config, EnrolmentsCommand, KeysCommand,
    LedgerCommand, OrderKeysCommand, UsersCommand,
};
pub use door::DoorError;
pub use identity::PeopleError;
pub use limits::LimitsError;
pub use nodes::LinksError;
pub use token::DevelopmentToken;
pub use upstream::{Admits, UpstreamConfig};

use clap::Parser as _;
use std::{io::Write as _, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a command line that makes no sense.
const USAGE: u8 = 2;
/// Exit code of a server that cannot start.
const CANNOT_START: u8 = 1;

/// Reads the command line and serves until told to stop.
#[must_use]
pub fn main() -> ExitCode {
    let config = match Config::try_parse() {
        Ok(config) => config,
        Err(error) => {
            let _reader_gone = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let served = match (runtime, config.command.clone()) {
        (Ok(runtime), Some(Command::Ledger(LedgerCommand::Verify))) => {
            return runtime.block_on(ledger::verify(&config));
        }
        (Ok(runtime), Some(Command::Audit(AuditCommand::Export))) => {
            return runtime.block_on(audit::export(&config));
        }
        (Ok(runtime), Some(Command::Users(command))) => {
            return runtime.block_on(people::users(&config, command));
        }
        (Ok(runtime), Some(Command::Keys(command))) => {
            return runtime.block_on(keys::keys(&config, command));
        }
        (Ok(runtime), Some(Command::Authorities(command))) => {
            return runtime.block_on(keys::authorities(&config, command));
        }
        (Ok(runtime), Some(Command::Enrolments(command))) => {
            return runtime.block_on(enrolments::enrolments(&config, command));
        }
        (Ok(runtime), Some(Command::OrderKeys(command))) => {
            return runtime.block_on(keys::order_keys(&config, command));
        }
        (Ok(runtime), None) => runtime.block_on(serve(config)),
        (Err(source), _) => Err(StartError::Runtime { source }),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.text());
            ExitCode::from(CANNOT_START)
        }
    }
}

async fn serve(config: Config) -> Result<(), StartError> {
    let listen = |kind| signal(kind).map_err(|source| StartError::Runtime { source });
    let (mut terminate, mut interrupt) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    open_files::raise();
    let cloud = Cloud::start(config).await?;
    say(&format!("d1-cloud {} ready on http://{}", env!("CARGO_PKG_VERSION"), cloud.address()));
    if let Some(url) = cloud.link_url() {
        say(&format!("devices link and enrol at {url}"));
    }
    let stopping = cloud.stopping();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = stopping.cancelled() => say("a part the server cannot do without has failed; stopping"),
    }
    say("stopping: running setups go on at the next start");
    let end = async {
        cloud.drain().await;
        cloud.stop().await;
    };
    tokio::select! {
        () = end => {}
        _ = terminate.recv() => say("stopped at once"),
        _ = interrupt.recv() => say("stopped at once"),
    }
    Ok(())
}

fn log() {
    let filter = std::env::var("D1_LOG").unwrap_or_else(|_| "warn".to_owned());
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).finish();
    // Set once, at the start of the process.
    let _already_set = tracing::subscriber::set_global_default(subscriber);
}

/// A line on standard error; a server's standard output stays empty.
fn say(text: &str) {
    let _reader_gone = writeln!(std::io::stderr(), "{text}");
}
