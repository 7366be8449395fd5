//! Everything a person sees. Pure functions make the text; two small objects write it.

pub mod exact_view;
pub mod findings_view;
pub mod frame;
mod harmless;
pub mod live;
pub mod model;
pub mod network_view;
pub mod plain;
pub mod plan_view;
pub mod receipt_view;
pub mod text;
pub mod vitals_view;

pub use harmless::Harmless;
pub use text::{Glyphs, inert};
