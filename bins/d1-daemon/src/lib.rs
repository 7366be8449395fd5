//! The Day 1 Doctor daemon, as a library: one agent, a local socket, and a link to a cloud.
//!
//! Start-up goes in this order, and each part fails in its own way before the next begins:
//! read the command line, take the machine (one daemon each), open the journal, take up what
//! an earlier process left, listen, say that it is ready. It ends by draining.

mod cloud;
mod compose;
mod config;
mod enrolled;
mod listen;
mod monitor;
mod orders;
mod person;

pub use compose::{Daemon, StartError};
pub use config::{Config, Orders};

use clap::Parser as _;
use std::{io::Write as _, process::ExitCode, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a command line that makes no sense.
const USAGE: u8 = 2;
/// Exit code of a daemon that cannot start.
const CANNOT_START: u8 = 3;

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
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let served = match runtime {
        Ok(runtime) => runtime.block_on(serve(config)),
        Err(source) => Err(StartError::Runtime { source }),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.text());
            ExitCode::from(CANNOT_START)
        }
    }
}

/// Serves until SIGTERM or SIGINT, then drains; a second signal does not wait.
async fn serve(config: Config) -> Result<(), StartError> {
    let began = std::time::Instant::now();
    let listen = |kind| signal(kind).map_err(|source| StartError::Runtime { source });
    let (mut terminate, mut interrupt) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let drain = Duration::from_secs(config.drain);
    let daemon = Daemon::start(config).await?;
    say(&format!(
        "d1-daemon {} ready on {} in {} ms; device {}",
        env!("CARGO_PKG_VERSION"),
        daemon.socket().display(),
        began.elapsed().as_millis(),
        daemon.device()
    ));
    let stopping = daemon.stopping();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = stopping.cancelled() => say("a part the daemon cannot do without has failed; stopping"),
    }
    say("stopping: no new work is started");
    tokio::select! {
        clean = daemon.stop(drain) => {
            if !clean {
                say("work was still running; it is found again at the next start");
            }
        }
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

/// A line on standard error; a daemon's standard output stays empty.
fn say(text: &str) {
    let _reader_gone = writeln!(std::io::stderr(), "{text}");
}
