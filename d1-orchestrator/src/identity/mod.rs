//! Who may ask for what: keys, tokens, people, and how they sign in.

mod keys;
mod password;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod store;
mod token;

pub use keys::{KeyError, Keys};
pub use password::{PasswordError, Passwords};
#[cfg(feature = "redis")]
pub use redis::RedisSessions;
#[cfg(feature = "sqlite")]
pub use store::{IdentityFileError, SqliteIdentity};
pub use token::{ACCESS_TOKEN_LIFE, AccessTokens, Bearer, LEEWAY, RefusedToken, TokenError};
