//! What an installation brought.

use super::values::{FromWire, ToWire, all_to_wire, line, list, mirror};
use crate::{WireError, limits::MAX_ITEMS, wire};
use d1_core::{Item, Manifest, Notable};

mirror!(Notable, wire::manifest::Notable, "Manifest.Item.kind", {
    Setuid, Setgid, Capable, Unit, InitScript, Cron, User, Group, Sudo, Pam, Preload,
});

impl ToWire for Item {
    type Wire = wire::manifest::Item;
    fn to_wire(&self) -> wire::manifest::Item {
        wire::manifest::Item { kind: self.kind.to_wire(), what: self.what.clone() }
    }
}

impl FromWire for Item {
    type Wire = wire::manifest::Item;
    fn from_wire(wire: wire::manifest::Item) -> Result<Self, WireError> {
        let what = line("Manifest.Item.what", wire.what)?;
        Ok(Self { kind: Notable::from_wire(wire.kind)?, what })
    }
}

impl ToWire for Manifest {
    type Wire = wire::Manifest;
    fn to_wire(&self) -> wire::Manifest {
        wire::Manifest { items: all_to_wire(&self.items), dropped: self.dropped }
    }
}

impl FromWire for Manifest {
    type Wire = wire::Manifest;
    fn from_wire(wire: wire::Manifest) -> Result<Self, WireError> {
        let items = list("Manifest.items", MAX_ITEMS, wire.items)?;
        Ok(Self { items, dropped: wire.dropped })
    }
}
