//! What is known of a machine.

use super::{
    query::Answered,
    values::{FromWire, ToWire, all_to_wire, line, list, mirror, optional, required, texts},
};
use crate::{
    WireError,
    limits::{MAX_ANSWERS, MAX_KINDS, MAX_LINE_BYTES},
    wire,
};
use d1_core::{Answers, Distro, Facts, Manager, ManagerFacts, Os, ServiceManager, UserFacts};

mirror!(Os, wire::Os, "Facts.os", { Linux, Macos, Windows });
mirror!(ServiceManager, wire::ServiceManager, "Facts.services", {
    None, Systemd, Sysv, Openrc, Launchd, Windows,
});

impl ToWire for Distro {
    type Wire = wire::Distro;
    fn to_wire(&self) -> wire::Distro {
        wire::Distro {
            id: self.id.clone(),
            like: self.like.clone(),
            version: self.version.clone(),
            codename: self.codename.clone(),
            name: self.name.clone(),
        }
    }
}

impl FromWire for Distro {
    type Wire = wire::Distro;
    fn from_wire(wire: wire::Distro) -> Result<Self, WireError> {
        Ok(Self {
            id: line("Distro.id", wire.id)?,
            like: texts("Distro.like", MAX_KINDS, MAX_LINE_BYTES, wire.like)?,
            version: line("Distro.version", wire.version)?,
            codename: line("Distro.codename", wire.codename)?,
            name: line("Distro.name", wire.name)?,
        })
    }
}

impl ToWire for ManagerFacts {
    type Wire = wire::ManagerFacts;
    fn to_wire(&self) -> wire::ManagerFacts {
        wire::ManagerFacts {
            manager: self.manager.to_wire(),
            index_age_seconds: self.index_age_seconds,
        }
    }
}

impl FromWire for ManagerFacts {
    type Wire = wire::ManagerFacts;
    fn from_wire(wire: wire::ManagerFacts) -> Result<Self, WireError> {
        let manager = Manager::from_wire(wire.manager)?;
        Ok(Self { manager, index_age_seconds: wire.index_age_seconds })
    }
}

impl ToWire for UserFacts {
    type Wire = wire::UserFacts;
    fn to_wire(&self) -> wire::UserFacts {
        wire::UserFacts {
            name: self.name.clone(),
            is_root: self.is_root,
            can_elevate: self.can_elevate,
        }
    }
}

impl FromWire for UserFacts {
    type Wire = wire::UserFacts;
    fn from_wire(wire: wire::UserFacts) -> Result<Self, WireError> {
        Ok(Self {
            name: line("UserFacts.name", wire.name)?,
            is_root: wire.is_root,
            can_elevate: wire.can_elevate,
        })
    }
}

impl ToWire for Facts {
    type Wire = wire::Facts;
    fn to_wire(&self) -> wire::Facts {
        let answers = self.answers.iter().map(|(query, answer)| wire::Answered {
            query: Some(query.to_wire()),
            answer: Some(answer.to_wire()),
        });
        wire::Facts {
            os: self.os.to_wire(),
            arch: self.arch.clone(),
            distro: self.distro.as_ref().map(ToWire::to_wire),
            managers: all_to_wire(&self.managers),
            user: Some(self.user.to_wire()),
            services: self.services.to_wire(),
            container: self.container,
            cpus: self.cpus,
            memory_bytes: self.memory_bytes,
            disk_free_bytes: self.disk_free_bytes,
            answers: answers.collect(),
        }
    }
}

impl FromWire for Facts {
    type Wire = wire::Facts;
    fn from_wire(wire: wire::Facts) -> Result<Self, WireError> {
        let mut answers = Answers::default();
        for Answered(query, answer) in list("Facts.answers", MAX_ANSWERS, wire.answers)? {
            answers.insert(query, answer);
        }
        Ok(Self {
            os: Os::from_wire(wire.os)?,
            arch: line("Facts.arch", wire.arch)?,
            distro: optional(wire.distro)?,
            managers: list("Facts.managers", MAX_KINDS, wire.managers)?,
            user: required("Facts.user", wire.user)?,
            services: ServiceManager::from_wire(wire.services)?,
            container: wire.container,
            cpus: wire.cpus,
            memory_bytes: wire.memory_bytes,
            disk_free_bytes: wire.disk_free_bytes,
            answers,
        })
    }
}
