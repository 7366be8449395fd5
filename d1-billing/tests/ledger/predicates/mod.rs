//! No predicate of a rule can be lost unnoticed.
//!
//! 1. The rules of a database are read from its catalogue, whatever migrations made them.
//! 2. Each predicate of each is taken out, alone.
//! 3. Then either an attack gets through that did not before, or an ordinary life no longer
//!    does; else the test fails, and names the predicate.

mod attacks;
mod great;
mod life;
mod lite;
mod reading;
mod shape;

use std::collections::BTreeSet;

/// How many lives are lived at once: each mostly waits for the disk.
const LIVES_AT_ONCE: usize = 8;

/// Predicates that nothing can tell from their absence, because other rules say the same. They
/// stay: a rule is easier to trust when it does not lean on others.
const SAID_TWICE: [&str; 3] = [
    // A hold that was not captured has charged nothing, and no line is of nothing.
    "entry_charges_what_its_hold_says: state = 'captured'",
    // What is refunded lies between nothing and what is charged, so the latter is no debt.
    "hold_charges_no_more_than_it_has: charged >= 0",
    "share_charges_no_more_than_it_has: charged >= 0",
];

/// Every rule, and the attacks on it.
fn every_attack() -> impl Iterator<Item = (&'static str, String)> {
    crate::attacks::attacks().into_iter().chain(attacks::attacks())
}

/// Whether the predicates of every rule with several were found.
fn all_were_read<'a>(rules: impl Iterator<Item = &'a str>) {
    let read: BTreeSet<&str> = rules.collect();
    let missed = attacks::attacks().into_iter().find(|(rule, _attack)| !read.contains(rule));
    assert_eq!(missed, None, "among {read:?}");
}

fn attacks_on(rule: &str) -> Vec<String> {
    every_attack().filter(|(of, _attack)| *of == rule).map(|(_of, attack)| attack).collect()
}
