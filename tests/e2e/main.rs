//! End-to-end tests: one program, one world.

// `cfg(test)` tells the lints that helpers beside the tests are tests too.
#[cfg(test)]
mod account;
#[cfg(test)]
mod api;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod cloud;
#[cfg(test)]
mod confined;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod credits;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod diagnose;
#[cfg(test)]
mod doctor_schema;
#[cfg(test)]
mod embedding;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod fix;
#[cfg(test)]
mod fresh;
#[cfg(test)]
mod front;
#[cfg(test)]
mod grpc;
#[cfg(test)]
mod install;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod mirrors;
mod monitor;
#[cfg(test)]
mod network;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod over_tls;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod real;
#[cfg(test)]
mod registries;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod skew;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod words;
