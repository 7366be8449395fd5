//! The keys that tokens are signed with: made, rotated, published, withdrawn.
//!
//! ```text
//!   made ──▶ next ──30 days──▶ active ──30 days──▶ retired ──15 min──▶ gone
//!              │                  │                   │
//!              └────────────── withdrawn ─────────────┴──▶ gone at once
//! ```

mod key;
mod ring;

pub use ring::{KeyError, Keys};
