//! What a machine says of itself that is wrong with it.

use super::values::{FromWire, ToWire, line, mirror, parsed};
use crate::{WireError, wire};
use d1_core::{Symptom, Verdict};

mirror!(Verdict, wire::Verdict, "Symptom.verdict", { Ok, Skipped, Unknown, Warn, Fail });

impl ToWire for Symptom {
    type Wire = wire::Symptom;
    fn to_wire(&self) -> wire::Symptom {
        wire::Symptom {
            check: self.check.to_string(),
            verdict: self.verdict.to_wire(),
            summary: self.summary.clone(),
        }
    }
}

impl FromWire for Symptom {
    type Wire = wire::Symptom;
    fn from_wire(wire: wire::Symptom) -> Result<Self, WireError> {
        Ok(Self {
            check: parsed("Symptom.check", &wire.check)?,
            verdict: Verdict::from_wire(wire.verdict)?,
            summary: line("Symptom.summary", wire.summary)?,
        })
    }
}
