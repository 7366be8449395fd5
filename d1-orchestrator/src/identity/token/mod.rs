//! Access tokens: signed statements of who asks and what for, good for ten minutes.

mod claims;
mod error;
mod issue;
mod node;
mod verify;

pub use claims::Bearer;
pub use error::{RefusedToken, TokenError};
pub use issue::{ACCESS_TOKEN_LIFE, AccessTokens};
pub use node::NodeTokens;
pub use verify::LEEWAY;
