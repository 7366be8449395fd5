//! What is remembered of a sign-in, and how each goes on: pure, without a store.

mod detour;
mod grant;
mod origin;
mod personal;
mod session;
mod visit;

pub(super) use detour::{Detour, LIFE as DETOUR_LIFE};
pub(super) use grant::{Approval, Grant, Polled, State, Way};
pub use origin::Origin;
pub(super) use personal::PersonalToken;
pub(super) use session::{Refreshed, Session};
pub(super) use visit::Visit;
