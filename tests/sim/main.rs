//! Whatever breaks, what was promised is kept: many seeded worlds, and the same worlds with
//! one promise broken on purpose, which must not go unnoticed.

#![expect(clippy::unwrap_used, reason = "tests")]

use d1_world::sim::{Flaw, Report, Simulation};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// How many worlds there are here; more of them are `examples/simulate.rs`.
const WORLDS: u64 = 200;

/// Within how many worlds a broken promise has to be noticed.
const NOTICED_WITHIN: u64 = 500;

/// Runs worlds on every core until there are no more, or one is `wanted`.
fn first(
    worlds: u64,
    world: impl Fn(u64) -> Simulation + Sync,
    wanted: impl Fn(&Report) -> bool + Sync,
) -> Option<Report> {
    let (next, cores) = (AtomicU64::new(0), thread::available_parallelism().unwrap().get());
    let search = || loop {
        let seed = next.fetch_add(1, Ordering::SeqCst);
        if seed >= worlds {
            return None;
        }
        let report = world(seed).run();
        if wanted(&report) {
            next.store(worlds, Ordering::SeqCst);
            return Some(report);
        }
    };
    thread::scope(|scope| {
        let searches: Vec<_> = (0..cores).map(|_| scope.spawn(search)).collect();
        searches.into_iter().filter_map(|search| search.join().unwrap()).next()
    })
}

fn is_broken(report: &Report) -> bool {
    !report.violations.is_empty()
}

/// That the flaw is noticed by this promise; another one may notice it sooner.
fn noticed(flaw: Flaw, promise: &str) {
    let is_noticed =
        |report: &Report| report.violations.iter().any(|violation| violation.starts_with(promise));
    let report = first(NOTICED_WITHIN, |seed| Simulation::new(seed).with_flaw(flaw), is_noticed);
    assert!(report.is_some(), "{flaw:?} went unnoticed by `{promise}`");
}

#[test]
fn whatever_breaks_every_promise_is_kept() {
    if let Some(report) = first(WORLDS, Simulation::new, is_broken) {
        panic!("{report}");
    }
}

#[test]
fn the_worlds_are_eventful() {
    let is_quiet = |report: &Report| report.accidents < 3 || report.effects == 0;
    let eventful = (0..20).filter(|seed| !is_quiet(&Simulation::new(*seed).run())).count();
    assert!(eventful >= 15, "only {eventful} of 20 worlds tell anything");
}

#[test]
fn the_same_seed_is_the_same_world_and_another_one_is_another() {
    for seed in 0..20 {
        let [once, again] = [0, 1].map(|_| Simulation::new(seed).run());
        assert_eq!(once.history, again.history, "seed {seed}");
        assert_ne!(once.digest, Simulation::new(seed + 1000).run().digest);
    }
}

#[test]
fn a_journal_that_ignores_epochs_is_noticed() {
    noticed(Flaw::IgnoresEpochs, "nothing is accepted after a higher epoch");
}

#[test]
fn a_journal_that_forgets_orders_is_noticed() {
    noticed(Flaw::ForgetsOrders, "no attempt has its effect twice");
}

#[test]
fn a_journal_that_does_not_write_beginnings_down_is_noticed() {
    noticed(Flaw::StartsUnwritten, "no attempt has its effect twice");
}

#[test]
fn a_journal_that_loses_receipts_is_noticed() {
    noticed(Flaw::LosesReceipts, "no acknowledged result is lost");
}

#[test]
fn a_store_in_which_the_last_writer_wins_is_noticed() {
    noticed(Flaw::LetsEverybodySave, "");
}

#[test]
fn a_store_that_finds_nothing_to_take_over_is_noticed() {
    noticed(Flaw::FindsNothingUnfinished, "every task is final");
}

#[test]
fn a_ledger_that_keeps_holds_is_noticed() {
    noticed(Flaw::KeepsHolds, "no credits stay held");
}

#[test]
fn a_ledger_that_charges_again_is_noticed() {
    noticed(Flaw::ChargesAgain, "the sum of all credits is constant");
}

#[test]
fn an_audit_log_that_omits_a_beginning_is_noticed() {
    noticed(Flaw::OmitsRecords, "the audit log holds");
}

#[test]
fn an_audit_log_that_tells_a_beginning_twice_is_noticed() {
    noticed(Flaw::RecordsTwice, "the audit log holds");
}

#[test]
fn an_audit_log_that_somebody_changes_is_noticed() {
    noticed(Flaw::RewritesTheLog, "the audit log holds");
}

#[test]
fn a_machine_that_deserts_its_processes_is_noticed() {
    noticed(Flaw::DesertsProcesses, "no process of a finished task is alive");
}
