//! People who sign in at another provider of identities (OpenID Connect Core 1.0), by the code
//! flow with PKCE. What it says is believed when its signature, issuer, audience, nonce and
//! time agree; who that is here is for our directory to say.

mod error;
mod http;
mod known;
mod provider;

pub use error::UpstreamError;
pub use http::{UpstreamHttp, UpstreamHttpError};
pub use provider::{Upstream, UpstreamParts, Vouched};
