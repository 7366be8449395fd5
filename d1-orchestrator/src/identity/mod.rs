//! Who may ask for what: keys, tokens, people, and how they sign in.

mod authority;
mod client;
#[cfg(feature = "postgres")]
mod database;
mod enrolment;
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
mod upstream;
mod user_code;

pub use authority::{Authorities, AuthorityError, Bundle, DeviceCertificate, ServerPapers};
#[cfg(feature = "postgres")]
pub use database::{PostgresAuthorityKeys, PostgresIdentity, PostgresOrderKeys};
pub use enrolment::{
    EnrolAsk, EnrolError, EnrolmentParts, Enrolments, MAX_RECOVERIES, NewEnrolmentToken, Papers,
    RECOVER_WITHIN, RecoverAsk,
};
pub use keys::{KeyError, Keys};
pub use password::{PasswordError, Passwords};
pub use records::Origin;
#[cfg(feature = "redis")]
pub use redis::RedisSessions;
pub use refusal::SignInError;
pub use secret::NoRandom;
pub use server::{
    Arrival, Asked, BrowserAsk, Decided, DeviceAnswer, DeviceAsk, Identity, IdentityParts,
    NewToken, Principal, SessionNote, Stranger, TokenAnswer, TokenNote, UpstreamAnswer, Visitor,
};
#[cfg(feature = "sqlite")]
pub use store::{IdentityFileError, SqliteAuthorityKeys, SqliteIdentity, SqliteOrderKeys};
pub use token::{
    ACCESS_TOKEN_LIFE, AccessTokens, Bearer, LEEWAY, NodeTokens, RefusedToken, TokenError,
};
pub use upstream::{
    Upstream, UpstreamError, UpstreamHttp, UpstreamHttpError, UpstreamParts, Vouched,
};
