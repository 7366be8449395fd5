//! The sandbox of Windows: a job that ends with us, and a token with less in it. Compiled for that
//! system, and never run on it.
//!
//! 1. [`token`] makes a token from our own: no privilege is left in it, nor what administrators
//!    have; for a command that only looks it may write to nothing that an ordinary program owns.
//! 2. [`job`] holds the command and all it starts, bounds them, and ends them all at once.
//! 3. [`start`] starts the program with that token and in that job from its first instruction on,
//!    with three handles and no others, its [`words`] written as this system reads them.
//! 4. [`backend`] decides whether any of this happens, and [`running`] follows it to its end.

#[cfg(windows)]
mod backend;
#[cfg(windows)]
mod handle;
#[cfg(windows)]
mod job;
#[cfg(windows)]
mod running;
#[cfg(windows)]
mod start;
#[cfg(windows)]
mod token;
mod words;

#[cfg(windows)]
pub use backend::WindowsSandbox;
