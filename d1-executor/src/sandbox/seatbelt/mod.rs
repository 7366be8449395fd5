//! The sandbox of macOS: Seatbelt, by the profile language of `sandbox-exec(1)`.
//!
//! Untested: the text of [`profile`] is tested on every system, and the backend is checked by
//! the compiler, but neither was ever run on a Mac. It has far fewer walls than that of Linux,
//! and says so: whoever requires all of them is refused.

#[cfg(target_os = "macos")]
mod backend;
mod profile;

#[cfg(target_os = "macos")]
pub use backend::SeatbeltSandbox;
