//! The keys that tokens are signed with: made, rotated, published, withdrawn.
//!
//! ```text
//!   made ──▶ next ──30 days──▶ active ──30 days──▶ retired ──15 min──▶ gone
//!              │                  │                   │
//!              └────────────── withdrawn ─────────────┴──▶ gone at once
//! ```

mod key;
mod ring;
mod rotation;

pub use ring::{KeyError, Keys};
pub(in crate::identity) use rotation::{Spans, When, advance};
