//! The [`Peers`] port: what servers ask each other.

use d1_core::{DeviceId, FromDevice, Node, Problem, SetupId, StopMode, ToDevice};
use std::fmt;

/// What a person may wish of a setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonWish {
    /// Yes.
    Approve,
    /// No.
    Decline,
    /// Stop it.
    Stop(StopMode),
    /// Go on with it.
    Resume {
        /// Also where nobody can tell what became of a step.
        force: bool,
    },
}

/// Why another server did not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The device is not linked to it, so it has done nothing.
    #[error("the device is not linked to this server")]
    NotHere,
    /// It does not answer. Nobody knows whether it has done it.
    #[error("the server that has the device does not answer")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answers why not.
    #[error("{0}")]
    Refused(Box<Problem>),
}

/// Asks the server that has the link of a device.
///
/// Whoever is asked does it itself or not at all, and passes nothing on. Everything ends within
/// a bounded time.
#[async_trait::async_trait]
pub trait Peers: fmt::Debug + Send + Sync {
    /// Puts a question to a device ([`ToDevice::Ask`] or [`ToDevice::Preview`]), and brings its
    /// answer.
    async fn ask(
        &self,
        node: &Node,
        device: DeviceId,
        question: ToDevice,
    ) -> Result<FromDevice, PeerError>;

    /// Does with a setup as a person wishes. It is saved when this returns.
    async fn wish(&self, node: &Node, setup: SetupId, wish: PersonWish) -> Result<(), PeerError>;
}
