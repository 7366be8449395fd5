//! The machine carries out actions for real: real files, real programs, stand-ins on the search
//! path where the host itself would change.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod exam;
#[cfg(test)]
mod files;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod installing;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod owner;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod services;
#[cfg(test)]
mod undoing;
#[cfg(test)]
mod walls;
