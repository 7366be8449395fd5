//! Which end of a link this is: what it says, and what it hears.

use crate::{
    WireError, decode_from_device, decode_to_device, encode_from_device, encode_to_device,
};
use bytes::Bytes;
use d1_core::{FromDevice, Problem, ToDevice};

/// One end of a link.
pub(super) trait Side: Send + 'static {
    /// What it says.
    type Out: Send + 'static;
    /// What it hears.
    type In: Send + 'static;

    fn encode(message: &Self::Out) -> Result<Bytes, WireError>;
    fn decode(frame: Bytes) -> Result<Self::In, WireError>;
    /// Something is wrong with what was heard.
    fn complain(problem: Problem) -> Self::Out;
}

/// The device's end.
pub(super) struct Device;

/// The orchestrator's end.
pub(super) struct Orchestrator;

impl Side for Device {
    type Out = FromDevice;
    type In = ToDevice;

    fn encode(message: &Self::Out) -> Result<Bytes, WireError> {
        encode_from_device(message)
    }

    fn decode(frame: Bytes) -> Result<Self::In, WireError> {
        decode_to_device(frame)
    }

    fn complain(problem: Problem) -> Self::Out {
        FromDevice::Error(problem)
    }
}

impl Side for Orchestrator {
    type Out = ToDevice;
    type In = FromDevice;

    fn encode(message: &Self::Out) -> Result<Bytes, WireError> {
        encode_to_device(message)
    }

    fn decode(frame: Bytes) -> Result<Self::In, WireError> {
        decode_from_device(frame)
    }

    fn complain(problem: Problem) -> Self::Out {
        ToDevice::Error(problem)
    }
}
