//! Which walls this machine puts up around the programs of steps: tried from inside, now.

use super::{confined, policy};
use crate::{args::Global, ui::text::inert};
use d1_core::{Argv, IsolationReport, Layer};
use d1_executor::{Demand, Grant, Profile, SandboxError, report, this_sandbox};
use serde::Serialize;

/// How many missing walls one line names; `--json` has them all.
const NAMED: usize = 3;

/// Which protection is in force.
#[derive(Serialize)]
pub(super) struct Protection {
    /// What the owner wants: `required`, `best_effort`.
    pub(super) demand: Demand,
    /// Whether steps run, as it is and as the owner wants it.
    pub(super) steps_run: bool,
    /// Every wall.
    #[serde(flatten)]
    pub(super) report: IsolationReport,
    /// Why there is none; empty when there is.
    pub(super) why_not: String,
}

impl Protection {
    /// Tries it.
    pub(super) fn of(global: &Global) -> Self {
        // A policy that cannot be read lets nothing run, and says so elsewhere.
        let demand = policy::of_owner().map_or(Demand::Required, |policy| policy.demand());
        let around = confined::around(global).map_err(|_no_home| "there is no home".to_owned());
        let tried = around.and_then(|around| {
            let told = |error: SandboxError| error.problem().title;
            let sandbox = this_sandbox(around).map_err(told)?;
            let missing = sandbox.missing().map_err(told)?;
            let any = Argv::new(["true"]).map_err(|error| error.to_string())?;
            let report = report(&Grant::new(Profile::Home, any), &missing);
            Ok((sandbox.would_start(Profile::Home, demand).is_ok(), report))
        });
        match tried {
            Ok((steps_run, report)) => Self { demand, steps_run, report, why_not: String::new() },
            Err(why_not) => {
                let steps_run = demand == Demand::BestEffort;
                Self { demand, steps_run, report: IsolationReport::none(), why_not }
            }
        }
    }

    /// In one line.
    pub(super) fn text(&self) -> String {
        let off: Vec<&Layer> = self.report.layers.iter().filter(|l| !l.in_force).collect();
        let named = off.iter().take(NAMED).map(|layer| layer.name.as_str());
        let named = inert(&named.collect::<Vec<_>>().join(", "));
        let more = match off.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let without = format!("{named}{more}");
        match (self.report.summary(), self.steps_run) {
            ("full", _) => "full: programs of steps run behind walls".to_owned(),
            ("partial", true) => format!("partial: steps run without {without}"),
            ("partial", false) => format!("partial: without {without}; no step runs a program"),
            (_, true) => format!("none: {}; steps run all the same", inert(&self.why_not)),
            (_, false) => format!("none: {}; no step runs a program", inert(&self.why_not)),
        }
    }
}
