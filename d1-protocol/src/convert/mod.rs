//! Between the words of `d1_core` and the wire: writing always succeeds, reading may refuse.

mod action;
mod anchor;
mod change;
mod command;
#[cfg(feature = "grpc")]
mod credits;
#[cfg(feature = "grpc")]
mod devices;
mod facts;
mod from_device;
mod grant;
mod greeting;
mod manifest;
mod network;
mod order;
mod preview;
mod problem;
#[cfg(feature = "grpc")]
mod progress;
mod proposal;
mod query;
mod receipt;
mod result;
mod seed;
#[cfg(feature = "grpc")]
mod setups;
mod step;
mod symptom;
mod to_device;
mod values;
mod vitals;

pub(crate) use values::{FromWire, ToWire};
