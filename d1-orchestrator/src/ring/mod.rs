//! Rings of keys that all servers share: made, published, rotated, withdrawn.
//!
//! ```text
//!   made ──▶ next ──▶ active ──▶ retired ──▶ gone
//!              │         │          │
//!              └──── withdrawn ─────┴──▶ gone at once
//! ```

mod rotation;
mod shared;

pub(crate) use rotation::{Spans, When, advance};
pub(crate) use shared::{Kind, SharedRing};
