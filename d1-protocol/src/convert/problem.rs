//! Problems.

use super::values::{FromWire, ToWire, line, mirror, text, texts};
use crate::{
    WireError,
    limits::{MAX_NEXT, MAX_TEXT_BYTES},
    wire,
};
use d1_core::{Category, Problem};

mirror!(Category, wire::Category, "Problem.category", {
    Usage, Task, Daemon, Auth, Credit, Denied, Network, Timeout, Bug,
});

impl ToWire for Problem {
    type Wire = wire::Problem;
    fn to_wire(&self) -> wire::Problem {
        wire::Problem {
            code: self.code.clone(),
            category: self.category.to_wire(),
            title: self.title.clone(),
            cause: self.cause.clone(),
            state: self.state.clone(),
            next: self.next.clone(),
        }
    }
}

impl FromWire for Problem {
    type Wire = wire::Problem;
    fn from_wire(wire: wire::Problem) -> Result<Self, WireError> {
        Ok(Self {
            code: line("Problem.code", wire.code)?,
            category: Category::from_wire(wire.category)?,
            title: text("Problem.title", MAX_TEXT_BYTES, wire.title)?,
            cause: text("Problem.cause", MAX_TEXT_BYTES, wire.cause)?,
            state: text("Problem.state", MAX_TEXT_BYTES, wire.state)?,
            next: texts("Problem.next", MAX_NEXT, MAX_TEXT_BYTES, wire.next)?,
        })
    }
}
