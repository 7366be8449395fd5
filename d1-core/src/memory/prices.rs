//! [`Prices`] of work that costs nothing: everything on one's own machine.

use crate::{Plan, Prices, Quote};

/// Nothing costs anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct FreeOfCharge;

impl Prices for FreeOfCharge {
    fn quote(&self, _plan: &Plan) -> Quote {
        Quote::free()
    }
}
