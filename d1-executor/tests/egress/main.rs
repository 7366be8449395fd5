//! The network of a command by name, tried by those who want more of it than they were given.
//!
//! [`town`] is what is outside: servers on the loopback address, names that lead to them because
//! the test says so, and somebody who is told. What is refused inside works there: each test first
//! shows that its server answers whoever may call it. The numbers are those of the corpus that
//! the cases come from.

#![expect(clippy::unwrap_used, reason = "test code: a fault here fails the test")]
#![cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]

mod addresses;
mod basics;
mod budgets;
mod faults;
mod http;
mod names;
mod owner;
mod proxy;
mod rootless;
mod tls;
mod town;
