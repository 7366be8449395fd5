//! Many worlds in virtual time, in which everything breaks that can: does the system keep its
//! promises? With `--seed` one of them is told from beginning to end, the same each time.
//!
//! Bring a store or a journal of your own with `Simulation::with_store` and `with_journal`.

#![expect(clippy::print_stdout, reason = "an example prints")]

use clap::Parser;
use d1_world::sim::Simulation;
use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// Simulates worlds, and says which promises were broken.
#[derive(Parser)]
struct Args {
    /// How many worlds.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// The seed of the first one.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Tells the world of this seed alone.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(seed) = args.seed {
        let report = Simulation::new(seed).run();
        println!("{report}");
        return ExitCode::from(u8::from(!report.violations.is_empty()));
    }
    let next = AtomicU64::new(args.from);
    let [effects, accidents, broken] = [const { AtomicU64::new(0) }; 3];
    let work = || loop {
        let seed = next.fetch_add(1, Ordering::SeqCst);
        if seed >= args.from.saturating_add(args.seeds) {
            return;
        }
        let report = Simulation::new(seed).run();
        effects.fetch_add(report.effects as u64, Ordering::SeqCst);
        accidents.fetch_add(report.accidents as u64, Ordering::SeqCst);
        for violation in &report.violations {
            broken.fetch_add(1, Ordering::SeqCst);
            println!("seed {seed}: {violation}\n  tell it with --seed {seed}");
        }
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        (0..cores).for_each(|_| drop(scope.spawn(work)));
    });
    let [effects, accidents, broken] =
        [effects, accidents, broken].map(|count| count.load(Ordering::SeqCst));
    println!(
        "{} worlds, {accidents} accidents, {effects} effects, {broken} promises broken",
        args.seeds
    );
    ExitCode::from(u8::from(broken > 0))
}
