//! Ways past filters of commands that others have published (`table.toml`): against a policy that
//! forbids what they do, and, without any policy, against the walls.
//!
//! Each is tried outside first: there it works, so that a refusal means something.

#![cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]

#[cfg(test)]
mod case;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod walls;
