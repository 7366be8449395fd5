//! How grave a step is that a cloud orders, reckoned on the device from what it does.
//!
//! What is said of a step by whoever orders it counts for nothing but as the least. Words can be
//! fooled, here as elsewhere: what holds a step are its walls. So the reckoning errs to one side:
//! what it does not understand is grave.

mod commands;
mod places;
mod programs;
mod reckon;

pub use reckon::{Reckoning, reckon};
