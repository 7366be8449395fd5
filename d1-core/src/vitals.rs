//! How much a machine has left, and how hard it works.

use serde::{Deserialize, Serialize};

/// What was measured of a machine. A rate is over the time since it was measured before; what
/// cannot be measured is nothing, or zero for what every machine has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Vitals {
    /// The one-minute load average.
    pub load: f64,
    /// How busy its processors were, all together: from 0 to 1.
    pub cpu: Option<f64>,
    /// Memory that can still be given out, in bytes.
    pub memory_available_bytes: u64,
    /// All of its memory, in bytes.
    pub memory_total_bytes: u64,
    /// Free space where state is kept, in bytes.
    pub disk_free_bytes: u64,
    /// All space where state is kept, in bytes.
    pub disk_total_bytes: u64,
    /// What came from other machines, in bytes per second.
    pub received_per_second: Option<u64>,
    /// What went to other machines, in bytes per second.
    pub sent_per_second: Option<u64>,
    /// The hottest of its sensors, in degrees Celsius.
    pub hottest_celsius: Option<f64>,
    /// How much of one processor the daemon itself took: more than 1 when it took several.
    pub own_cpu: Option<f64>,
    /// Memory of the daemon itself, in bytes.
    pub own_memory_bytes: u64,
}

impl Vitals {
    /// Whether each of its fractions is a number; others could not be told on.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let maybe = [self.cpu, self.hottest_celsius, self.own_cpu];
        self.load.is_finite() && maybe.into_iter().flatten().all(f64::is_finite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vitals_that_are_no_numbers_are_not_sound() {
        assert!(Vitals::default().is_sound());
        assert!(!Vitals { load: f64::NAN, ..Vitals::default() }.is_sound());
        assert!(!Vitals { cpu: Some(f64::INFINITY), ..Vitals::default() }.is_sound());
        assert!(!Vitals { own_cpu: Some(f64::NAN), ..Vitals::default() }.is_sound());
        assert!(!Vitals { hottest_celsius: Some(f64::NAN), ..Vitals::default() }.is_sound());
    }
}
