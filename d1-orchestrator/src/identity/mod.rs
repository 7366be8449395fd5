//! Who may ask for what: keys, tokens, people, and how they sign in.

mod client;
#[cfg(feature = "postgres")]
mod database;
mod keys;
mod password;
mod pkce;
mod records;
#[cfg(feature = "redis")]
mod redis;
mod refusal;
mod secret;
mod server;
mod shelf;
#[cfg(feature = "sqlite")]
mod store;
mod token;
mod user_code;

#[cfg(feature = "postgres")]
pub use database::PostgresIdentity;
pub use keys::{KeyError, Keys};
pub use password::{PasswordError, Passwords};
pub use records::Origin;
#[cfg(feature = "redis")]
pub use redis::RedisSessions;
pub use refusal::SignInError;
pub use secret::NoRandom;
pub use server::{
    Asked, BrowserAsk, Decided, DeviceAnswer, DeviceAsk, Identity, IdentityParts, NewToken,
    Principal, SessionNote, TokenAnswer, TokenNote, Visitor,
};
#[cfg(feature = "sqlite")]
pub use store::{IdentityFileError, SqliteIdentity};
pub use token::{
    ACCESS_TOKEN_LIFE, AccessTokens, Bearer, LEEWAY, NodeTokens, RefusedToken, TokenError,
};
