//! The actions other than packages.
//!
//! Files, services and groups are all done the same way: an action says how things should be
//! ([`goal`]), the machine says how they are ([`look`]), and what differs is brought there
//! ([`bring`]). An undo is the same with the states from a receipt. Programs and scripts
//! ([`exec`]) have no state that could be compared.

pub(crate) mod bring;
pub(crate) mod confine;
pub(crate) mod exec;
pub(crate) mod goal;
mod group;
pub(crate) mod look;
pub(crate) mod maintenance;
mod reach;
mod service;
pub(crate) mod shell;
pub(crate) mod tree;
pub(crate) mod trouble;

pub(crate) use goal::Goal;
