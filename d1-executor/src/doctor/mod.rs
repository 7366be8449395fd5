//! The doctor: looks at the machine, changes nothing, and tells what is wrong.

mod check;
mod checks;
mod examine;
mod sight;

pub use check::{About, Pace};
pub use checks::all_checks;
pub use examine::{Doctor, Selection};
pub use sight::{Sight, Space};
