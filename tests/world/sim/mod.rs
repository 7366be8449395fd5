//! A simulator of the whole system: seeded worlds in virtual time.
//!
//! A world has a few people, nodes of the cloud, and devices. Engines, agents, ledger and
//! recipes are the real ones; machines, network, disks and clocks are simulated, and break in
//! every way that the seed holds. Then everything heals, and [`invariants`] looks at what
//! happened. The same seed is the same world, to the last message.
//!
//! ```no_run
//! use d1_world::sim::Simulation;
//!
//! let report = Simulation::new(7).run();
//! assert!(report.violations.is_empty(), "{report}");
//! ```

mod audit;
mod chance;
mod clock;
mod device;
mod disk;
mod flaw;
mod fleet;
mod ground;
mod history;
pub mod invariants;
mod journal;
mod life;
mod machine;
mod network;
mod node;
mod parts;
mod people;
mod rest;
mod simulation;
mod store;
mod universe;
mod weather;

pub use flaw::Flaw;
pub use history::Event;
pub use rest::{Account, AtRest};
pub use simulation::{Report, Simulation};
