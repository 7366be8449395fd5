//! One command behind walls, in a program of your own: no daemon, no server, no account.

#![expect(clippy::print_stdout, reason = "an example prints")]

use d1_core::{Argv, Stop};
use d1_executor::{Fence, Grant, Profile, Surroundings, run_confined, this_sandbox};
use std::{error::Error, time::Duration};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = this_sandbox(Surroundings::of("/root"))?;
    let grant = Grant::new(Profile::Diagnose, Argv::new(["cat", "/etc/shadow"])?);
    let fence = Fence::within(Duration::from_secs(60));
    let (words, _listener) = tokio::sync::mpsc::channel(64);
    let ended = run_confined(&sandbox, &grant, fence, &words, &Stop::new()).await?;
    println!("{:?}: {}", ended.report.how, ended.report.stderr.trim());
    println!("isolation: {}", ended.isolation.summary());
    assert!(ended.report.stdout.is_empty(), "nobody behind walls reads the passwords");
    Ok(())
}
