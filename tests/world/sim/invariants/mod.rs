//! What must be true of every world, whatever befell it.

mod all_final;
mod audit;
mod credits;
mod effects;
mod epochs;
mod holds;
mod processes;
mod results;

use super::rest::AtRest;

/// Something that must be true of every world at rest.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    /// What it promises, in words.
    pub promise: &'static str,
    /// Whether it holds; the error says what is wrong.
    pub check: fn(&AtRest) -> Result<(), String>,
}

/// Every invariant.
pub const ALL: [Invariant; 8] = [
    results::NO_ACKNOWLEDGED_RESULT_IS_LOST,
    effects::NOTHING_IS_DONE_TWICE,
    epochs::NOBODY_ACTS_WHO_WAS_FENCED_OFF,
    credits::CREDITS_ARE_CONSTANT,
    holds::NOTHING_STAYS_HELD,
    audit::EVERY_EFFECT_IS_ON_RECORD,
    processes::NO_PROCESS_OUTLIVES_ITS_TASK,
    all_final::EVERYTHING_COMES_TO_AN_END,
];
