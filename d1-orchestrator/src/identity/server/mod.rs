//! The authorization server, without a transport.
//!
//! 1. A program begins: by a code that a person types elsewhere (RFC 8628), or with a browser
//!    on the same machine (RFC 6749 §4.1 with PKCE, RFC 8252).
//! 2. A person signs in to a page, sees what asks, and decides.
//! 3. The program collects its tokens, once; it refreshes them, and ends them.
//! 4. Whoever presents a token is looked at again each time: is its sign-in still there, is
//!    the person not kept out, what may they do in this organisation now?

mod ask;
mod bearer;
mod browser;
mod collect;
mod core;
mod decide;
mod end;
mod federate;
mod mint;
mod noted;
mod personal;
mod refresh;

pub use ask::{DeviceAnswer, DeviceAsk};
pub use bearer::Principal;
pub use browser::{BrowserAsk, Visitor};
pub use collect::TokenAnswer;
pub use core::{Identity, IdentityParts};
pub use decide::{Asked, Decided};
pub use end::SessionNote;
pub use federate::{Arrival, Stranger, UpstreamAnswer};
pub use personal::{NewToken, TokenNote};
