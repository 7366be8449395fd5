//! What is measured, and with how many.

use clap::{Parser, ValueEnum};
use std::time::Duration;

/// Holds a fleet of simulated daemons against a real server, and drives tasks through it.
#[derive(Clone, Debug, Parser)]
#[command(name = "d1-fleet")]
pub(crate) struct Args {
    /// What to measure; everything when nothing is said
    #[arg(long, value_enum)]
    row: Vec<Row>,
    /// How many devices are linked
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=15_000))]
    pub(crate) devices: u32,
    /// How many devices come back in a storm
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=15_000))]
    pub(crate) storm: u32,
    /// How long each measurement drives tasks
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// How many tasks are under way at once, each on a device of its own
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) in_flight: u32,
    /// Begin so many tasks a second, however slow they are; without, a task begins when one ends
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Be the peer of a row: a bare WebSocket server with these settings
    #[arg(long, hide = true, value_enum)]
    pub(crate) bare_peer: Option<Buffers>,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// Tasks in a second, and how long each takes
    Tasks,
    /// Memory of an idle link
    Memory,
    /// Everybody comes back after the server was killed
    Storm,
}

/// How a bare WebSocket server buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Buffers {
    /// As its library does by itself
    Default,
    /// As small as ours
    Tuned,
}

impl Args {
    /// What is to be measured.
    pub(crate) fn rows(&self) -> Vec<Row> {
        if self.row.is_empty() { Row::value_variants().to_vec() } else { self.row.clone() }
    }

    /// How long each measurement drives tasks.
    pub(crate) const fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
