//! What the tools of language registries say of the hosts that they talk to.
//!
//! Each tool is asked in its own words, and read in a plain function. A default that is built into
//! a tool is told by the tool as well; none is written down here.

mod cargo;
mod environment;
mod go;
mod npm;
mod pip;
mod question;

pub(crate) use environment::environment;
pub(crate) use question::{Asked, Question, Told, has_a_proxy, hosts_of};

use d1_core::Source;
use std::path::Path;

/// How to ask for the hosts of a registry; the first whose program is there is asked.
pub(crate) fn questions(source: Source, home: &Path) -> Vec<Asked> {
    match source {
        Source::Npm => npm::questions(home),
        Source::Cargo => cargo::questions(home),
        Source::Pipx => pip::questions(home),
        Source::Go => go::questions(home),
    }
}
