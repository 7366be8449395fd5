//! The doctor: looks at the machine, changes nothing, and tells what is wrong.

mod check;
mod checks;
mod examine;
mod mend;
mod sight;

pub use check::{About, Check, Found, Looking, Pace};
pub use checks::all_checks;
pub use examine::{Doctor, Selection};
pub use sight::{Sight, Space};
