//! Whether what a command was granted still holds: its owner may think again while it runs.

use super::{address::Inside, rule::HostRule};
use std::fmt;

/// The owner's word about the network, as it is now.
///
/// It is asked before each connection outside, by one thread, and must not wait for long. It only
/// ever takes away: what a command was not granted it does not get.
pub trait Standing: fmt::Debug + Send + Sync {
    /// Whether a command may still call this host, named with one port.
    fn lets_call(&self, host: &HostRule) -> bool;

    /// Whether the names that a command calls may still lead into this network.
    fn lets_lead(&self, inside: &Inside) -> bool;
}

/// Nobody thinks again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AsGranted;

impl Standing for AsGranted {
    fn lets_call(&self, _host: &HostRule) -> bool {
        true
    }

    fn lets_lead(&self, _inside: &Inside) -> bool {
        true
    }
}
