//! What a step is worth and how far it can be taken back.

use super::values::{FromWire, ToWire, mirror, text};
use crate::{
    WireError,
    limits::MAX_TEXT_BYTES,
    wire::{self, undo::Kind},
};
use d1_core::{Effect, Undo};

mirror!(Effect, wire::Effect, "TaskCommand.effect", { Read, Write, Destructive });

impl ToWire for Undo {
    type Wire = wire::Undo;
    fn to_wire(&self) -> wire::Undo {
        let kind = match self {
            Self::Exact => Kind::Exact(wire::Nothing {}),
            Self::Partial(but) => Kind::Partial(but.clone()),
            Self::None(why) => Kind::None(why.clone()),
        };
        wire::Undo { kind: Some(kind) }
    }
}

impl FromWire for Undo {
    type Wire = wire::Undo;
    fn from_wire(wire: wire::Undo) -> Result<Self, WireError> {
        Ok(match wire.kind.ok_or(WireError::Missing { field: "Undo.kind" })? {
            Kind::Exact(wire::Nothing {}) => Self::Exact,
            Kind::Partial(but) => Self::Partial(text("Undo.partial", MAX_TEXT_BYTES, but)?),
            Kind::None(why) => Self::None(text("Undo.none", MAX_TEXT_BYTES, why)?),
        })
    }
}
