//! Plan, hold credits, hand out tasks, follow them, take them back.

mod audit;
mod engine;
#[cfg(all(feature = "sqlite", feature = "testing"))]
pub mod fault;
mod fleet;
mod hub;
#[cfg(feature = "identity")]
mod identity;
mod orders;
mod recipe;
#[cfg(feature = "redis")]
mod redis_server;
mod ring;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod store;

#[cfg(feature = "sqlite")]
pub use audit::SqliteAuditLog;
pub use engine::{Draft, Engine, EngineError, EngineParts, Last, plan_undo};
#[cfg(feature = "redis")]
pub use fleet::RedisLinks;
pub use fleet::{Fleet, MemoryPeers, PeerError, Peers, PersonWish, Place};
pub use hub::{DeviceNews, DeviceStatus, Hub, HubError, Watching};
#[cfg(all(feature = "identity", feature = "redis"))]
pub use identity::RedisSessions;
#[cfg(feature = "identity")]
pub use identity::{
    ACCESS_TOKEN_LIFE, AccessTokens, Arrival, Asked, Authorities, AuthorityError, Bearer,
    BrowserAsk, Bundle, Decided, DeviceAnswer, DeviceAsk, DeviceCertificate, EnrolAsk, EnrolError,
    EnrolmentParts, Enrolments, Identity, IdentityParts, KeyError, Keys, LEEWAY, MAX_RECOVERIES,
    NewEnrolmentToken, NewToken, NoRandom, NodeTokens, Origin, Papers, PasswordError, Passwords,
    Principal, RECOVER_WITHIN, RecoverAsk, RefusedToken, ServerPapers, SessionNote, SignInError,
    Stranger, TokenAnswer, TokenError, TokenNote, Upstream, UpstreamAnswer, UpstreamError,
    UpstreamHttp, UpstreamHttpError, UpstreamParts, Visitor, Vouched,
};
#[cfg(all(feature = "identity", feature = "sqlite"))]
pub use identity::{IdentityFileError, SqliteAuthorityKeys, SqliteIdentity, SqliteOrderKeys};
#[cfg(all(feature = "identity", feature = "postgres"))]
pub use identity::{PostgresAuthorityKeys, PostgresIdentity, PostgresOrderKeys};
pub use orders::{LiveOrderKeys, OrderDesk, OrderKeys, OrderKeysError};
pub use recipe::{Catalogue, CatalogueError, Listing, RecipePlanner};
#[cfg(feature = "postgres")]
pub use store::PostgresSetupStore;
#[cfg(feature = "sqlite")]
pub use store::SqliteSetupStore;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
