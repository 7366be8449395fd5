//! How this machine is at this moment, as the overview tells it.

use crate::{home::Home, ui::vitals_view};
use d1_core::{Symptom, Vitals};
use d1_executor::{Alarms, Gauge};
use serde::Serialize;

/// What was measured just now, and what is wrong by that.
#[derive(Serialize)]
pub(super) struct Machine {
    #[serde(flatten)]
    vitals: Vitals,
    symptoms: Vec<Symptom>,
}

impl Machine {
    /// Measures what takes no time; nothing is asked, and no daemon is needed.
    pub(super) fn of(home: &Home) -> Self {
        let vitals = Gauge::glance(home.state.path());
        let symptoms = Alarms::default().take(&vitals);
        Self { vitals, symptoms }
    }

    /// One line, and one more for each trouble.
    pub(super) fn text(&self) -> String {
        let troubles = vitals_view::troubles(&self.symptoms, "\n           ");
        format!("{}{troubles}", vitals_view::line(&self.vitals))
    }
}
