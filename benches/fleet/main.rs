//! `d1-fleet`: a load generator that holds a fleet of simulated daemons against a real server,
//! and drives tasks through it.
//!
//! ```sh
//! cargo build --release --workspace --bins
//! cargo bench --bench fleet                                  # every row
//! cargo bench --bench fleet -- --row tasks --devices 200     # one of them
//! ```
//!
//! Each row brings its own server, and is measured beside its limit or its peer in the same run:
//!
//! - `tasks`: setups of one task, through the client's API, each written down before it is
//!   acknowledged; with one device linked, and with the fleet. The limit is how often the same
//!   disk commits.
//! - `memory`: what an idle link costs the server. The peer is a bare WebSocket server.
//! - `storm`: the server is killed and started again, with work under way; every device has to
//!   be back, and everything to be done once.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark"
)]

mod args;
mod disk;
mod drive;
mod idle;
mod memory;
mod peer;
mod place;
mod storm;
mod table;
mod tasks;
mod worker;

use args::{Args, Row};
use clap::Parser as _;

#[tokio::main]
async fn main() {
    let args = Args::parse();
    if let Some(settings) = args.bare_peer {
        return peer::serve(settings).await;
    }
    let files = place::raise_open_files();
    println!("programs of {}; {files} files may be open\n", place::profile());
    for row in args.rows() {
        match row {
            Row::Tasks => tasks::measure(&args).await,
            Row::Memory => memory::measure(&args).await,
            Row::Storm => storm::measure(&args).await,
        }
    }
}
