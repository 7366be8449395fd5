//! The project one stands in: where it is, and what its files say it needs.

mod believed;
mod env_file;
mod installed;
mod manifest;
mod pin;
mod pins;
mod place;
mod range;
mod release;
mod requirement;
mod survey;
mod table;

pub(super) use believed::believed;
pub(super) use env_file::{keys, line_of};
pub(super) use installed::Shim;
pub(super) use manifest::{Door, Manifest};
pub(super) use pin::Pin;
pub(super) use release::Release;
pub(super) use requirement::Requirement;
pub(super) use survey::Project;
pub(super) use table::{Tool, tool};
