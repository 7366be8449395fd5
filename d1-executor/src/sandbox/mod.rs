//! The one room where `unsafe` may be: calls to the kernel that have no safe form.

#![expect(unsafe_code, reason = "calls to the kernel that have no safe form live here")]

mod spawn;
mod wait;

pub(crate) use spawn::{Spawn, spawn};
pub(crate) use wait::{Reaped, Status, reap, watch};
