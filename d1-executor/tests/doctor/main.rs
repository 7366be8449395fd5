//! The doctor finds every fault that is put in front of it, is silent where there is none, and
//! survives whatever it meets.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod accepting;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod cable;
#[cfg(test)]
mod clean;
#[cfg(test)]
mod discreet;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod mending;
#[cfg(test)]
mod own;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod patient;
#[cfg(test)]
mod project;
#[cfg(test)]
mod reaching;
#[cfg(test)]
mod remembering;
#[cfg(test)]
#[path = "../apt/repository.rs"]
mod repository;
#[cfg(test)]
mod surgery;
#[cfg(test)]
mod table;
#[cfg(test)]
mod watching;
